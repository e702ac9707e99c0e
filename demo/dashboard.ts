/** The live view as lines: a pure picture of the demo for a given size. `screen.ts` puts it on the terminal. */
import { fit, piece, widthOf, wrap, type Line, type Piece, type Style } from './paint'
import type { Happening } from './pair-demo'
import type { ProcessState } from './side'
import { SIDES, type SideName, type Tally, type WorkBook } from './work-book'
import type { PairStatus } from '../src/host/pair'

export interface SideView {
  readonly name: SideName
  readonly state: ProcessState
  readonly status: PairStatus | null
  readonly gateOpen: boolean | null
  readonly pid: number | null
  readonly editorUrl: string
  /** ms since 1970. */
  readonly startedAt: number
}

export interface ThirdView {
  /** The link between A and B. */
  readonly cut: boolean
  /** The side that it backs; or that it runs, or is gone. */
  readonly witness: SideName | 'runs' | 'gone'
}

export interface DashboardView {
  /** ms since 1970. */
  readonly now: number
  readonly startedAt: number
  readonly sides: Readonly<Record<SideName, SideView>>
  readonly working: boolean
  readonly perSecond: number
  readonly tally: Tally
  readonly latest: ReturnType<WorkBook['latest']>
  readonly happenings: readonly Happening[]
  readonly canPause: boolean
  /** Null: without a witness. */
  readonly third: ThirdView | null
}

export const COLUMNS_MIN = 40
export const ROWS_MIN = 12

const SIDE_STYLE: Readonly<Record<SideName, Style>> = { A: 'cyan', B: 'yellow' }
const TONE_STYLE: Readonly<Record<Happening['tone'], readonly Style[]>> = {
  plain: [],
  good: ['green'],
  bad: ['red'],
  operator: ['bold']
}
const PANEL_INNER_ROWS = 4

/** Exactly `rows` lines of exactly `columns` columns. */
export function dashboard(view: DashboardView, columns: number, rows: number): Line[] {
  if (columns < COLUMNS_MIN || rows < ROWS_MIN)
    return filled([[piece('Please make the window larger.')]], columns, rows)
  const roomy = rows >= 20
  const gap: Line[] = roomy ? [[]] : []
  const top: Line[] = [
    title(view, columns),
    ...gap,
    ...(columns >= 70 && rows >= 18 ? panels(view, columns) : SIDES.map((name) => sideInOneLine(view, name))),
    ...(view.third === null ? [] : [thirdInOneLine(view.third)]),
    ...gap,
    ...work(view, columns, roomy),
    ...gap
  ]
  const bottom = [keys(view, columns)]
  const room = rows - top.length - bottom.length
  return filled([...top, ...history(view.happenings, columns, room), ...bottom], columns, rows)
}

function title(view: DashboardView, columns: number): Line {
  const left = [piece(' ha-pair', 'bold'), piece('  two Node-RED, exactly one acts')]
  const clock = `${duration(view.now - view.startedAt)} `
  return [...left, piece(' '.repeat(Math.max(1, columns - widthOf(left) - clock.length))), piece(clock, 'dim')]
}

function panels(view: DashboardView, columns: number): Line[] {
  const left = Math.floor((columns - 3) / 2)
  const widths: Readonly<Record<SideName, number>> = { A: left, B: columns - 3 - left }
  const [a, b] = SIDES.map((name) => panel(view, name, widths[name])) as [Line[], Line[]]
  return a.map((line, index) => [piece(' '), ...line, piece(' '), ...(b[index] ?? [])])
}

function panel(view: DashboardView, name: SideName, width: number): Line[] {
  const side = view.sides[name]
  const frame: Style[] = side.state === 'running' && side.status?.role === 'active' ? [SIDE_STYLE[name]] : ['dim']
  const label = [piece('╭─ ', ...frame), piece(name, 'bold', SIDE_STYLE[name]), piece(' ', ...frame)]
  const inner = width - 4
  const body = sideInFull(view, side).slice(0, PANEL_INNER_ROWS)
  while (body.length < PANEL_INNER_ROWS) body.push([])
  return [
    [...label, piece(`${'─'.repeat(Math.max(0, width - widthOf(label) - 1))}╮`, ...frame)],
    ...body.map((line) => [piece('│ ', ...frame), ...fit(line, inner), piece(' │', ...frame)]),
    [piece(`╰${'─'.repeat(width - 2)}╯`, ...frame)]
  ]
}

