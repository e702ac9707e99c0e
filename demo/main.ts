/** What `npm start` runs: the pair, with a live view on a terminal or plain lines without one, or the scripted story. */
import { dashboard, type DashboardView, type SideView, type ThirdView } from './dashboard'
import { watchNpm } from './npm-parent'
import { mediumOf } from './paint'
import { PairDemo } from './pair-demo'
import { printPlainly, tallyText } from './plain-lines'
import { WORK_PERIOD_MS } from './plant'
import { Screen } from './screen'
import { StoryFailed, tellStory } from './story'
import { tellWitnessStory } from './witness-story'
import { SIDES, type SideName } from './work-book'

const USAGE = `npm start               two Node-RED instances as a pair, with a live view and keys
npm start -- --once     plays a swap, a crash (kill -9) and a recovery, and says whether all went right

  --witness     with a witness, and a link that can be cut; with --once: plays a cut, the end of the witness, and a crash
  --any-ports   editors on any free ports, not on 1880 and 1881 where those are free
  --plain       plain lines, also on a terminal
  --help        this text`

const FLAGS = ['--once', '--witness', '--any-ports', '--plain', '--help'] as const
const REFRESH_MS = 250
const STRIP_ITEMS_MAX = 500
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** The exit code is the process's; this returns when everything is set going. */
export async function main(args: readonly string[]): Promise<void> {
  const unknown = args.find((arg) => !FLAGS.some((flag) => flag === arg))
  if (unknown !== undefined || args.includes('--help')) {
    if (unknown !== undefined) console.error(`Unknown option ${unknown}.\n`)
    console.log(USAGE)
    process.exitCode = unknown === undefined ? 0 : 2
    return
  }
  const run = new Run()
  try {
    await run.begin({
      once: args.includes('--once'),
      witness: args.includes('--witness'),
      anyPorts: args.includes('--any-ports'),
      plain: args.includes('--plain')
    })
  } catch (error) {
    await run.end(1, error instanceof StoryFailed ? `The story went wrong: ${error.message}.` : inFull(error))
  }
}

interface RunOptions {
  readonly once: boolean
  readonly witness: boolean
  readonly anyPorts: boolean
  readonly plain: boolean
}

/** One run from the first signal handler to `process.exit`; nothing that it started outlives it. */
class Run {
  #demo: Promise<PairDemo> | null = null
  #screen: Screen | null = null
  #stopPrinting = (): void => {}
  #ending = false

  async begin({ once, witness, anyPorts, plain }: RunOptions): Promise<void> {
    this.#watchForTheEnd()
    this.#demo = PairDemo.prepare({ anyPorts, witness })
    const demo = await this.#demo
    // A signal may have come meanwhile.
    if (this.#ending) return
    process.on('exit', () => demo.killAll())
    demo.on('failure', (text) => void this.end(1, text))
    if (once) {
      this.#stopPrinting = printPlainly(demo, console.log)
      await (witness ? tellWitnessStory : tellStory)(demo, console.log)
      await this.end(0, null)
      return
    }
    if (plain || !process.stdin.isTTY || !process.stdout.isTTY) this.#stopPrinting = printPlainly(demo, console.log)
    else this.#openScreen(demo)
    demo.start()
    this.#startWorkOnceFormed(demo)
  }

  /** Idempotent. `trouble`: what went wrong, for the reader; the logs then stay. */
  async end(code: number, trouble: string | null): Promise<void> {
    if (this.#ending) return
    this.#ending = true
    this.#screen?.close()
    this.#stopPrinting()
    // Whatever fails on the way out: the handler of `exit` kills what is still there.
    await this.#windUp(trouble).catch((error: unknown) => console.error(inFull(error)))
    process.exit(code)
  }

  async #windUp(trouble: string | null): Promise<void> {
    const demo = await this.#demo?.catch(() => null)
    if (!demo) {
      if (trouble !== null) console.error(trouble)
      return
    }
    if (trouble !== null) console.error(`\n${trouble}\n${demo.logTails()}`)
    if (demo.plant.working) console.log(`Work: ${tallyText(demo.plant.book.tally())}.`)
    console.log(demo.third === null ? 'Stopping both Node-RED ...' : 'Stopping both Node-RED and the witness ...')
    await demo.close(trouble !== null)
    console.log('Stopped.')
  }

  #watchForTheEnd(): void {
    for (const [signal, code] of Object.entries(SIGNALS)) process.on(signal, () => void this.end(code, null))
    process.on('uncaughtException', (error) => void this.end(1, inFull(error)))
    process.on('unhandledRejection', (error) => void this.end(1, inFull(error)))
    // Nobody reads any more (`npm start | head`).
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => void this.end(1, null))
    process.on('exit', () => this.#screen?.close())
    watchNpm(() => void this.end(SIGNALS.SIGHUP, null))
  }

