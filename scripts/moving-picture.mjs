/**
 * `npm run pictures -- --start`: the moving picture of `npm start` in the READMEs, docs/concepts/start.svg. It runs `npm start` on a
 * terminal (`script` of util-linux), presses keys, and draws what the screen shows: a swap, a crash, a recovery.
 */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './build.mjs'

const COLUMNS = 96
const ROWS = 25
/** The story, in ms from the first item that the pair has done. */
const KEYS = [
  [5000, 's'],
  [10_000, 'k'],
  [15_000, 'r'],
  [29_000, 'q']
]
const SAMPLE_MS = 500
const PATIENCE_MS = 120_000
/** A screen that the pair works on: some items are done. */
const WORKS = /\bdone [1-9]/
const CELL = { width: 8.4, height: 18 }
const MARGIN = 14
const COLORS = { 31: '#ff6b68', 32: '#7ec77b', 33: '#e5c07b', 34: '#6cb6ff', 35: '#d38aea', 36: '#56c8d8' }
const [INK, PAPER] = ['#d7dae0', '#1f2329']

const ESCAPE = '\u001b'
const SEQUENCE = new RegExp(`^${ESCAPE}\\[([?\\d;]*)([A-Za-z])`)
const SEQUENCE_LENGTH_MAX = 24
const blank = () => ({ sign: ' ', style: {} })

/** The few sequences that demo/screen.ts writes: a place, a style, an empty screen. */
class Terminal {
  #rows = []
  #row = 0
  #column = 0
  #style = {}
  #rest = ''

  constructor() {
    this.#clear()
  }

  write(text) {
    const all = this.#rest + text
    this.#rest = ''
    for (let at = 0; at < all.length;) {
      const sequence = SEQUENCE.exec(all.slice(at, at + SEQUENCE_LENGTH_MAX))
      if (all[at] === ESCAPE && sequence === null && all.length - at < SEQUENCE_LENGTH_MAX) {
        this.#rest = all.slice(at)
        return
      }
      if (sequence !== null) {
        this.#obey(sequence[1], sequence[2])
        at += sequence[0].length
        continue
      }
      if (all[at] >= ' ' && this.#column < COLUMNS) {
        this.#rows[this.#row][this.#column++] = { sign: all[at], style: this.#style }
      }
      at++
    }
  }

  /** Each row as SVG, without blanks at its end. */
  picture() {
    return this.#rows.map((cells) => rowAsSvg(cells))
  }

  text() {
    return this.#rows.map((cells) => cells.map(({ sign }) => sign).join('')).join('\n')
  }

  #obey(numbers, command) {
    if (command === 'J') this.#clear()
    if (command === 'H') {
      const [row = 1, column = 1] = numbers.split(';').map(Number)
      this.#row = Math.min(Math.max(row, 1), ROWS) - 1
      this.#column = Math.max(column, 1) - 1
    }
    if (command === 'm') {
      const codes = numbers.split(';').map(Number)
      this.#style = codes.includes(0)
        ? {}
        : {
            bold: codes.includes(1),
            dim: codes.includes(2),
            inverse: codes.includes(7),
            color: COLORS[codes.find((code) => code in COLORS)]
          }
    }
  }

  #clear() {
    this.#rows = Array.from({ length: ROWS }, () => Array.from({ length: COLUMNS }, blank))
  }
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** One text for each run of a style, at its own place: so columns stand below each other in every font. */
function rowAsSvg(cells) {
  const parts = []
  for (let start = 0; start < COLUMNS;) {
    const { style } = cells[start]
    let end = start
    while (end < COLUMNS && cells[end].style === style) end++
    const text = cells.slice(start, end).map(({ sign }) => sign)
    if (style.inverse || text.some((sign) => sign !== ' ')) parts.push(runAsSvg(text.join(''), start, style))
    start = end
  }
  return parts.join('')
}

