/**
 * The two connections of a pair, each dialled by one side, with round figures: one is up 3 ms after both sides show each other's
 * sessions, a crash ends it 2 ms later, and the dial that follows a FIN is answered after 1 ms. What a test wants otherwise it
 * says. Nothing here knows what the machine makes of it.
 */
import type { Input } from '../../../src/protocol/machine'
import type { Network, SideName } from './network'
import { otherSide, SIDES } from './network'
import type { Places } from './places'
import { hasLeft, inContact, turned } from './sessions'
import type { Side } from './side'

const UP_MS = 3
export const FIN_MS = 2
const DIAL_MS = 1
/** A kernel repeats what does not get through. */
const REPEAT_MS = 200

/** How a connection ends, and what the dial that follows a FIN gives. */
export type TetherEnd = 'fin' | 'reset' | 'farewell'
export type DialAnswer = 'as-it-is' | 'refused' | 'nothing'

export interface TetherHost {
  readonly network: Network
  readonly places: Places
  side(name: SideName): Side
  tell(side: Side, input: Input): void
}

interface Connection {
  /** 0: not up yet. */
  id: number
  readonly dialler: SideName
  readonly session: bigint
  readonly peerSession: bigint
  readonly path: string
  told: boolean
  ending: boolean
}

interface Due {
  readonly atMs: number
  readonly act: (nowMs: number) => void
}

export class ScriptedTethers {
  /** Somebody stands between the two: addresses differ. */
  proxied = false
  /** Nothing of TCP passes; or new connections are refused. */
  wall: 'none' | 'blocks' | 'refuses' = 'none'
  readonly #host: TetherHost
  readonly #connections: Connection[] = []
  readonly #due: Due[] = []
  #ids = 0

  constructor(host: TetherHost) {
    this.#host = host
  }

  nextMs(): number {
    return Math.min(Infinity, ...this.#due.map(({ atMs }) => atMs))
  }

  /** Does what is due, and follows what both sides show. */
  attend(nowMs: number): void {
    for (;;) {
      const next = this.#due.findIndex(({ atMs }) => atMs <= nowMs)
      if (next < 0) break
      this.#due.splice(next, 1)[0]?.act(nowMs)
    }
    for (const name of SIDES) this.#review(nowMs, name)
  }

  /** The process of this side was killed: its kernel ends what it had accepted; null = it never gets to that. */
  died(nowMs: number, name: SideName, finMs: number | null): void {
    this.#forget(name)
    for (const connection of this.#accepted(name)) {
      connection.ending = true
      if (finMs !== null) this.#at(nowMs + finMs, (atMs) => this.#arrive(atMs, connection, 'fin', 'as-it-is'))
    }
  }

  left(nowMs: number, name: SideName): void {
    this.#forget(name)
    for (const connection of this.#accepted(name)) {
      connection.ending = true
      this.#arrive(nowMs, connection, 'farewell', 'nothing')
    }
  }

  /** Something on the path ends the connection that this side dialled. Returns whether there was one. */
  end(nowMs: number, dialler: SideName, how: TetherEnd, answer: DialAnswer): boolean {
    const connection = this.#connections.find((c) => c.dialler === dialler && c.told && !c.ending)
    if (connection === undefined) return false
    connection.ending = true
    this.#tellEnd(nowMs, connection, how, answer)
    return true
  }

  // --- Inside ---

  #review(nowMs: number, dialler: SideName): void {
    const [mine, theirs] = [this.#host.side(dialler), this.#host.side(otherSide(dialler))]
    const views = [mine, theirs].map((side) => (side.isUp ? side.view : null))
    const [own, peer] = views
    for (const connection of this.#connections.filter((c) => c.dialler === dialler && c.told && !c.ending)) {
      const left = own != null && hasLeft(own, connection)
      const wasLeft = peer != null && hasLeft(peer, turned(connection))
      if (!left && !wasLeft) continue
      connection.ending = true
      this.#at(nowMs + DIAL_MS, (atMs) => this.#tellEnd(atMs, connection, 'farewell', 'nothing'))
    }
    if (own == null || peer == null || !inContact(own, peer)) return
    if (this.#connections.some((c) => c.dialler === dialler && !c.ending)) return
    const connection: Connection = {
      id: 0,
      dialler,
      session: own.session,
      peerSession: own.peerSession,
      path: this.#host.places.path(0),
      told: false,
      ending: false
    }
    this.#connections.push(connection)
    this.#at(nowMs + UP_MS, (atMs) => this.#open(atMs, connection))
  }

  #open(nowMs: number, connection: Connection): void {
    const { dialler, session, peerSession } = connection
    const { places, network } = this.#host
    const [mine, theirs] = [this.#host.side(dialler), this.#host.side(otherSide(dialler))]
    const stands = mine.isUp && theirs.isUp && mine.view.session === session && theirs.view.session === peerSession
    if (!stands) return this.#drop(connection)
    if (
      this.wall !== 'none' ||
      !SIDES.every((name) => network.carries(name, 0)) ||
      places.path(0) !== connection.path
    ) {
      this.#drop(connection)
      return this.#at(nowMs + REPEAT_MS, () => undefined)
    }
    connection.told = true
    const id = (connection.id = ++this.#ids)
    const provable = !this.proxied && !places.isBehindNat(0, 0) && !places.isBehindNat(1, 0)
    this.#host.tell(mine, { kind: 'tether', id, session, peerSession, provable })
  }

  /** What its other end sends gets through, sooner or later. */
  #arrive(nowMs: number, connection: Connection, how: TetherEnd, answer: DialAnswer): void {
    const from = otherSide(connection.dialler)
    const { network, places } = this.#host
    const passes = network.carries(from, 0) && this.wall !== 'blocks' && places.path(0) === connection.path
    if (passes && this.#host.side(from).hostIsUp) return this.#tellEnd(nowMs, connection, how, answer)
    this.#at(nowMs + REPEAT_MS, (atMs) => this.#arrive(atMs, connection, how, answer))
  }

  #tellEnd(nowMs: number, connection: Connection, how: TetherEnd, answer: DialAnswer): void {
    const { id, dialler } = connection
    this.#drop(connection)
    this.#host.tell(this.#host.side(dialler), { kind: 'tetherEnded', id, fin: how === 'fin' })
    if (how !== 'fin' || answer === 'nothing') return
    this.#at(nowMs + DIAL_MS, () => {
      const lives = this.#host.side(otherSide(dialler)).isUp
      const passes = this.wall === 'none' && SIDES.every((name) => this.#host.network.carries(name, 0))
      const refused = answer === 'refused' || (passes && !lives && this.#host.side(otherSide(dialler)).hostIsUp)
      this.#host.tell(this.#host.side(dialler), { kind: 'redialled', id, refused })
    })
  }

  #at(atMs: number, act: (nowMs: number) => void): void {
    this.#due.push({ atMs, act })
    this.#due.sort((a, b) => a.atMs - b.atMs)
  }

  #accepted(name: SideName): Connection[] {
    return this.#connections.filter((c) => c.dialler === otherSide(name) && !c.ending && c.told)
  }

  #forget(dialler: SideName): void {
    for (const connection of this.#connections.filter((c) => c.dialler === dialler)) this.#drop(connection)
  }

  #drop(connection: Connection): void {
    const at = this.#connections.indexOf(connection)
    if (at >= 0) this.#connections.splice(at, 1)
  }
}
