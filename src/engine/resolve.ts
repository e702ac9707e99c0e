/**
 * Names to addresses. IPv4 comes first, so that both sides of a pair choose the same family by themselves.
 * Few lookups run at a time: each occupies a thread of the pool that the epoch store writes with, and a dead name server
 * would otherwise take them all.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { codeOf } from './error-code'
import { WorkQueue } from './work-queue'

const LOOKUPS_MAX = 2

/** Rejects, or gives at least one address. */
export type Lookup = (host: string) => Promise<readonly string[]>

export type Resolved =
  | { readonly addresses: readonly string[]; readonly error: null }
  | { readonly addresses: null; readonly error: string }

async function systemLookup(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true })
  return found.map((entry) => entry.address)
}

export class Resolver {
  readonly #lookup: Lookup
  readonly #underWay = new Map<string, Promise<Resolved>>()
  readonly #lookups = new WorkQueue(LOOKUPS_MAX)

  constructor(ask: Lookup = systemLookup) {
    this.#lookup = ask
  }

  /** Never rejects. Callers who ask for the same name at the same time share one lookup. */
  resolve(host: string): Promise<Resolved> {
    if (isIP(host) !== 0) return Promise.resolve({ addresses: [withZoneName(host)], error: null })
    const shared = this.#underWay.get(host)
    if (shared !== undefined) return shared
    const asked = this.#ask(host).finally(() => this.#underWay.delete(host))
    this.#underWay.set(host, asked)
    return asked
  }

  async #ask(host: string): Promise<Resolved> {
    try {
      const addresses = await this.#lookups.run(() => this.#lookup(host))
      return { addresses: [...addresses].sort((a, b) => isIP(a) - isIP(b)), error: null }
    } catch (error) {
      return { addresses: null, error: codeOf(error) }
    }
  }
}

/** A zone may be given as a number, `fe80::1%2`; sockets know it by the interface's name, except on Windows. */
function withZoneName(address: string): string {
  const [, ip, number] = /^(.+)%(\d+)$/.exec(address) ?? []
  if (number === undefined || process.platform === 'win32') return address
  for (const [name, entries = []] of Object.entries(networkInterfaces())) {
    if (entries.some((entry) => entry.family === 'IPv6' && entry.scopeid === Number(number))) return `${ip}%${name}`
  }
  return address
}