function runAsSvg(text, column, { bold, dim, inverse, color = INK }) {
  const [x, width] = [column * CELL.width, text.length * CELL.width].map((value) => value.toFixed(1))
  const box = inverse ? `<rect x="${x}" y="-13" width="${width}" height="${CELL.height}" fill="${color}"/>` : ''
  const looks = `${bold ? ' font-weight="bold"' : ''}${dim ? ' opacity="0.6"' : ''}`
  const fill = inverse ? PAPER : color
  const ink = fill === INK ? '' : ` fill="${fill}"`
  return `${box}<text x="${x}" textLength="${width}" xml:space="preserve"${ink}${looks}>${escaped(text)}</text>`
}

/** What `npm start` showed: the rows at each sample. */
function record() {
  return new Promise((resolve, reject) => {
    const command = `stty cols ${COLUMNS} rows ${ROWS}; exec node scripts/start.mjs`
    const env = { ...process.env, LANG: 'C.UTF-8', TERM: 'xterm-256color', FORCE_COLOR: '1' }
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      cwd: ROOT,
      env,
      stdio: ['pipe', 'pipe', 'inherit']
    })
    const terminal = new Terminal()
    const samples = []
    const timers = []
    const giveUp = setTimeout(() => child.kill(), PATIENCE_MS)
    let begun = false
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text) => {
      terminal.write(text)
      if (begun || !WORKS.test(terminal.text())) return
      begun = true
      const [lastMs] = KEYS.at(-1)
      for (const [afterMs, key] of KEYS) timers.push(setTimeout(() => child.stdin.write(key), afterMs))
      for (let ms = 0; ms < lastMs; ms += SAMPLE_MS) {
        timers.push(setTimeout(() => samples.push(terminal.picture()), ms))
      }
    })
    child.on('error', reject)
    child.on('exit', (code) => {
      clearTimeout(giveUp)
      for (const timer of timers) clearTimeout(timer)
      if (code === 0 && samples.length > 0) resolve(samples)
      else reject(new Error(`npm start ended with ${code}, with ${samples.length} pictures of its screen`))
    })
  })
}

/** A row is there from when it first looked so until it looked otherwise. */
function asSvg(samples) {
  const seconds = (index) => `loop.begin+${((index * SAMPLE_MS) / 1000).toFixed(1)}s`
  const rows = []
  for (let row = 0; row < ROWS; row++) {
    for (let from = 0; from < samples.length;) {
      let to = from + 1
      while (to < samples.length && samples[to][row] === samples[from][row]) to++
      const shown = samples[from][row]
      if (shown !== '') {
        const always = from === 0 && to === samples.length
        const set = `<set attributeName="visibility" to="visible" begin="${seconds(from)}" end="${seconds(to)}"/>`
        const place = `transform="translate(${MARGIN} ${MARGIN + 13 + row * CELL.height})"`
        rows.push(`<g ${place}${always ? '' : ' visibility="hidden"'}>${always ? '' : set}${shown}</g>`)
      }
      from = to
    }
  }
  const [width, height] = [COLUMNS * CELL.width + 2 * MARGIN, ROWS * CELL.height + 2 * MARGIN].map(Math.round)
  const lengthMs = samples.length * SAMPLE_MS
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>npm start: two Node-RED as a pair, with a swap, a crash and a recovery</title>
<rect width="${width}" height="${height}" rx="8" fill="${PAPER}"><animate id="loop" attributeName="rx" values="8;8" begin="0s;loop.end" dur="${lengthMs / 1000}s"/></rect>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" fill="${INK}">
${rows.join('\n')}
</g>
</svg>
`
}

export async function makeMovingPicture() {
  const svg = asSvg(await record())
  writeFileSync(join(ROOT, 'docs', 'concepts', 'start.svg'), svg)
  console.log(`docs/concepts/start.svg: ${Math.round(svg.length / 1000)} kB`)
}
