/**
 * What this side's host tells of its copy of the pair's data, and what that means beside what the peer says of its own. Only where both
 * sides have a channel: elsewhere data stays on its host, and nobody waits for it. A takeover by evidence asks for none of it.
 */
import { NOWHERE, type Position } from '../position'
import type { Context } from './context'

/** A barrier ends after this at the latest, and after half of a takeover delay. */
const BARRIER_MS_MAX = 1000

/** Without a key nobody knows whose data it would be. */
export function hasChannel(m: Context): boolean {
  return m.keyed && m.settings.channel === 'auto'
}

/** What is sent to the peer: data that stays here has no position. */
export function toldPosition(m: Context): Position {
  return hasChannel(m) ? m.own.data.position : NOWHERE
}

/** As Active: what flows keep here goes to the peer. */
export function sharesData(m: Context): boolean {
  return hasChannel(m) && m.own.data.users && m.peer.word?.channel === true
}

/** As Active: the peer does not have the data, as one of the two says. That neither does is no proof that it has; a barrier is. */
export function isPeerBehind(m: Context): boolean {
  const { open, inStep } = m.own.data
  return sharesData(m) && (!open || !inStep || m.peer.word?.behind === true)
}

/** The peer is Active, and its flows keep data that comes here. */
export function followsData(m: Context): boolean {
  return hasChannel(m) && m.peer.isHeardActive && m.peer.word?.users === true
}

/** Behind is a side only towards a peer that serves: while nobody does, both are as good as they are. */
export function isBehind(m: Context): boolean {
  return followsData(m) && !(m.own.data.open && m.own.data.inStep)
}

export function barrierMs(m: Context): number {
  return Math.min(BARRIER_MS_MAX, m.peer.peerTimeoutMs / 2)
}
