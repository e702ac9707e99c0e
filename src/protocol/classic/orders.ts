/** Changes of roles by order: an operator's, and those of hung flows. The peer has to confirm them; each ends in a bounded time. */
import type { EventReason } from '../events'
import type { Frame } from '../wire/frame'
import type { CommandError } from '../machine'
import type { Classic } from './parts'
import { BY_ORDER } from './speaker'

/** A change of roles by order that the peer has not confirmed yet. Ends by `untilMs` at the latest. */
interface Order {
  /** Null when no operator waits for it. */
  readonly commandId: number | null
  readonly target: 'active' | 'standby'
  readonly force: boolean
  readonly reason: EventReason<'handover'> & EventReason<'role'>
  readonly frameId: number
  /** This side was Active and takes the role back when nobody else took it. */
  readonly hadRole: boolean
  untilMs: number
}

export class Orders {
  #order: Order | null = null
  /**
   * Stepped down by force without a peer: does not take the role back by itself, but offers it with every heartbeat,
   * in a designation with `offerId`, until the peer is heard. Otherwise two such sides would wait for each other.
   */
  #held = false
  #offerId = 0
  #hostStalled = false
  #nextReliefMs = 0

  get isHeld(): boolean {
    return this.#held
  }
  get isOpen(): boolean {
    return this.#order !== null
  }
  /** By order this side is not to be Active. */
  get givesUpRole(): boolean {
    return this.#order?.target === 'standby'
  }
  get untilMs(): number {
    return this.#order?.untilMs ?? Infinity
  }

  becameActive(m: Classic): void {
    this.#held = false
    this.#nextReliefMs = m.nowMs + m.settings.stallLimitMs
  }

  heardActive(): void {
    this.#held = false
  }

  /** This side itself did not run for so long. */
  postpone(ms: number): void {
    if (this.#order !== null) this.#order.untilMs += ms
  }

  change(m: Classic, id: number, target: 'active' | 'standby', force: boolean): void {
    if (!m.online) return force ? this.#changeAlone(m, id, target) : m.refuse(id, 'peer-offline')
    this.#give(m, { commandId: id, target, force, reason: 'operator' })
  }

  /** The peer is offline and the operator insists. Should it hear us all the same, it gets the order. */
  #changeAlone(m: Classic, id: number, target: 'active' | 'standby'): void {
    if (target === 'active') m.becomeActive('operator-forced')
    else m.becomeStandby('operator-forced')
    const frameId = m.listening ? m.speaker.designate(m, BY_ORDER) : 0
    if (target === 'standby') this.#holdDown(frameId)
    m.confirm(id)
  }

  #holdDown(offerId: number): void {
    this.#held = true
    this.#offerId = offerId
  }

  /** Zero overlap: who gives the role up stops before it says so, who wants it waits for the other to have stopped. */
  #give(m: Classic, order: Pick<Order, 'commandId' | 'target' | 'force' | 'reason'>): void {
    const hadRole = m.role === 'active'
    const { target, reason } = order
    m.event('handover', reason, { phase: 'asking', role: target })
    if (target === 'standby') m.becomeStandby(reason)
    const frameId = m.speaker.say(m, 'designate', target, BY_ORDER)
    const { receiptTimeoutMs, peerTimeoutMs, heartbeatMs } = m.settings
    this.#order = { ...order, frameId, hadRole, untilMs: m.nowMs + Math.min(receiptTimeoutMs, peerTimeoutMs) }
    m.beatAt(m.nowMs + heartbeatMs)
  }

  /** With every heartbeat: what is not confirmed yet. */
  sayAgain(m: Classic): void {
    if (this.#order !== null) m.send('designate', this.#order.target, this.#order.frameId, BY_ORDER)
  }

  offerRole(m: Classic): void {
    if (this.#held) m.send('designate', 'standby', this.#offerId, BY_ORDER)
  }

  /** Looks whether the order is fulfilled, by this frame or by a change of our own role. */
  settle(m: Classic, frame: Frame | null): void {
    const order = this.#order
    if (order === null) return
    if (order.target === 'standby') {
      if (m.role === 'active') this.end(m, 'refused')
      else if (frame?.state === 'active') this.end(m, null)
      return
    }
    const stoodDown = frame?.head === 'responsed' && frame.id === order.frameId && frame.state === 'standby'
    if (stoodDown && m.role !== 'active') m.becomeActive(order.reason)
    if (m.role === 'active') this.end(m, null)
  }

  judge(m: Classic): void {
    this.settle(m, null)
    const order = this.#order
    if (order === null || m.nowMs < order.untilMs) return
    if (order.force) {
      m.setOnline(false, 'receipts-lost')
      if (order.target === 'active') {
        m.becomeActive('operator-forced')
        if (m.listening) m.speaker.designate(m, BY_ORDER)
      } else this.#holdDown(order.frameId)
      return this.end(m, null)
    }
    if (order.hadRole) m.becomeActive('handover-aborted')
    this.end(m, 'not-confirmed')
  }

  end(m: Classic, error: CommandError | null): void {
    const order = this.#order
    if (order === null) throw new Error('no order to end')
    this.#order = null
    if (error !== null) m.event('handover', 'handover-aborted', { because: error })
    if (order.commandId === null) return
    if (error === null) m.confirm(order.commandId)
    else m.refuse(order.commandId, error)
  }

  onHostStalled(m: Classic, stalled: boolean): void {
    if (stalled === this.#hostStalled) return
    this.#hostStalled = stalled
    m.event('host-stalled', stalled ? 'host-stalled' : 'revalidated', { stalled })
    this.relieveStalledHost(m)
  }

  /** Not sooner than stallLimit after taking the role: two hung hosts must not toss it to each other. */
  relieveStalledHost(m: Classic): void {
    if (!this.#hostStalled || m.role !== 'active' || !m.online || !m.listening) return
    if (this.#order !== null || m.nowMs < this.#nextReliefMs) return
    this.#give(m, { commandId: null, target: 'standby', force: false, reason: 'host-stalled' })
  }
}