function sideInFull(view: DashboardView, side: SideView): Line[] {
  return [
    roleOf(view, side),
    epochLine(side),
    side.pid === null ? [] : [piece(`pid ${side.pid}`)],
    [piece(side.editorUrl, 'dim')]
  ]
}

function epochLine({ state, status }: SideView): Line {
  if (status === null) return []
  // A paused process says nothing; what it said last may be wrong by now.
  if (state === 'paused') return [piece(`epoch ${status.epoch} when it was paused`, 'dim')]
  return [piece(`epoch ${status.epoch}, peer `), peerOf(status)]
}

function sideInOneLine(view: DashboardView, name: SideName): Line {
  const side = view.sides[name]
  const epoch = side.status === null ? '' : `, epoch ${side.status.epoch}`
  return [piece(` ${name}  `, 'bold', SIDE_STYLE[name]), ...roleOf(view, side), piece(epoch)]
}

function thirdInOneLine({ cut, witness }: ThirdView): Line {
  const link = cut ? piece('CUT', 'bold', 'red') : piece('whole', 'green')
  const gone = witness === 'gone'
  const word = gone
    ? piece('GONE', 'bold', 'red')
    : witness === 'runs'
      ? piece('backs nobody yet', 'dim')
      : piece(`backs ${witness}`, SIDE_STYLE[witness])
  return [piece(' Link between A and B: '), link, piece('   Witness: '), word]
}

function roleOf(view: DashboardView, side: SideView): Piece[] {
  switch (side.state) {
    case 'starting':
      return [piece(`Node-RED is starting, ${Math.round((view.now - side.startedAt) / 1000)} s`, 'dim')]
    case 'paused':
      return [piece('■ PAUSED', 'bold', 'magenta'), piece(', was '), piece(side.status?.role ?? 'unknown')]
    case 'killed':
      return [piece('× KILLED', 'bold', 'red'), piece(', r restarts it')]
    case 'failed':
      return [piece('× ENDED BY ITSELF', 'bold', 'red')]
    case 'stopped':
      return [piece('stopped', 'dim')]
    case 'running':
      break
  }
  switch (side.status?.role) {
    case 'active':
      return [
        piece('● ACTIVE', 'bold', SIDE_STYLE[side.name]),
        side.gateOpen === false ? piece(', its gate is shut', 'red') : piece(', its gate is open')
      ]
    case 'standby':
      return [
        piece('○ Standby'),
        side.gateOpen === true ? piece(', its gate is open', 'red') : piece(', its gate is shut', 'dim')
      ]
    default:
      return [piece('○ No role yet', 'dim')]
  }
}

function peerOf(status: PairStatus): Piece {
  return status.online ? piece('online', 'green') : piece('offline', 'red')
}

function work({ tally, latest, perSecond, working }: DashboardView, columns: number, roomy: boolean): Line[] {
  const heading: Line = [
    piece(' Work', 'bold'),
    piece(
      working ? `  ${perSecond} items a second, each sent to both sides` : '  begins when the pair has formed',
      'dim'
    )
  ]
  const numbers: Line = [
    piece(` done ${tally.done}`, 'bold'),
    piece(` (`),
    piece(`A ${tally.doneBy.A}`, SIDE_STYLE.A),
    piece(', '),
    piece(`B ${tally.doneBy.B}`, SIDE_STYLE.B),
    piece(')   '),
    alarming('missed', tally.missed),
    piece('   '),
    alarming('done twice', tally.twice)
  ]
  const strip: Line = [piece(' '), ...stripOf(latest.slice(-(columns - 2)))]
  return roomy ? [heading, numbers, strip] : [numbers, strip]
}

