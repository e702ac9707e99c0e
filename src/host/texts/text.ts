/** Something for people to read, in both languages: at three in the morning, so it says what is so, or what to do about it. */
export interface Text {
  readonly en: string
  readonly zh: string
}

/** Where there is nothing to do. */
export const NOTHING: Text = { en: '', zh: '' }
