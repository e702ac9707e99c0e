/** Lines for a terminal: text in styled pieces, fitted to a width. No dependency, no cursor. */
export type Style = 'bold' | 'dim' | 'inverse' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan' | 'magenta'

export interface Piece {
  readonly text: string
  readonly styles: readonly Style[]
}

export type Line = readonly Piece[]

export interface Medium {
  readonly colors: boolean
  readonly unicode: boolean
}

const CODES: Readonly<Record<Style, number>> = {
  bold: 1,
  dim: 2,
  inverse: 7,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36
}

/** What stands in for a sign that a plain terminal does not have. */
const ASCII: Readonly<Record<string, string>> = {
  '╭': '+',
  '╮': '+',
  '╰': '+',
  '╯': '+',
  '─': '-',
  '│': '|',
  '●': '*',
  '○': 'o',
  '■': '#',
  '▲': '!',
  '…': '~',
  '·': '.',
  '’': "'",
  '×': 'x'
}

export function piece(text: string, ...styles: Style[]): Piece {
  return { text, styles }
}

export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + text.length, 0)
}

/** Exactly `width` columns: cut with an ellipsis, or filled with blanks. */
export function fit(line: Line, width: number): Line {
  const full = widthOf(line)
  if (full <= width) return full === width ? line : [...line, piece(' '.repeat(width - full))]
  const cut: Piece[] = []
  let left = Math.max(0, width - 1)
  for (const { text, styles } of line) {
    if (left === 0) break
    cut.push({ text: text.slice(0, left), styles })
    left -= Math.min(left, text.length)
  }
  return width > 0 ? [...cut, piece('…')] : []
}

/** Breaks at blanks into lines of at most `width` columns, the later ones indented. */
export function wrap(text: string, width: number, indent: number): string[] {
  const lines: string[] = []
  let current = ''
  for (const word of text.split(' ')) {
    const room = width - (lines.length === 0 ? 0 : indent)
    if (current !== '' && current.length + 1 + word.length > room) {
      lines.push(current)
      current = word
    } else current = current === '' ? word : `${current} ${word}`
  }
  lines.push(current)
  return lines.map((line, index) => (index === 0 ? line : ' '.repeat(indent) + line))
}

/** The bytes for the terminal. */
export function paint(line: Line, { colors, unicode }: Medium): string {
  const text = line.map(({ text: plain, styles }) => {
    const shown = unicode ? plain : toAscii(plain)
    if (!colors || styles.length === 0 || shown === '') return shown
    return `\u001b[${styles.map((style) => CODES[style]).join(';')}m${shown}\u001b[0m`
  })
  return text.join('')
}

export function toAscii(text: string): string {
  return text.replaceAll(/[^ -~]/gu, (sign) => ASCII[sign] ?? '?')
}

/** What the terminal can show, from the usual variables. `hasColors`: what the stream itself says. */
export function mediumOf(environment: NodeJS.ProcessEnv, hasColors: boolean): Medium {
  const locale = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG'] || ''
  return { colors: hasColors && !environment['NO_COLOR'], unicode: /utf-?8/i.test(locale) }
}
