/**
 * A crash is claimed only when three facts were there, in this order and for these sessions: a provable tether ended with a FIN, a
 * dial after it was refused, and sealed probes on every link stayed unanswered for long enough. Whoever is claimed dead is
 * dead, but for the liar's victims; those learn of it from the first answer to what was sent after the FIN.
 */
import type { Input } from '../../../../src/protocol/machine'
import type { HostIndex } from '../../../support/network'
import type { EngineProcess, Step } from '../process'
import type { Watcher } from '../watcher'
import { other, type World } from '../world'

interface End {
  readonly session: bigint
  readonly peerSession: bigint
  /** What is sent from here on was sent after the FIN had been read. */
  readonly firstSeq: number
  refused: boolean
  /** An answer to that has come, or the proof has been claimed. */
  over: boolean
  /** Local time of the last that kept silence from being one. */
  disturbedMs: number
  readonly probed: Set<number>
}

interface Knowledge {
  readonly tethers: Map<number, Extract<Input, { readonly kind: 'tether' }>>
  readonly ends: Map<number, End>
  /** Links on which frames of this session of the peer were taken in, and when that was so last. */
  readonly heardOn: Map<number, number>
  heardSession: bigint
  heardSeq: number
  /** What this side believes of a peer that it took for dead; null = nothing. */
  belief: { readonly peerSession: bigint; readonly firstSeq: number; readonly sinceMs: number } | null
}

const QUIET_MS = 20

export class ProofChecker implements Watcher {
  readonly name = 'proofs'
  claims = 0
  refuted = 0
  readonly #world: World
  #sides: [Knowledge, Knowledge] = [fresh(), fresh()]

  constructor(world: World) {
    this.#world = world
  }

  /** One of the two has been lied to and cannot know it yet. */
  get isLiedTo(): boolean {
    return this.#world.plan.profile === 'liar' && this.#sides.some((side) => side.belief !== null)
  }

  onStart(process: EngineProcess): void {
    this.#sides[process.host] = fresh()
  }

  onStep(step: Step): void {
    const side = this.#sides[step.host]
    this.#take(step, side)
    const crash = step.outputs.some(
      (o) => o.kind === 'event' && o.reason === 'peer-crashed' && (o.event === 'online' || o.event === 'role')
    )
    if (crash && side.belief === null) this.#judge(step, side)
    for (const output of step.outputs) {
      if (output.kind !== 'send') continue
      for (const end of side.ends.values()) end.probed.add(output.link)
    }
    const wrong = step.outputs.some((o) => o.kind === 'event' && o.event === 'proof-wrong')
    // Who is dead does not speak for so long; a frame that was under way for longer is believed to be of one who lives.
    const latestMs = step.atMs - 0.9 * step.process.settings.peerTimeoutMs
    const late = step.facts !== null && step.facts.sentAtMs < latestMs
    if (wrong && !late && this.#world.plan.profile !== 'liar')
      this.#report(step.process, 'takes back a proof that was right')
  }

  #take(step: Step, side: Knowledge): void {
    const { input, process, localMs, before } = step
    switch (input.kind) {
      case 'tether':
        side.tethers.set(input.id, input)
        return
      case 'tetherEnded': {
        const tether = side.tethers.get(input.id)
        side.tethers.delete(input.id)
        if (tether === undefined || !input.fin || !tether.provable || tether.session !== before.session) return
        side.ends.set(input.id, {
          session: tether.session,
          peerSession: tether.peerSession,
          firstSeq: process.lastSentSeq + 1,
          refused: false,
          over: false,
          disturbedMs: localMs,
          probed: new Set()
        })
        return
      }
      case 'redialled': {
        const end = side.ends.get(input.id)
        if (end !== undefined && input.refused) end.refused = true
        return
      }
      case 'unsent':
        if (!this.#isAsked(side, step, input.link)) return
        for (const end of side.ends.values()) end.disturbedMs = localMs
        return
      case 'suspended':
        for (const end of side.ends.values()) end.disturbedMs = localMs
        return
      case 'frame':
        return this.#hear(step, side)
      default:
        return
    }
  }

  #hear(step: Step, side: Knowledge): void {
    const { input, after, before, localMs, process, outputs } = step
    if (input.kind !== 'frame' || outputs.some((o) => o.kind === 'drop')) return
    const trailer = input.frame.trailer
    const current = after.peerSession === 0n ? side.heardSession : after.peerSession
    if (trailer === null || trailer.session !== current || trailer.echo !== before.session) return
    if (side.heardSession !== trailer.session) {
      side.heardOn.clear()
      side.heardSeq = 0
    }
    side.heardSession = trailer.session
    side.heardOn.set(input.link, localMs)
    // A copy on another link says nothing new.
    if (trailer.seq <= side.heardSeq) return
    side.heardSeq = trailer.seq
    for (const end of side.ends.values()) {
      if (end.peerSession !== trailer.session) continue
      end.disturbedMs = localMs
      if (trailer.ack >= end.firstSeq) end.over = true
    }
    const { belief } = side
    if (belief === null) return
    const takesBack = outputs.some((o) => o.kind === 'event' && o.event === 'proof-wrong')
    if (belief.peerSession !== trailer.session) side.belief = null
    // It may also do so because a dead peer would not speak for so long.
    else if (trailer.ack >= belief.firstSeq || takesBack) {
      side.belief = null
      this.refuted++
      if (!takesBack) this.#report(process, 'is answered by a peer that it took for dead, and says nothing')
      const rests = before.reason === 'peer-crashed' && before.sinceMs >= belief.sinceMs
      if (before.role === 'active' && rests && after.serving)
        this.#report(process, 'serves on though the proof that its role rests on is refuted')
    } else if (after.peerSession !== 0n)
      this.#report(process, 'hears a peer that it took for dead by what is older than its end')
  }

