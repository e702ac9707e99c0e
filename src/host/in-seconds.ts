/** A duration for people: `2 s`. */
export const inSeconds = (ms: number): string => `${ms / 1000} s`
