/** Something for people to read, in both languages: at three in the morning, so it says what is so, or what to do about it. */
export interface Text {
  readonly en: string
  readonly zh: string
}

/** Where there is nothing to do. */
export const NOTHING: Text = { en: '', zh: '' }

/** By language where it is a word of ours. */
export type Values = Readonly<Record<string, string | number | Text>>

/** Puts `{name}` in; what has no value stays as it is. */
export function fill(text: Text, values: Values): Text {
  return { en: fillIn(text.en, values, 'en'), zh: fillIn(text.zh, values, 'zh') }
}

function fillIn(text: string, values: Values, language: keyof Text): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    return value === undefined ? whole : typeof value === 'object' ? value[language] : String(value)
  })
}

/** Sentences one after the other. */
export function joined(...texts: readonly Text[]): Text {
  const some = texts.filter(({ en }) => en !== '')
  return { en: some.map(({ en }) => en).join(' '), zh: some.map(({ zh }) => zh).join('') }
}