  #openScreen(demo: PairDemo): void {
    const { stdin: input, stdout: output } = process
    const screen = new Screen({
      input,
      output,
      medium: mediumOf(process.env, output.hasColors()),
      draw: (columns, rows) => dashboard(viewOf(demo), columns, rows),
      onKey: (key) => this.#pressed(demo, key)
    })
    this.#screen = screen
    let pending = false
    const refreshSoon = (): void => {
      if (pending) return
      pending = true
      setImmediate(() => {
        pending = false
        screen.refresh()
      })
    }
    demo.on('change', refreshSoon)
    setInterval(refreshSoon, REFRESH_MS)
    input.on('end', () => void this.end(0, null))
    screen.open()
  }

  #pressed(demo: PairDemo, key: string): void {
    switch (key.toLowerCase()) {
      case 'k':
        void demo.killActive()
        break
      case 'p':
        if (process.platform !== 'win32') demo.pauseOrResume()
        break
      case 's':
        void demo.swap()
        break
      case 'r':
        demo.restart()
        break
      case 'c':
        demo.cutOrMend()
        break
      case 'w':
        void demo.endOrStartWitness()
        break
      case 'q':
      case '\u0003':
      case '\u0004':
        void this.end(0, null)
        break
      default:
    }
  }

  #startWorkOnceFormed(demo: PairDemo): void {
    const start = (): void => {
      if (!demo.formed || (demo.third !== null && !demo.backed)) return
      demo.off('change', start)
      demo.plant.startWork()
      demo.tell(null, 'The pair has formed; the plant begins to send work.', 'good')
    }
    demo.on('change', start)
  }
}

function viewOf(demo: PairDemo): DashboardView {
  const sides = Object.fromEntries(SIDES.map((name) => [name, sideView(demo, name)])) as Record<SideName, SideView>
  return {
    now: Date.now(),
    startedAt: demo.startedAt,
    sides,
    working: demo.plant.working,
    perSecond: 1000 / WORK_PERIOD_MS,
    tally: demo.plant.book.tally(),
    latest: demo.plant.book.latest(STRIP_ITEMS_MAX),
    happenings: demo.happenings,
    canPause: process.platform !== 'win32',
    third: demo.third === null ? null : { cut: demo.third.link.cut, witness: witnessWord(demo, demo.third.witness) }
  }
}

/** Which side the witness backs, as the sides say that reach it. */
function witnessWord(demo: PairDemo, { runs }: { readonly runs: boolean }): ThirdView['witness'] {
  if (!runs) return 'gone'
  for (const name of SIDES) {
    const { alive, status } = demo.sides[name]
    if (alive && status?.witness?.online === true && status.witness.holder === 'self') return name
  }
  return 'runs'
}

function sideView(demo: PairDemo, name: SideName): SideView {
  const { state, status, gateOpen, pid, editorUrl, startedAt } = demo.sides[name]
  return { name, state, status, gateOpen, pid, editorUrl, startedAt }
}

function inFull(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
