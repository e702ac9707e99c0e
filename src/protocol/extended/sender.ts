/**
 * What goes out, and when: heartbeats, what has just changed, answers, and what is asked again until it is answered. What a frame says
 * is what this side is at that moment; so a frame is made when it is sent, and not before.
 */
import type { ReasonCode } from '../reasons'
import type { Flags, Frame, Head } from '../wire/frame'
import type { Output } from '../machine'
import { TokenBucket, type Allowance } from '../token-bucket'
import { announcedPromiseMs, isHolder, isReady, rulesOf, type Context } from './context'
import { hasChannel, isBehind, toldPosition } from './data'
import { countsPartner } from './partner'

/**
 * Answers to openings: what replayed ones can make this side send. Making contact takes three, and who has no contact cannot tell
 * which openings are recorded. With contact few are needed, and each uses up one of the send times that are known.
 */
const HELLO_ANSWERS_ALONE: Allowance = { perSecond: 500, burst: 32 }
const HELLO_ANSWERS_PER_HEARTBEAT = 8
const HELLO_ANSWERS_AT_ONCE = 6
/** Heartbeats between a Standby's measurements of the round trip. */
const SAMPLE_EVERY = 5

export interface Speaker extends Context {
  send(output: Extract<Output, { kind: 'send' }>): void
}

export class Sender {
  #nextSendAtMs = Infinity
  #lastSentAtMs = -Infinity
  /** When what an answer is waited for is said again. */
  urgeAtMs = Infinity
  /** The grant or the wish that I refused last; said in my next frame. */
  #refusal: ReasonCode | null = null
  /** Openings that echo my session, and all others: recordings of one kind leave the answers to the other alone. */
  readonly #helloAnswers = { acquainted: new TokenBucket(), stranger: new TokenBucket() }
  #sentInStep = false

  /** A step begins; what went out on waking up is no answer to what comes in. */
  beginStep(): void {
    this.#sentInStep = false
  }

  // -------------------------------------------------------------------------------------------------------------- when

