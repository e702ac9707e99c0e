/** Two Node-RED processes with the same flow file, paired over the loopback address. */
import { join } from 'node:path'
import type { PairStatus } from '../../../src/host/pair'
import { eventually } from '../eventually'
import { type Entry, type FlowNode, KEY, pairFlow } from './flow'
import { installInto } from './npm'
import { freePorts } from '../ports'
import { NodeRedProcess } from './process'
import type { NodeRed } from './versions'

const FORM_LIMIT_MS = 20_000

/** The latest role, online state and status object that a side has told of itself. */
export interface Said {
  readonly role: unknown
  readonly online: unknown
  readonly status: PairStatus | null
}

export function lastSaid(diary: readonly Entry[]): Said {
  const told = diary.filter(({ what }) => what === 'role' || what === 'online' || what === 'event')
  return {
    role: told.findLast(({ what }) => what === 'role')?.payload,
    online: told.findLast(({ what }) => what === 'online')?.payload,
    status: (told.at(-1)?.pair ?? null) as PairStatus | null
  }
}

export interface PairEventPayload {
  readonly event: string
  readonly seq: number
  readonly at: number
  readonly reason: string
  readonly detail: unknown
}

/** The numbered events among the entries, with the status objects they came with. */
export function eventsIn(entries: readonly Entry[]): (PairEventPayload & { readonly pair: PairStatus })[] {
  return entries
    .filter(({ what }) => what === 'event')
    .map(({ payload, pair }) => ({ ...(payload as PairEventPayload), pair: pair as PairStatus }))
}

export class TwoHosts {
  readonly a: NodeRedProcess
  readonly b: NodeRedProcess

  private constructor(a: NodeRedProcess, b: NodeRedProcess) {
    this.a = a
    this.b = b
  }

  /** Installs the package into two user directories below `folder`; starts nothing. `versionB`: of the second host. */
  static async install(
    version: NodeRed,
    packageFile: string,
    folder: string,
    {
      flows = pairFlow(),
      versionB = version
    }: { readonly flows?: readonly FlowNode[]; readonly versionB?: NodeRed } = {}
  ): Promise<TwoHosts> {
    const [portA, portB] = (await freePorts(2)).map(String) as [string, string]
    const make = async (
      name: string,
      localPort: string,
      peerPort: string,
      priority: string
    ): Promise<NodeRedProcess> => {
      const userDirectory = join(folder, name)
      await installInto(userDirectory, packageFile)
      return new NodeRedProcess({
        name,
        version: name === 'b' ? versionB : version,
        userDirectory,
        environment: { LOCAL_PORT: localPort, PEER_PORT: peerPort, PRIORITY: priority, PAIR_KEY: KEY },
        flows,
        credentials: { pair: { key: '${PAIR_KEY}', previousKey: '' } }
      })
    }
    return new TwoHosts(await make('a', portA, portB, '100'), await make('b', portB, portA, '90'))
  }

  /** Starts whatever does not run and waits until one is Active, the other Standby, each online to the other. */
  async form(): Promise<{ active: NodeRedProcess; standby: NodeRedProcess }> {
    const fresh = [this.a, this.b].filter(({ runs }) => !runs)
    const from = new Map([this.a, this.b].map((host) => [host, fresh.includes(host) ? host.diaryMark() : 0]))
    await Promise.all(fresh.map((host) => host.start()))
    return eventually('one is Active, the other Standby, both online', FORM_LIMIT_MS, () => {
      const [a, b] = [this.a, this.b].map((host) => lastSaid(host.diary(from.get(host)))) as [Said, Said]
      if (a.online === true && b.online === true) {
        if (a.role === 'active' && b.role === 'standby') return { active: this.a, standby: this.b }
        if (b.role === 'active' && a.role === 'standby') return { active: this.b, standby: this.a }
      }
      throw new Error(JSON.stringify([a, b].map(({ role, online }) => ({ role, online }))))
    })
  }

  async stop(): Promise<void> {
    await Promise.allSettled([this.a, this.b].map((host) => host.stop()))
  }
}

/** Waits until `host` says, after its diary's line `from`, that it has taken `role`; returns that entry. */
export function roleTaken(host: NodeRedProcess, role: string, from: number, withinMs: number): Promise<Entry> {
  return eventually(`${host.name} becomes ${role}`, withinMs, () =>
    host.diary(from).find(({ what, payload }) => what === 'role' && payload === role)
  )
}
