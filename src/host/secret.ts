/** A secret as it is meant: files and pasting bring line ends around it. */
export const withoutLineEnds = (text: string): string => text.replace(/^[\r\n]+|[\r\n]+$/g, '')