  /** A Standby answers its Active; by itself it speaks only when it had nothing to answer for a while. */
  ownWordAtMs(m: Speaker): number {
    const answers = m.role.name === 'standby' && m.peer.isHeardActive
    return answers ? Math.max(this.#nextSendAtMs, this.#lastSentAtMs + m.peer.heartbeatMs * 1.5) : this.#nextSendAtMs
  }

  speakAt(atMs: number): void {
    this.#nextSendAtMs = atMs
  }

  speakBy(atMs: number): void {
    this.#nextSendAtMs = Math.min(this.#nextSendAtMs, atMs)
  }

  ownWord(m: Speaker): void {
    // On a grid, so that a late heartbeat does not delay the next; not to catch up after a pause.
    const nextMs = this.#nextSendAtMs + m.peer.heartbeatMs
    this.#nextSendAtMs = nextMs > m.nowMs ? nextMs : m.nowMs + m.peer.heartbeatMs
    this.send(m, this.#regularHead(m), {})
  }

  /** Says at once what changed. */
  announce(m: Speaker, flags: Partial<Flags> = {}): void {
    if (m.started) this.send(m, this.#regularHead(m), flags)
  }

  /** Asks, and goes on asking. */
  ask(m: Speaker, flags: Partial<Flags> = { probe: true }): void {
    this.announce(m, flags)
    this.urgeAtMs = m.nowMs + m.peer.retryMs
  }

  /** Repeats, between heartbeats, what an answer is waited for. */
  urge(m: Speaker): void {
    const waiting = m.role.isWaiting
    this.urgeAtMs = waiting && m.peer.detector.alive ? m.nowMs + m.peer.retryMs : Infinity
    if (waiting) this.send(m, this.#regularHead(m), { probe: true })
  }

  probe(m: Speaker): void {
    m.peer.detector.probed(m.nowMs)
    m.peer.proof.probed(m.nowMs)
    this.send(m, this.#regularHead(m), { probe: true })
  }

  // ------------------------------------------------------------------------------------------------------------ answers

  refuse(reason: ReasonCode): void {
    this.#refusal = reason
  }

  answerIfWanted(m: Speaker, frame: Frame): void {
    if (this.#wantsAnswer(m, frame)) this.answer(m, frame)
  }

  #wantsAnswer(m: Speaker, frame: Frame): boolean {
    if (this.#refusal !== null) return true
    if (frame.trailer?.flags.probe === true) return true
    return frame.head === 'connected' && frame.state === 'active' && m.role.kind !== 'active'
  }

  /** Anything that went out in this step already acknowledges the frame. */
  answer(m: Speaker, frame: Frame): void {
    if (this.#sentInStep) return
    // An Active hears answers all the time; a Standby has to ask for one now and then to know the round trip.
    const dueMs = m.peer.detector.measuredAtMs + m.peer.heartbeatMs * SAMPLE_EVERY
    const probe = m.role.kind !== 'active' && m.nowMs >= dueMs
    this.send(m, 'responsed', { probe: probe && frame.head !== 'responsed' }, frame.id)
  }

  answerHello(m: Speaker, link: number, acquainted: boolean, session: bigint): void {
    if (m.role.kind === 'leaving') return
    const bucket = acquainted ? this.#helloAnswers.acquainted : this.#helloAnswers.stranger
    if (!bucket.take(m.nowMs, helloAllowance(m))) return
    // One that I refused while another was present has met me already: asked, it confirms again at once, not with its next heartbeat.
    this.#emit(m, 'negotiate', { probe: m.peer.isRival(session) }, undefined, true, link)
  }

  // ------------------------------------------------------------------------------------------------------------- frames

  #regularHead(m: Speaker): Head {
    return m.role.kind === 'active' || m.peer.isHeardActive ? 'connected' : 'negotiate'
  }

  /** A frame to every open link. While a grant is out, every frame carries it: any acknowledgement covers it. */
  send(m: Speaker, head: Head, flags: Partial<Flags>, answerId?: number): void {
    // Without contact, an unconfirmed session and the last known one are both addressed: neither starves the other.
    const { detector, sessions } = m.peer
    const toHello = !detector.alive && sessions.hasHello
    if (toHello) this.#emit(m, head, flags, answerId, true, null)
    if (!toHello || sessions.peer !== null) this.#emit(m, head, flags, answerId, false, null)
    this.#lastSentAtMs = m.nowMs
    this.#sentInStep = true
  }

  #emit(
    m: Speaker,
    head: Head,
    flags: Partial<Flags>,
    answerId: number | undefined,
    toHello: boolean,
    only: number | null
  ): void {
    const { settings, epochs, own, peer, role } = m
    // What a restart would find belongs to another policy: until that is off the disk nobody may rely on this side's word.
    if (rulesOf(m).neverBoth && epochs.hasFormerWitness) return
    const { detector, sessions } = peer
    const now = m.nowMs
    const seq = sessions.nextSeq(now)
    const { echo, ack } = sessions.address(toHello)
    if (!toHello) peer.told(now, seq)
    const granted = toHello ? null : role.grantedEpoch
    const isPartner = !toHello && countsPartner(m)
    const peerRecord = peer.recordOf(sessions.nodeId(toHello))
    const refusal = toHello ? null : this.#refusal
    if (!toHello) this.#refusal = null
    const ready = isReady(m)
    const position = toldPosition(m)
    const fullFlags: Flags = {
      probe: false,
      ready,
      serving: role.isServing,
      holder: isHolder(m),
      preferred: epochs.preferredOnDisk,
      goodbye: false,
      wanted: role.isAsking && ready,
      refusal: refusal !== null,
      marked: epochs.onlineOnDisk,
      channel: hasChannel(m),
      users: hasChannel(m) && own.data.users,
      behind: isBehind(m),
      ...flags
    }
    for (let link = 0; link < settings.links.length; link++) {
      if (!detector.isOpen(link) || (only !== null && link !== only)) continue
      m.send({
        kind: 'send',
        link,
        toSource: only !== null,
        frame: {
          head: granted === null ? head : 'designate',
          state: role.name,
          id: answerId ?? seq & 0xff,
          value: own.fitness,
          trailer: {
            keyId: 0,
            nodeId: epochs.nodeId,
            session: sessions.session,
            echo,
            seq,
            ack,
            epoch: granted ?? (role.kind === 'active' ? role.epoch : epochs.floor),
            priority: settings.priority,
            fitness: own.fitness,
            policy: settings.policy,
            reason: refusal ?? role.motive ?? m.reason,
            flags: fullFlags,
            link,
            heardLinks: !isPartner ? 0 : detector.heardLinks(now, peer.peerTimeoutMs),
            heartbeatMs: settings.heartbeatMs,
            peerTimeoutMs: settings.peerTimeoutMs,
            promisedMs: Math.min(peer.peerTimeoutMs, announcedPromiseMs(m)),
            flowsHash: own.flowsHash,
            record: epochs.numberOnDisk,
            peerRecord,
            dataEpoch: position.epoch,
            dataNumber: position.number
          }
        }
      })
    }
  }
}

function helloAllowance(m: Speaker): Allowance {
  if (!m.peer.detector.alive) return HELLO_ANSWERS_ALONE
  const perSecond = (HELLO_ANSWERS_PER_HEARTBEAT * 1000) / m.peer.heartbeatMs
  return { perSecond, burst: HELLO_ANSWERS_AT_ONCE }
}
