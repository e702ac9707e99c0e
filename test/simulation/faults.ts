/** Everything that can be done to a pair, as data: a schedule of these can be printed, replayed and shrunk. */
import type { Designation } from '../../src/protocol/machine'
import type { Disturbance, HostIndex } from './network'

/** Frames travelling to this host, or both ways. */
export type Way = 'both' | 'to0' | 'to1'

interface At {
  /** True time of the beginning. */
  readonly atMs: number
}

interface For extends At {
  readonly forMs: number
}

export type Fault =
  | (For & {
      readonly kind: NetworkFaultKind
      readonly link: number | 'all'
      readonly way: Way
      readonly disturbance: Disturbance
    })
  /** The engine's thread does not run; the flows' thread does. */
  | (For & { readonly kind: 'engine-stall'; readonly host: HostIndex })
  /** SIGSTOP, then SIGCONT: neither thread runs, the clock does. */
  | (For & { readonly kind: 'sigstop'; readonly host: HostIndex })
  /** The whole host sleeps: its monotonic clock stands still, frames to it are lost. */
  | (For & { readonly kind: 'suspend'; readonly host: HostIndex })
  /** The flows' event loop hangs; the engine is told. */
  | (For & { readonly kind: 'flows-hang'; readonly host: HostIndex })
  /** kill -9, started again afterwards. The host answers 'port unreachable'. */
  | (For & { readonly kind: 'crash'; readonly host: HostIndex })
  /** The whole host, gone without a word. */
  | (For & { readonly kind: 'power-off'; readonly host: HostIndex })
  /** Stopped in order: goodbye, `lingerMs` later the process ends. */
  | (For & { readonly kind: 'stop'; readonly host: HostIndex; readonly lingerMs: number })
  | (For & { readonly kind: 'store-fails'; readonly host: HostIndex })
  | (For & { readonly kind: 'store-slow'; readonly host: HostIndex; readonly slowMs: number })
  /** The store's file disappears; noticed at the next start. */
  | (At & { readonly kind: 'store-lost'; readonly host: HostIndex })
  /** The link's socket is closed and opened again while the process lives. */
  | (For & { readonly kind: 'socket'; readonly host: HostIndex; readonly link: number })
  | (At & {
      readonly kind: 'command'
      readonly host: HostIndex
      readonly designate: Designation
      readonly force: boolean
    })
  | (At & { readonly kind: 'fitness'; readonly host: HostIndex; readonly value: number })
  | (At & { readonly kind: 'flows-hash'; readonly host: HostIndex; readonly hash: number })
  | (At & { readonly kind: 'clock-rate'; readonly host: HostIndex; readonly rate: number })
  /** Settings that hold from the next start of this side. */
  | (At & { readonly kind: 'reconfigure'; readonly host: HostIndex; readonly change: SettingsChange })
  /** Recorded frames, sent again to `host`; `reflect` sends it its own. */
  | (At & {
      readonly kind: 'replay'
      readonly host: HostIndex
      readonly count: number
      readonly age: ReplayAge
      readonly overMs: number
    })
  | (At & { readonly kind: 'junk'; readonly host: HostIndex; readonly count: number })

export type NetworkFaultKind = 'cut' | 'one-way-cut' | 'loss' | 'burst' | 'delay' | 'reorder' | 'duplicate'
export type FaultKind = Fault['kind']
export type ReplayAge = 'recent' | 'any' | 'earlier-session' | 'reflect'

export interface SettingsChange {
  readonly priority?: number
  readonly peerTimeoutMs?: number
  readonly heartbeatMs?: number
}

/** What is done once all is quiet, to see that the pair still does its duty. */
export type Finale =
  | 'none'
  | 'swap'
  | 'crash-active'
  | 'crash-standby'
  | 'power-off-active'
  | 'power-off-standby'
  | 'stop-active'
  | 'restart-active'
  | 'restart-standby'
  | 'cut'

/** One line for people. */
export function describeFault(fault: Fault): string {
  const { atMs, kind, ...rest } = fault
  return `${atMs.toFixed(1)} ms ${kind} ${JSON.stringify(rest, (_key, value: unknown) =>
    typeof value === 'number' ? Math.round(value * 1000) / 1000 : value
  )}`
}