  #judge(step: Step, side: Knowledge): void {
    const { process, localMs, before, host } = step
    this.claims++
    const { heartbeatMs, crashProof } = process.settings
    if (!crashProof) return this.#report(process, 'claims a crash though it is to do without proofs')
    // What a copy knows from before cannot be looked up here.
    if (process.resumed) return
    const quietMs = Math.min(QUIET_MS, heartbeatMs / 2)
    const isAsked = (link: number): boolean => this.#isAsked(side, step, link)
    const complaints: string[] = []
    // The latest one that will do: what was sent before it does not refute it.
    for (const [id, end] of [...side.ends].toReversed()) {
      const complaint = complaintOn(end)
      if (complaint === null) {
        end.over = true
        side.belief = { peerSession: end.peerSession, firstSeq: end.firstSeq, sinceMs: localMs }
        return this.#checkDead(process, host, end)
      }
      complaints.push(`${id}: ${complaint}`)
    }
    this.#report(process, `claims a crash without a proof (${complaints.join(', ') || 'no tether ended'})`)

    function complaintOn(end: End): string | null {
      if (end.session !== before.session || end.peerSession !== side.heardSession) return 'of other sessions'
      if (end.over) return 'answered or used before'
      if (!end.refused) return 'no dial was refused'
      if (localMs - end.disturbedMs < quietMs - 0.01) return `${(localMs - end.disturbedMs).toFixed(1)} ms of silence`
      const unasked = [...side.heardOn.keys()].filter((link) => isAsked(link) && !end.probed.has(link))
      return unasked.length > 0 ? `nothing was sent on ${unasked.join()}` : null
    }
  }

  /** A link that has been silent for longer than the peer may be says nothing. */
  #isAsked(side: Knowledge, { localMs, process }: Step, link: number): boolean {
    const heardMs = side.heardOn.get(link) ?? -Infinity
    return localMs < heardMs + process.settings.peerTimeoutMs
  }

  #checkDead(process: EngineProcess, host: HostIndex, end: End): void {
    if (this.#world.plan.profile === 'liar') return
    const peer = this.#world.process(other(host))
    if (peer?.view.session === end.peerSession) this.#report(process, 'claims the crash of a peer that lives')
  }

  #report(process: EngineProcess, message: string): void {
    this.#world.report(this.name, `${process.settings.name}: ${message}`)
  }
}

function fresh(): Knowledge {
  return { tethers: new Map(), ends: new Map(), heardOn: new Map(), heardSession: 0n, heardSeq: 0, belief: null }
}
