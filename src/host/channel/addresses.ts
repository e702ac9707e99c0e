/** IP addresses in one form: 16 bytes, IPv4 as `::ffff:a.b.c.d`, without a zone, which means something on one host only. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'

export const ADDRESS_BYTES = 16

/** A socket's address and port, as the system names them; undefined once it is closed. */
export interface Endpoint {
  readonly address: string | undefined
  readonly port: number | undefined
}

/** Null for what is no address. */
export function addressBytes(text: string | undefined): Buffer | null {
  const bare = text?.split('%')[0] ?? ''
  const family = isIP(bare)
  if (family === 0) return null
  const bytes = Buffer.alloc(ADDRESS_BYTES)
  if (family === 4) {
    bytes.writeUInt16BE(0xffff, 10)
    bytes.set(bare.split('.').map(Number), 12)
    return bytes
  }
  const [head = '', tail = ''] = bare.split('::')
  const [front, back] = [groups(head), groups(tail)]
  front.forEach((group, at) => bytes.writeUInt16BE(group, 2 * at))
  back.forEach((group, at) => bytes.writeUInt16BE(group, ADDRESS_BYTES - 2 * (back.length - at)))
  return bytes
}

function groups(part: string): number[] {
  if (part === '') return []
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}

/** To compare addresses by; '' for what is no address. */
export function normalAddress(text: string | undefined): string {
  return addressBytes(text)?.toString('hex') ?? ''
}

/** What a name stands for now; an address stands for itself. Empty when there is no answer. */
export async function addressesOf(host: string): Promise<readonly string[]> {
  if (host === '' || isIP(host) !== 0) return host === '' ? [] : [host]
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch {
    return []
  }
}
