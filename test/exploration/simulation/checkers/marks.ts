/**
 * What outlives a process. Frames state only what the disk has confirmed: the mark, the promise, the number of the record. A side
 * that finds the mark at its start takes no role alone before it has met its peer. The mark goes by the peer's goodbye, or by
 * its silence after contact; by nothing else.
 */
import type { Output } from '../../../../src/protocol/machine'
import type { PairRecord } from '../../../../src/protocol/record'
import type { HostIndex } from '../../../support/network'
import type { EngineProcess, Step } from '../process'
import type { Watcher } from '../watcher'
import type { World } from '../world'

const ON_SILENCE = ['cannot-negotiate', 'lost-connection', 'half-open']
const ALONE = [...ON_SILENCE, 'peer-crashed']

interface Knowledge {
  /** Of the present run: the peer counted this session as its partner, and when a frame of its session was taken in last. */
  met: boolean
  heardLocalMs: number
  /** It has been silent for its whole time after that, and has not counted this side as its partner since. */
  silent: boolean
  heardSession: bigint
  heardSeq: number
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
    const { host, process, before, after, outputs } = step
    const side = this.#sides[host]
    this.#hear(step, side)
    this.#checkAlone(step, side)
    for (const output of outputs) {
      if (output.kind === 'send') this.#checkWord(host, process, output)
      if (output.kind === 'store') this.#checkRecord(step, side, output.record)
    }
    if (before.aloneBar === 'peer-may-serve' && after.aloneBar === 'peer-may-serve') this.kept++
  }

  #hear({ process, input, before, after, outputs, localMs }: Step, side: Knowledge): void {
    const trailer = input.kind === 'frame' ? input.frame.trailer : null
    if (trailer === null || trailer.echo !== before.session || outputs.some((o) => o.kind === 'drop')) return
    if (trailer.flags.goodbye) side.leftByPeer = true
    if (trailer.session !== after.peerSession) return
    // What was said before is no news.
    if (trailer.session === side.heardSession && trailer.seq <= side.heardSeq) return
    side.heardSession = trailer.session
    side.heardSeq = trailer.seq
    if (side.met && localMs >= side.heardLocalMs + process.settings.peerTimeoutMs) side.silent = true
    side.heardLocalMs = localMs
    if (trailer.heardLinks === 0) return
    side.met = true
    side.silent = false
  }

  /** The operator's word is a word; all else is not. */
  #checkAlone({ process, before, after }: Step, side: Knowledge): void {
    if (before.role === 'active' || after.role !== 'active' || !ALONE.includes(after.reason)) return
    if (process.foreign)
      this.#report(process, `takes the role alone (${after.reason}) though its record is another one's`)
    if (process.settings.policy === 'availability' || side.met || side.leftByPeer || process.resumed) return
    // A peer whose process is proven dead serves no more.
    if (process.record?.online === true && ON_SILENCE.includes(after.reason))
      this.#report(process, `takes the role alone (${after.reason}) though its peer was online when it ended`)
  }

  #checkWord(host: HostIndex, process: EngineProcess, { frame }: Extract<Output, { readonly kind: 'send' }>): void {
    const { trailer } = frame
    if (trailer === null) return
    const disk = this.#world.confirmed(host)
    if (trailer.flags.marked && disk?.online !== true) this.#report(process, 'says that the mark is on disk; it is not')
    // Who finds no record takes nothing alone where a promise matters, and waits for its own setting anyway.
    if (disk !== null && process.settings.policy !== 'availability' && trailer.promisedMs > disk.promisedMs)
      this.#report(process, `promises ${trailer.promisedMs} ms; its disk knows of ${disk.promisedMs}`)
    if (trailer.record > (disk?.number ?? 0))
      this.#report(process, `states record ${trailer.record}; its disk has ${disk?.number ?? 'none'}`)
  }

  #checkRecord({ process, localMs }: Step, side: Knowledge, record: PairRecord): void {
    const before = side.wanted ?? process.record
    side.wanted = record
    if (before === null || process.resumed) return
    if (record.number <= before.number && record.number !== 2 ** 48 - 1)
      this.#report(process, `record ${record.number} follows ${before.number}`)
    if (!before.online || record.online || side.leftByPeer) return
    const silentMs = localMs - side.heardLocalMs
    if (!side.met) this.#report(process, 'clears the mark of an earlier life without having met its peer')
    else if (!side.silent && silentMs < process.settings.peerTimeoutMs - 0.01)
      this.#report(process, `clears the mark ${silentMs.toFixed(1)} ms after it heard its peer`)
  }

  #report(process: EngineProcess, message: string): void {
    this.#world.report(this.name, `${process.settings.name}: ${message}`)
  }
}

function fresh(): Knowledge {
  return {
    met: false,
    silent: false,
    heardLocalMs: -Infinity,
    heardSession: 0n,
    heardSeq: 0,
    leftByPeer: false,
    wanted: null
  }
}