function alarming(text: string, count: number): Piece {
  return count === 0 ? piece(`${text} 0`) : piece(`${text} ${count}`, 'bold', 'red')
}

/** One sign per item, the newest at the right; neighbours of the same kind share a piece. */
function stripOf(latest: DashboardView['latest']): Piece[] {
  const pieces: { text: string; styles: readonly Style[] }[] = []
  for (const item of latest) {
    const { text, styles } = signOf(item)
    const last = pieces.at(-1)
    if (last !== undefined && last.styles.join() === styles.join()) last.text += text
    else pieces.push({ text, styles })
  }
  return pieces
}

function signOf({ state, by, twice }: DashboardView['latest'][number]): Piece {
  if (twice) return piece('2', 'bold', 'inverse', 'red')
  if (state === 'missed') return piece('×', 'bold', 'red')
  if (state === 'open') return piece('·', 'dim')
  return by === null ? piece('·') : piece(by, SIDE_STYLE[by])
}

/** The newest happenings that fit, oldest of them first. */
function history(happenings: readonly Happening[], columns: number, room: number): Line[] {
  if (room < 2) return []
  const lines: Line[] = []
  for (const happening of happenings.toReversed()) {
    const block = happeningLines(happening, columns)
    if (lines.length + block.length > room - 1) break
    lines.unshift(...block)
  }
  while (lines.length < room - 1) lines.push([])
  return [[piece(' What happened', 'bold')], ...lines]
}

function happeningLines({ at, side, text, tone }: Happening, columns: number): Line[] {
  const head = ` ${clockTime(at)}  ${side ?? ' '}  `
  const [first = '', ...rest] = wrap(text, columns - head.length - 1, 2)
  const styles = TONE_STYLE[tone]
  const name = side === null ? piece(' ') : piece(side, 'bold', SIDE_STYLE[side])
  return [
    [piece(` ${clockTime(at)}  `, 'dim'), name, piece('  '), piece(first, ...styles)],
    ...rest.map((line) => [piece(' '.repeat(head.length)), piece(line, ...styles)])
  ]
}

function keys({ sides, canPause, third }: DashboardView, columns: number): Line {
  const all = SIDES.map((name) => sides[name])
  const hasActive = all.some(({ state, status }) => state === 'running' && status?.role === 'active')
  const paused = all.some(({ state }) => state === 'paused')
  const down = all.some(({ pid, state }) => pid === null && state !== 'starting')
  const roomy = columns >= (third === null ? 70 : 110)
  const key = (letter: string, what: string, usable: boolean): Piece[] => {
    if (!roomy) return [piece(` ${letter}`, ...(usable ? (['bold'] as const) : (['dim'] as const))), piece(` ${what}`)]
    return usable
      ? [piece(' '), piece(` ${letter} `, 'inverse'), piece(` ${what} `)]
      : [piece('  '), piece(`${letter}  ${what} `, 'dim')]
  }
  const it = roomy ? ' it' : ''
  return [
    ...key('k', roomy ? 'kill the Active' : 'kill', hasActive),
    ...key('p', (paused ? 'resume' : 'pause') + it, canPause && (hasActive || paused)),
    ...key('s', 'swap', hasActive),
    ...key('r', 'restart', down),
    ...(third === null ? [] : key('c', (third.cut ? 'mend' : 'cut') + (roomy ? ' the link' : ''), true)),
    ...(third === null ? [] : key('w', roomy && third.witness !== 'gone' ? 'kill the witness' : 'witness', true)),
    ...key('q', 'quit', true)
  ]
}

function filled(lines: readonly Line[], columns: number, rows: number): Line[] {
  return Array.from({ length: rows }, (_, row) => fit(lines[row] ?? [], columns))
}

/** Local time, hh:mm:ss. */
export function clockTime(at: number): string {
  const date = new Date(at)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}

function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return `${h > 0 ? `${h}:` : ''}${String(m).padStart(h > 0 ? 2 : 1, '0')}:${String(s).padStart(2, '0')}`
}
