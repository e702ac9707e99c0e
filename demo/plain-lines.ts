/** The demo without a terminal: a line for everything that happens, and the tally now and then. */
import { clockTime } from './dashboard'
import type { Happening, PairDemo } from './pair-demo'
import type { Tally } from './work-book'

const TALLY_EVERY_MS = 5000

export function happeningLine({ at, side, text }: Happening): string {
  return `${clockTime(at)}  ${side ?? ' '}  ${text}`
}

export function tallyText({ done, doneBy, missed, twice }: Tally): string {
  return `done ${done} (A ${doneBy.A}, B ${doneBy.B}), missed ${missed}, done twice ${twice}`
}

/** Prints happenings as they come, and every few seconds how the work goes or how long the start takes. */
export function printPlainly(demo: PairDemo, print: (line: string) => void): () => void {
  for (const happening of demo.happenings) print(happeningLine(happening))
  const onHappening = (happening: Happening): void => print(happeningLine(happening))
  demo.on('happening', onHappening)
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - demo.startedAt) / 1000)
    const text = demo.plant.working ? `Work: ${tallyText(demo.plant.book.tally())}` : `Still starting, ${seconds} s.`
    print(`${clockTime(Date.now())}     ${text}`)
  }, TALLY_EVERY_MS)
  return () => {
    demo.off('happening', onHappening)
    clearInterval(timer)
  }
}
