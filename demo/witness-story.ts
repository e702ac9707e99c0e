/** `npm start -- --witness --once`: the link is cut and mended, the witness killed and started, the Active killed; each step verified. */
import type { PairDemo } from './pair-demo'
import { tallyText } from './plain-lines'
import type { Side } from './side'
import {
  activeOf,
  epochOf,
  must,
  pause,
  settledSince,
  START_PATIENCE_MS,
  TAKEOVER_PATIENCE_MS,
  TWICE_MAX,
  until
} from './story'

/** Beyond `peerTimeout`: until a side says that it has lost the other one, or the witness. */
const NOTICE_PATIENCE_MS = 20_000
const WATCH_MS = 1500

const offline = ({ status }: Side): boolean => status?.online === false
const unwitnessed = ({ status }: Side): boolean => status?.witness?.online === false

/** Resolves when the story went right. Errors: StoryFailed. `print` takes the verdict of each step. */
export async function tellWitnessStory(demo: PairDemo, print: (line: string) => void): Promise<void> {
  const { plant, peerTimeoutMs } = demo
  const verdict = (text: string): void => print(`ok  ${text}`)

  demo.start()
  await until(
    demo,
    () => demo.formed && demo.backed,
    START_PATIENCE_MS,
    'the pair to form, and to agree on the witness'
  )
  const active = activeOf(demo)
  const standby = active === demo.sides.A ? demo.sides.B : demo.sides.A
  const epoch = epochOf(active)
  verdict(`The pair has formed: ${active.name} is Active, epoch ${epoch}, and the witness backs it.`)

  plant.startWork()
  await until(demo, () => plant.book.tally().done > 0, START_PATIENCE_MS, 'the first work item to be done')

  /** Something is done that must not matter: the Active goes on, and the other one stays away. */
  const goesOn = async (what: string, act: () => Promise<void>): Promise<string> => {
    const before = plant.book.tally()
    await act()
    await pause(WATCH_MS)
    must(demo.activeSide === active && epochOf(active) === epoch, `${what}: the role moved (${demo.describe()})`)
    must(!standby.active, `${what}: both are Active`)
    const change = await settledSince(demo, before)
    must(change.done > 0 && change.missed === 0, `${what} missed work: ${tallyText(change)}`)
    must(change.twice === 0 && change.doneBy[standby.name] === 0, `${what}: both worked: ${tallyText(change)}`)
    return tallyText(change)
  }
  const sides = [active, standby]

  const cut = await goesOn('The cut', async () => {
    demo.cutOrMend()
    await until(demo, () => sides.every(offline), peerTimeoutMs + NOTICE_PATIENCE_MS, 'the cut to be noticed')
  })
  verdict(`Cut: ${active.name} goes on with the witness's voice, ${standby.name} stands by. ${cut}.`)

  const mended = await goesOn('The mended link', async () => {
    demo.cutOrMend()
    await until(demo, () => demo.formed, START_PATIENCE_MS, 'the two to see each other again')
  })
  verdict(`Mended: nothing moved. ${mended}.`)

  const alone = await goesOn('The end of the witness', async () => {
    await demo.endOrStartWitness()
    await until(demo, () => sides.every(unwitnessed), peerTimeoutMs + NOTICE_PATIENCE_MS, 'the loss of the witness')
    await demo.endOrStartWitness()
    await until(demo, () => demo.backed && !sides.some(unwitnessed), START_PATIENCE_MS, 'the witness to be heard again')
  })
  verdict(`Witness killed and started again: nothing moved. ${alone}.`)

  const before = plant.book.tally()
  const killedAt = Date.now()
  must((await demo.killActive()) === active, 'the Active could not be killed')
  const patience = peerTimeoutMs + TAKEOVER_PATIENCE_MS
  await until(demo, () => standby.active && standby.gateOpen === true, patience, 'the Standby to take over')
  const tookMs = (standby.status?.since ?? 0) - killedAt
  await pause(WATCH_MS)
  const change = await settledSince(demo, before)
  must(change.doneBy[standby.name] > 0, `${standby.name} did nothing after the crash`)
  must(change.missed === 0, `the crash missed work: ${tallyText(change)}`)
  must(change.twice <= TWICE_MAX, `the crash did more work twice than its last moment: ${tallyText(change)}`)
  verdict(
    `Crash: ${standby.name} was Active ${tookMs} ms after the kill -9, epoch ${epochOf(standby)}, with the witness's voice. ${tallyText(change)}.`
  )

  await plant.finishWork()
  const end = plant.book.tally()
  must(end.open === 0 && end.done + end.missed === end.issued, `the books do not balance: ${tallyText(end)}`)
  print(`    All in all ${end.issued} work items: ${tallyText(end)}.`)
}
