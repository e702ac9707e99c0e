/** The rows of a card, as text. */
import { IN_STEP_MS_MAX } from '../../src/rules/in-step'
import type { ShownStatus } from './answer'
import { joined, lasting, milliseconds, say, size } from './words'

/** `name`: as the texts call its host. `ageMs`: since the answer. */
export function peerText({ online, peer }: ShownStatus, name: string, ageMs: number): string {
  const parts = [name, say(online ? 'peer.online' : 'peer.offline')]
  // A side that said goodbye has no role any more: that it was starting then would be a riddle.
  const hasRole = peer !== null && (online || peer.role !== 'initial')
  if (hasRole) parts.push(say(online ? 'peer.role' : 'peer.last-role', { role: say(`role.${peer.role}`) }))
  if (peer !== null && online && peer.role === 'active') parts.push(say('epoch', { epoch: peer.epoch }))
  if (peer !== null && !online && peer.heardAgo !== null) {
    parts.push(say('peer.heard', { ago: lasting(peer.heardAgo + ageMs) }))
  }
  return parts.join(say('separator'))
}

export function fitnessText({ fitness, online, peer, wire }: ShownStatus): string {
  if (wire === 'classic') return say('fitness.classic')
  const parts = [say('fitness.here', { value: value(fitness) })]
  if (!online || peer === null) parts.push(say('fitness.peer', { value: say('fitness.unknown') }))
  else {
    // Who serves takes no role from anybody: readiness is about the other one.
    const isBusy = peer.fitness > 0 && !peer.ready && peer.role !== 'active'
    const theirs = isBusy ? say('fitness.not-ready', { n: peer.fitness }) : value(peer.fitness)
    parts.push(say('fitness.peer', { value: theirs }))
  }
  return parts.join(say('separator'))
}

const value = (n: number): string => (n === 0 ? say('fitness.unfit') : say('fitness.value', { n }))

/** With what flows keep in the pair's context store, where they do. `ageMs`: since the answer. */
export function channelText({ channel, role }: Pick<ShownStatus, 'channel' | 'role'>, ageMs: number): string {
  if (channel === null) return say('channel.none')
  const { open, behind, bytes, keys, movedAgo } = channel
  const how = say(open ? 'channel.open' : 'channel.closed')
  if (keys === null || bytes === null) return how
  const parts = [say(keys === 1 ? 'data.amount-one' : 'data.amount', { keys, size: size(bytes) })]
  if (open && role !== 'initial') parts.unshift(standText(role, behind))
  if (movedAgo !== null) parts.push(say('data.moved', { ago: lasting(movedAgo + ageMs) }))
  return joined(how, say('data.of', { what: parts.join(say('separator')) }))
}

function standText(role: 'active' | 'standby', behind: number | null): string {
  if (behind === null) return role === 'active' ? say('data.not-followed') : say('data.catching-up')
  return behind < IN_STEP_MS_MAX ? say('data.in-step') : say('data.behind', { ago: lasting(behind) })
}

/** What becomes of a crash of the peer. */
export function proofText({ channel, witness }: Pick<ShownStatus, 'channel' | 'witness'>): string {
  if (witness !== null) return say('proof.witness')
  if (channel?.proof === true) return say('proof.yes')
  const why = channel === null || channel.why === null ? '' : say(`proof.why.${channel.why}`)
  return joined(say('proof.no'), why)
}

/** `ageMs`: since the answer. */
export function witnessText({ witness }: ShownStatus, ageMs: number): string {
  if (witness === null) return say('witness.none')
  const { online, counted, holder, heardAgo } = witness
  if (!online) {
    const heard = heardAgo === null ? say('witness.never') : say('witness.heard', { ago: lasting(heardAgo + ageMs) })
    return [say('witness.offline'), heard].join(say('separator'))
  }
  const voice = counted ? say(`witness.holder.${holder ?? 'nobody'}`) : ''
  return [say('witness.online'), say(counted ? 'witness.agreed' : 'witness.not-agreed'), voice]
    .filter((part) => part !== '')
    .join(say('separator'))
}

export function roundTripText({ online, peer }: ShownStatus): string {
  return online && typeof peer?.roundTrip === 'number' ? milliseconds(peer.roundTrip) : say('round-trip.unknown')
}
