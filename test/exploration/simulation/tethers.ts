/**
 * The two connections of a pair, each dialled by one side, and all the ways in which they end. Made from what both processes show of
 * their sessions and from the network alone: nothing here knows what the machine makes of it. What a side is told it is told
 * through its flows' thread, which has to run for that.
 *
 * No living peer is ever behind a FIN, a refusal and silence at once, but for the liar's.
 */
import type { Network, HostIndex } from '../../support/network'
import type { Places } from '../../support/machine/places'
import { hasLeft, inContact, turned } from '../../support/machine/sessions'
import type { EngineProcess } from './process'
import type { Random } from '../../support/random'
import type { Timeline } from '../../support/timeline'

export interface TetherWorld {
  readonly timeline: Timeline
  readonly network: Network
  readonly places: Places
  process(host: HostIndex): EngineProcess | null
  /** It is powered and does not sleep: its kernel answers. */
  isUp(host: HostIndex): boolean
}

interface Connection {
  readonly id: number
  readonly dialler: EngineProcess
  readonly acceptor: EngineProcess
  readonly session: bigint
  readonly peerSession: bigint
  readonly link: number
  /** Both ends at its making: packets pass for as long as they are that. */
  readonly path: string
  readonly provable: boolean
  /** The dialler's engine has been told. */
  told: boolean
  /** Its end is under way, or told. */
  ending: boolean
  /** What the dialler's flows' thread has to do, in order. */
  readonly unread: (() => void)[]
}

/** How the next dial is answered, if something on the path decides that. */
type Answer = 'as it is' | 'refused'

interface Wall {
  readonly refuses: boolean
  readonly open: 'dropped' | 'left'
}

const RETRY_MS_MIN = 200
const RETRY_MS_MAX = 3200
const RETRIES_MAX = 14
/** Nobody waits longer for a connection. */
const DIAL_MS = 2000
const DIALS_AGAIN_MS = [20, 2000] as const
const ATTENDS_EVERY_MS = 5
/** From the start of a process until its listener is open. */
const LISTENS_AFTER_MS_MAX = 20

export class Tethers {
  readonly #world: TetherWorld
  readonly #random: Random
  readonly #enabled: boolean
  readonly #connections: [Connection[], Connection[]] = [[], []]
  readonly #dialling: [boolean, boolean] = [false, false]
  readonly #listensAtMs = new WeakMap<EngineProcess, number>()
  readonly #walls = new Set<Wall>()
  #refusesUntilMs = -Infinity
  #ids = 0

  constructor(world: TetherWorld, random: Random, enabled: boolean) {
    this.#world = world
    this.#random = random
    this.#enabled = enabled
  }

