/** Everything that can be done to a pair, as data: a schedule of these can be printed, replayed and shrunk. */
import type { Designation } from '../../../src/protocol/machine'
import type { Disturbance, HostIndex } from '../../support/network'

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
  /** kill -9, started again afterwards. Its kernel ends the connections after `fin` ms, or resets them. */
  | (For & { readonly kind: 'crash'; readonly host: HostIndex; readonly fin: number | 'reset' })
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
  /** Forged 'port unreachable' messages: to a socket that is not connected they are nothing. */
  | (At & { readonly kind: 'icmp'; readonly host: HostIndex; readonly count: number })
  /** Something on the path ends the connection that this host dialled, with a FIN or a reset, while its peer lives. */
  | (At & { readonly kind: 'tcp-fin'; readonly host: HostIndex })
  | (At & { readonly kind: 'tcp-reset'; readonly host: HostIndex })
  /** This host dials again and has two connections for a moment. */
  | (At & { readonly kind: 'tcp-again'; readonly host: HostIndex })
  /** A firewall: new connections are dropped or refused, and those that are open are dropped, reset or left alone. */
  | (For & { readonly kind: 'tcp-wall'; readonly refuses: boolean; readonly open: 'dropped' | 'reset' | 'left' })
  /** The host's address on this link is another one from now on; the old one may be somebody else's. */
  | (At & { readonly kind: 'move'; readonly host: HostIndex; readonly link: number; readonly taken: boolean })
  /** It is without an address for a while, and has the same or another one afterwards. */
  | (For & { readonly kind: 'unplug'; readonly host: HostIndex; readonly link: number; readonly moves: boolean })
  /** It has a second address for a while, and speaks from that one. */
  | (For & { readonly kind: 'alias'; readonly host: HostIndex; readonly link: number })
  /** The NAT before it gives its frames another port. */
  | (At & { readonly kind: 'rebind'; readonly host: HostIndex; readonly link: number })
  /** Its name stands for another host's address for a while, and for its own afterwards. */
  | (For & { readonly kind: 'misname'; readonly host: HostIndex; readonly link: number })
  /** Its name stands for the address that it has. */
  | (At & { readonly kind: 'rename'; readonly host: HostIndex; readonly link: number })
  /** The store's file becomes what it was so many records ago; noticed at the next start. */
  | (At & { readonly kind: 'store-restored'; readonly host: HostIndex; readonly back: number })
  /** Another process writes the file of this side, and the side is told. */
  | (At & { readonly kind: 'store-foreign'; readonly host: HostIndex })
  /** Another process with the same key and a copy of this side's record runs elsewhere for a while. */
  | (For & { readonly kind: 'second-peer'; readonly host: HostIndex; readonly cloned: boolean })
  /** The wall clock is set; the host does not sleep. */
  | (At & { readonly kind: 'clock-jump'; readonly host: HostIndex; readonly byMs: number })
  /** The virtual machine is set back to what it was `agoMs` ago; `unseen`: its wall clock does not tell. */
  | (At & {
      readonly kind: 'vm-restored'
      readonly host: HostIndex
      readonly agoMs: number
      readonly unseen: boolean
    })
  /** The host applies what the peer writes this much later. */
  | (For & { readonly kind: 'copy-slow'; readonly host: HostIndex; readonly slowMs: number })
  /** What the host follows begins anew, with a snapshot. */
  | (At & { readonly kind: 'copy-anew'; readonly host: HostIndex })
  /** The host answers barriers this much later; or it cannot, or does not answer at all. */
  | (For & { readonly kind: 'barrier-late'; readonly host: HostIndex; readonly lateMs: number })
  | (For & { readonly kind: 'barrier-mute'; readonly host: HostIndex })
  /** Its flows begin to keep data, or keep none any more. */
  | (At & { readonly kind: 'data-users'; readonly host: HostIndex; readonly on: boolean })
  /** Somebody on the path ends the connection that this host dialled, refuses the next and keeps its peer's frames away. */
  | (For & { readonly kind: 'liar'; readonly host: HostIndex })

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
  /** Both hosts lose their power; both return, or one of them. */
  | 'power-cut'
  | 'power-cut-one'
  | 'stop-active'
  | 'restart-active'
  | 'restart-standby'
  | 'cut'
  | 'clock-jump'

/** One line for people. */
export function describeFault(fault: Fault): string {
  const { atMs, kind, ...rest } = fault
  return `${atMs.toFixed(1)} ms ${kind} ${JSON.stringify(rest, (_key, value: unknown) =>
    typeof value === 'number' ? Math.round(value * 1000) / 1000 : value
  )}`
}
