/**
 * What outlives a process. Frames state only what the disk has confirmed: the mark, the promise, the number of the record. A side
 * that finds the mark at its start takes no role alone before it has met its peer. The mark goes by the peer's goodbye, or by
 * its silence after contact; by nothing else.
 */
import type { Output } from '../../../src/protocol/machine'
import type { PairRecord } from '../../../src/protocol/record'
import type { HostIndex } from '../network'
import type { EngineProcess, Step } from '../process'
import type { Watcher } from '../watcher'
import type { World } from '../world'

const ALONE = ['cannot-negotiate', 'lost-connection', 'half-open', 'brother-crashed']

interface Knowledge {
  /** Of the present run. */
  met: boolean
  leftByPeer: boolean
  wanted: PairRecord | null
}

export class MarkChecker implements Watcher {
  readonly name = 'marks'
  kept = 0
  readonly #world: World
  readonly #sides: [Knowledge, Knowledge] = [fresh(), fresh()]

  constructor(world: World) {
    this.#world = world
  }

  onStart(process: EngineProcess): void {
    this.#sides[process.host] = fresh()
  }

  onStep(step: Step): void {
    const { host, process, input, before, after, outputs } = step
    const side = this.#sides[host]
    if (this.#world.truth.inContact(host)) side.met = true
    if (input.kind === 'frame' && input.frame.trailer?.flags.goodbye === true) side.leftByPeer = true
    this.#checkAlone(step, side)
    for (const output of outputs) {
      if (output.kind === 'send') this.#checkWord(host, process, output)
      if (output.kind === 'store') this.#checkRecord(step, side, output.record)
    }
    if (before.aloneBar === 'peer-may-serve' && after.aloneBar === 'peer-may-serve') this.kept++
  }

  /** The operator's word is a word; all else is not. */
  #checkAlone({ process, before, after }: Step, side: Knowledge): void {
    if (before.role === 'active' || after.role !== 'active' || !ALONE.includes(after.reason)) return
    if (process.foreign) this.#report(process, `takes the role alone (${after.reason}) though its record is another one's`)
    if (process.settings.policy === 'availability' || side.met || side.leftByPeer) return
    if (process.record?.online === true)
      this.#report(process, `takes the role alone (${after.reason}) though its peer was online when it ended`)
  }

  #checkWord(host: HostIndex, process: EngineProcess, { frame }: Extract<Output, { readonly kind: 'send' }>): void {
    const { trailer } = frame
    if (trailer === null) return
    const disk = this.#world.confirmed(host)
    if (trailer.flags.marked && disk?.online !== true) this.#report(process, 'says that the mark is on disk; it is not')
    if (trailer.promisedMs > (disk?.promisedMs ?? 0))
      this.#report(process, `promises ${trailer.promisedMs} ms; its disk knows of ${disk?.promisedMs ?? 'nothing'}`)
    if (trailer.record > (disk?.number ?? 0))
      this.#report(process, `states record ${trailer.record}; its disk has ${disk?.number ?? 'none'}`)
  }

  #checkRecord({ process, host, localMs }: Step, side: Knowledge, record: PairRecord): void {
    const before = side.wanted ?? process.record
    side.wanted = record
    if (before === null) return
    if (record.number <= before.number && record.number !== 2 ** 48 - 1)
      this.#report(process, `record ${record.number} follows ${before.number}`)
    if (!before.online || record.online || side.leftByPeer) return
    const { heardLocalMs } = this.#world.truth.side(host)
    const silentMs = localMs - (heardLocalMs ?? localMs)
    if (!side.met) this.#report(process, 'clears the mark of an earlier life without having met its peer')
    else if (silentMs < process.settings.peerTimeoutMs - 0.01)
      this.#report(process, `clears the mark ${silentMs.toFixed(1)} ms after it heard its peer`)
  }

  #report(process: EngineProcess, message: string): void {
    this.#world.report(this.name, `${process.settings.name}: ${message}`)
  }
}

function fresh(): Knowledge {
  return { met: false, leftByPeer: false, wanted: null }
}
