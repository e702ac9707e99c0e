/** Links whose addresses cannot work: known before any socket is opened. Names are compared as text and not looked up. */
import { wholeNumber } from './values'

export const LINK_FIELDS = ['peerHost', 'peerPort', 'localHost', 'localPort'] as const
export type LinkField = (typeof LINK_FIELDS)[number]

/** A link as it was read or typed: a port that is no number is compared as text. */
export interface LinkAddresses {
  readonly peerHost: string
  readonly peerPort: number | string
  readonly localHost: string
  readonly localPort: number | string
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/
const HEX_GROUP = /^[\da-f]{1,4}$/i
const IPV6_GROUPS = 8
/** The longest name that DNS knows, and a part of one. Hosts files and some networks use names with an underscore. */
const NAME_CHARS_MAX = 253
const NAME_PART = /^(?!-)[\p{L}\p{N}_-]{1,63}(?<!-)$/u

/** What a text would have to be, and is not. */
export type HostProblem = 'ipv4' | 'ipv6' | 'hostname'

/**
 * Whether a text can be a host's name or address; null = it can. What ends in a number is an address, as it is for every
 * resolver, and what has a colon too. The dialog checks this; the running pair leaves it to the resolver.
 */
export function hostProblem(text: string): HostProblem | null {
  if (text.includes(':')) return isIpv6(text) ? null : 'ipv6'
  const parts = text.replace(/\.$/, '').split('.')
  if (/^\d+$/.test(parts.at(-1) ?? '')) return IPV4.test(text) ? null : 'ipv4'
  return text.length <= NAME_CHARS_MAX && parts.every((part) => NAME_PART.test(part)) ? null : 'hostname'
}

/** With or without a zone. */
function isIpv6(text: string): boolean {
  const [address = '', zone, ...zones] = text.split('%')
  const [head = '', tail, ...tails] = address.split('::')
  if (zone === '' || zones.length > 0 || tails.length > 0) return false
  const groups = [head, tail ?? ''].flatMap((part) => (part === '' ? [] : part.split(':')))
  const last = groups.at(-1) ?? ''
  const endsInIpv4 = IPV4.test(last) && address.endsWith(last)
  const words = endsInIpv4 ? groups.slice(0, -1) : groups
  const count = words.length + (endsInIpv4 ? 2 : 0)
  return (
    words.every((word) => HEX_GROUP.test(word)) && (tail === undefined ? count === IPV6_GROUPS : count < IPV6_GROUPS)
  )
}

/** A link that would talk to itself. */
export function pointsAtItself(link: LinkAddresses): boolean {
  if (!isSamePort(link.peerPort, link.localPort)) return false
  const peer = canonicalHost(link.peerHost)
  const local = canonicalHost(link.localHost)
  return isAnyAddress(local) ? isLoopback(peer) : local === peer
}

/** Two links that need the same local port. */
export function bindsTheSame(a: LinkAddresses, b: LinkAddresses): boolean {
  if (!isSamePort(a.localPort, b.localPort)) return false
  const [hostA, hostB] = [canonicalHost(a.localHost), canonicalHost(b.localHost)]
  if (hostA !== '' && hostA === hostB) return true
  return (isAnyAddress(hostA) || isAnyAddress(hostB)) && familyOf(a) === familyOf(b)
}

/** Of the two sides of these links the one that an address belongs to; null = neither, as far as text can tell. */
export function whoseHost(
  host: string,
  links: readonly Pick<LinkAddresses, 'peerHost' | 'localHost'>[]
): 'peer' | 'own' | null {
  const asked = canonicalHost(host)
  if (asked === '') return null
  if (links.some(({ peerHost }) => canonicalHost(peerHost) === asked)) return 'peer'
  return links.some(({ localHost }) => canonicalHost(localHost) === asked) ? 'own' : null
}

function isSamePort(a: number | string, b: number | string): boolean {
  return canonicalPort(a) === canonicalPort(b)
}

function canonicalPort(port: number | string): number | string {
  return wholeNumber(port) ?? String(port).trim()
}

function canonicalHost(host: string): string {
  const lower = host.trim().toLowerCase()
  return lower === 'localhost' ? '127.0.0.1' : lower
}

function isAnyAddress(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::'
}

/** Of this host only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (familyOfHost(host) === 4 && host.startsWith('127.'))
}

/** An IPv6 address that means nothing without its interface. */
export const isLinkLocal = (host: string): boolean => /^fe[89ab][0-9a-f]:/i.test(host.trim())
export const withoutZone = (host: string): string => host.split('%', 1)[0] ?? ''

function familyOf(link: LinkAddresses): 0 | 4 | 6 {
  return familyOfHost(link.localHost) || familyOfHost(link.peerHost)
}

/** 4, 6, or 0 where only a name server could tell: no name holds a colon. */
function familyOfHost(host: string): 0 | 4 | 6 {
  if (IPV4.test(host.trim())) return 4
  return host.includes(':') ? 6 : 0
}