  /** A provable tether is known to this side's engine. */
  isProvable(host: HostIndex): boolean {
    const { places } = this.#world
    return this.#connections[host].some(
      (c) => c.told && !c.ending && c.provable && c.acceptor.alive && places.path(c.link) === c.path
    )
  }

  /** Its engine knows of a tether that has nothing to do with where the two are now, or with what runs there. */
  isAstray(host: HostIndex): boolean {
    return !this.isProvable(host) && this.#connections[host].some((c) => c.told && !c.ending)
  }

  /** Both connections are up, as far as both hosts know, and whether anything passes now. */
  get channel(): { readonly open: boolean; readonly carries: boolean } {
    const both = [this.#living(0), this.#living(1)]
    const open = both.every((connection) => connection !== null)
    const { network, places } = this.#world
    const carries = both.every(
      (c) =>
        c !== null &&
        ([0, 1] as const).every((from) => network.carriesTcp(c.link, from) && this.#world.isUp(from)) &&
        places.path(c.link) === c.path &&
        ![...this.#walls].some((wall) => wall.open === 'dropped')
    )
    return { open, carries }
  }

  /** Follows what the processes show. Called after each step. */
  review(): void {
    if (!this.#enabled) return
    for (const host of [0, 1] as const) {
      const [dialler, acceptor] = this.#ends(host)
      for (const connection of this.#connections[host]) this.#followSessions(connection)
      this.#followPlaces(host)
      if (dialler === null || acceptor === null || this.#dialling[host]) continue
      if (!inContact(dialler.view, acceptor.view)) continue
      if (this.#connections[host].some((c) => !c.ending)) continue
      this.#dialling[host] = true
      this.#world.timeline.after(this.#random.logBetween(0.2, 4), () => this.#dial(host, 0))
    }
  }

  /** This process has ended by itself or was killed; its host runs on. */
  died(process: EngineProcess, fin: number | 'reset'): void {
    this.#forget(process)
    for (const connection of this.#accepted(process)) {
      connection.ending = true
      if (fin === 'reset') this.#carry(connection, () => this.#tell(connection, false))
      else this.#world.timeline.after(fin, () => this.#carry(connection, () => this.#readFin(connection, 'as it is')))
    }
  }

  /** Stopped in order: it says farewell. */
  left(process: EngineProcess): void {
    this.#forget(process)
    for (const connection of this.#accepted(process)) {
      connection.ending = true
      this.#carry(connection, () => this.#tell(connection, false))
    }
  }

  /** Its host is gone without a word: the other end hears nothing. */
  vanished(process: EngineProcess): void {
    this.#forget(process)
  }

  // --- Faults ---

  /** Something on the path sends a FIN in the peer's name; false = nothing to end. */
  endByFin(host: HostIndex): boolean {
    const connection = this.#living(host)
    // A wall that refuses would make it a proof but for the silence: that is the middlebox, see `refusesNext`.
    if (connection === null || [...this.#walls].some((wall) => wall.refuses)) return false
    connection.ending = true
    this.#readFin(connection, 'as it is')
    return true
  }

  /** As `endByFin`, and it refuses all dials for a while, though frames of both sides may pass. */
  endByFinAndRefuse(host: HostIndex): boolean {
    const connection = this.#living(host)
    if (connection === null) return false
    this.#refusesUntilMs = this.#world.timeline.nowMs + this.#random.logBetween(5, 600)
    connection.ending = true
    this.#readFin(connection, 'refused')
    return true
  }

  endByReset(host: HostIndex): boolean {
    const connection = this.#living(host)
    if (connection === null) return false
    connection.ending = true
    this.#tell(connection, false)
    return true
  }

  /** A second connection; the first one says farewell when that one is proven. */
  dialAgain(host: HostIndex): boolean {
    const before = this.#living(host)
    const [dialler, acceptor] = this.#ends(host)
    if (before === null || dialler === null || acceptor === null || !inContact(dialler.view, acceptor.view))
      return false
    const link = this.#openLink(host)
    if (link === null) return false
    this.#connect(host, dialler, acceptor, link)
    this.#world.timeline.after(this.#random.logBetween(0.2, 20), () => {
      if (before.ending) return
      before.ending = true
      this.#tell(before, false)
    })
    return true
  }

  /** The peer's old address is another host's now, whose kernel resets what it does not know and refuses all. */
  strangerAt(moved: HostIndex): void {
    const connection = this.#living(moved === 0 ? 1 : 0)
    if (connection === null) return
    connection.ending = true
    this.#whenRead(connection, () => {
      this.#post(connection, { kind: 'tetherEnded', id: connection.id, fin: false })
      this.#post(connection, { kind: 'redialled', id: connection.id, refused: true })
    })
  }

  /** Returns what takes it down again. */
  buildWall(refuses: boolean, open: 'dropped' | 'reset' | 'left'): () => void {
    const wall: Wall = { refuses, open: open === 'dropped' ? 'dropped' : 'left' }
    this.#walls.add(wall)
    if (open === 'reset') for (const host of [0, 1] as const) this.endByReset(host)
    return () => this.#walls.delete(wall)
  }

  // --- Making one ---

  #dial(host: HostIndex, tries: number): void {
    this.#dialling[host] = false
    const [dialler, acceptor] = this.#ends(host)
    if (dialler === null || acceptor === null || !inContact(dialler.view, acceptor.view)) return
    if (this.#connections[host].some((c) => !c.ending)) return
    const link = dialler.mainRuns && acceptor.mainRuns && this.#listens(acceptor) ? this.#openLink(host) : null
    if (link !== null) return this.#connect(host, dialler, acceptor, link)
    this.#dialling[host] = true
    const againMs = Math.min(this.#random.between(...DIALS_AGAIN_MS), 20 * 2 ** tries)
    this.#world.timeline.after(againMs, () => this.#dial(host, tries + 1))
  }

  #connect(host: HostIndex, dialler: EngineProcess, acceptor: EngineProcess, link: number): void {
    const { places } = this.#world
    const connection: Connection = {
      id: ++this.#ids,
      dialler,
      acceptor,
      session: dialler.view.session,
      peerSession: acceptor.view.session,
      link,
      path: places.path(link),
      provable: !places.isBehindNat(0, link) && !places.isBehindNat(1, link),
      told: false,
      ending: false,
      unread: []
    }
    this.#connections[host].push(connection)
    const { id, session, peerSession, provable } = connection
    this.#whenRead(connection, () => {
      connection.told = true
      this.#post(connection, { kind: 'tether', id, session, peerSession, provable })
    })
  }

  /** A link on which a connection can be opened now. */
  #openLink(host: HostIndex): number | null {
    const { network, places } = this.#world
    const acceptor = other(host)
    if (this.#world.timeline.nowMs < this.#refusesUntilMs) return null
    if (this.#walls.size > 0 || !this.#world.isUp(host) || !this.#world.isUp(acceptor)) return null
    for (let link = 0; link < network.links; link++) {
      const passes = ([0, 1] as const).every((from) => network.carriesTcp(link, from))
      if (passes && places.hasAddress(host, link) && places.isDialled(acceptor, link)) return link
    }
    return null
  }

  #listens(process: EngineProcess): boolean {
    let atMs = this.#listensAtMs.get(process)
    if (atMs === undefined) {
      atMs = process.startedAtMs + this.#random.unit() * LISTENS_AFTER_MS_MAX
      this.#listensAtMs.set(process, atMs)
    }
    return process.alive && this.#world.timeline.nowMs >= atMs
  }

  // --- Ending one ---

  /** Adopting another session closes what belongs to the former one. */
  #followSessions(connection: Connection): void {
    if (connection.ending || !connection.told) return
    const { dialler, acceptor } = connection
    const diallerLeft = hasLeft(dialler.view, connection)
    const acceptorLeft = acceptor.alive && hasLeft(acceptor.view, turned(connection))
    if (!diallerLeft && !acceptorLeft) return
    connection.ending = true
    if (diallerLeft) this.#tell(connection, false)
    else this.#carry(connection, () => this.#tell(connection, false))
  }

  /** Who has another address is dialled anew; the old connection stays until the new one is proven. */
  #followPlaces(host: HostIndex): void {
    const connection = this.#living(host)
    if (connection === null || this.#dialling[host]) return
    if (this.#world.places.path(connection.link) === connection.path) return
    this.#dialling[host] = true
    this.#world.timeline.after(this.#random.between(...DIALS_AGAIN_MS), () => {
      this.#dialling[host] = false
      if (this.#living(host) === connection) this.dialAgain(host)
    })
  }

  /** The FIN has come in. Once it is read one dial goes out. */
  #readFin(connection: Connection, answer: Answer): void {
    this.#whenRead(connection, () => {
      this.#post(connection, { kind: 'tetherEnded', id: connection.id, fin: true })
      this.#world.timeline.after(this.#random.logBetween(0.01, 1), () => this.#redial(connection, answer))
    })
  }

  #redial(connection: Connection, answer: Answer): void {
    const { acceptor, link } = connection
    const { network, places, timeline } = this.#world
    const told = (refused: boolean): void => {
      if (refused && acceptor.alive && answer === 'as it is') throw new Error('a living peer is refused')
      this.#whenRead(connection, () => this.#post(connection, { kind: 'redialled', id: connection.id, refused }))
    }
    const host = acceptor.host
    const roundTripMs = 2 * network.cleanDelayMs
    if (answer === 'refused') return timeline.after(roundTripMs, () => told(true))
    const passes = ([0, 1] as const).every((from) => network.carriesTcp(link, from))
    const samePath = places.path(link) === connection.path
    const walls = [...this.#walls]
    // A wall refuses whoever lives behind it too: there it is later than at once, and does not count.
    if (walls.length > 0 && walls.every((wall) => wall.refuses) && !acceptor.alive)
      return timeline.after(roundTripMs, () => told(true))
    if (!passes || walls.length > 0 || !samePath || !this.#world.isUp(host))
      return timeline.after(DIAL_MS, () => told(false))
    timeline.after(roundTripMs / 2, () => {
      const now = this.#world.process(host)
      const listens = acceptor.alive || (now !== null && this.#listens(now))
      timeline.after(roundTripMs / 2, () => told(!listens))
    })
  }

  #tell(connection: Connection, fin: boolean): void {
    this.#whenRead(connection, () => this.#post(connection, { kind: 'tetherEnded', id: connection.id, fin }))
  }

  #post(connection: Connection, input: Parameters<EngineProcess['deliver']>[0]): void {
    if (connection.dialler.alive) connection.dialler.deliver(input)
    if (input?.kind === 'tetherEnded') {
      const all = this.#connections[connection.dialler.host]
      if (all.includes(connection)) all.splice(all.indexOf(connection), 1)
      this.review()
    }
  }

  /** The kernel repeats it until it gets through, or gives up. */
  #carry(connection: Connection, arrive: () => void, tries = 0): void {
    const { network, places, timeline } = this.#world
    const { link, path, acceptor, dialler } = connection
    if (!dialler.alive) return
    const passes =
      network.carriesTcp(link, acceptor.host) &&
      ![...this.#walls].some((wall) => wall.open === 'dropped') &&
      places.path(link) === path &&
      this.#world.isUp(acceptor.host) &&
      this.#world.isUp(dialler.host)
    if (passes) return timeline.after(this.#random.unit() * network.cleanDelayMs, arrive)
    if (tries < RETRIES_MAX)
      timeline.after(Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** tries), () =>
        this.#carry(connection, arrive, tries + 1)
      )
  }

  /** What the flows' thread does as soon as it runs. */
  #whenRead(connection: Connection, act: () => void): void {
    connection.unread.push(act)
    if (connection.unread.length === 1) this.#read(connection)
  }

  #read(connection: Connection): void {
    const { dialler, unread } = connection
    if (!dialler.alive || unread.length === 0) return
    const runs = dialler.mainRuns
    this.#world.timeline.after(runs ? this.#random.logBetween(0.01, 1) : ATTENDS_EVERY_MS, () => {
      if (runs && dialler.mainRuns) {
        unread[0]?.()
        unread.shift()
      }
      this.#read(connection)
    })
  }

  // --- Looking ---

  #forget(process: EngineProcess): void {
    this.#connections[process.host] = this.#connections[process.host].filter((c) => c.dialler !== process)
  }

  #accepted(process: EngineProcess): Connection[] {
    return this.#connections[other(process.host)].filter((c) => c.acceptor === process && !c.ending)
  }

  /** The connection that this side dialled, told and open, to a peer that lives. */
  #living(host: HostIndex): Connection | null {
    return this.#connections[host].find((c) => c.told && !c.ending && c.acceptor.alive) ?? null
  }

  #ends(host: HostIndex): readonly [dialler: EngineProcess | null, acceptor: EngineProcess | null] {
    return [this.#world.process(host), this.#world.process(other(host))]
  }
}

function other(host: HostIndex): HostIndex {
  return host === 0 ? 1 : 0
}
