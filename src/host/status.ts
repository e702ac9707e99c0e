/** The status object, from what the engine said last and what its shared cell says now. The newer of the two wins. */
import { mayServe, nowUs, type EngineCell, type EngineSigns, type PairCellValue } from '../engine/cells'
import type { Snapshot } from '../engine/messages'
import type { ProofState } from '../protocol/machine'
import type { ChannelState } from './channel/channel'
import type { ChannelStatus, PairStatus } from './pair'
import type { DataReading } from './shared-data'

/** One instant in both clocks; injected for tests. */
export interface Instant {
  readonly nowMicros: bigint
  readonly wallMs: number
}

export function thisInstant(): Instant {
  return { nowMicros: nowUs(), wallMs: Date.now() }
}

/** An engine with nothing to do gives a sign of life every second; one that is silent for this long hangs. */
export const ENGINE_SILENT_MS_MAX = 5000

/** ms since the engine's last sign of life; null = it does not run. */
export function engineAgoMs(engine: EngineCell, { nowMicros }: Instant): number | null {
  const tick = engine.readTick()
  if (tick === 0n || engine.isDead()) return null
  return Math.max(0, Math.round(Number(nowMicros - tick) / 1000))
}

/** What the host knows of the pair beside its engine. */
export type OwnFacts = Pick<PairStatus, 'name' | 'host' | 'seq' | 'fitness' | 'lost' | 'channel'>

/** Without what it means, which `situation.ts` says. */
export function statusOf(
  own: OwnFacts,
  snapshot: Snapshot,
  cell: PairCellValue,
  engine: EngineSigns,
  at: Instant
): Omit<PairStatus, 'situation'> {
  const nowMs = Number(at.nowMicros) / 1000
  // The cell is ahead while the engine's message still waits in this thread's queue, for example after a long block.
  const ahead = cell.role !== snapshot.role
  const leased = cell.role === 'active' && cell.leaseUntilMs !== Infinity
  return {
    name: own.name,
    host: own.host,
    role: cell.role,
    previousRole: ahead ? snapshot.role : snapshot.previousRole,
    reason: ahead ? 'none' : snapshot.reason,
    since: ahead ? at.wallMs : snapshot.since,
    epoch: Math.max(cell.epoch, snapshot.epoch),
    seq: own.seq,
    serving: mayServe(cell, engine, at.nowMicros, at.wallMs),
    online: snapshot.online,
    lost: own.lost,
    alone: snapshot.aloneBar,
    fitness: own.fitness,
    policy: snapshot.policy,
    wire: snapshot.wire,
    authenticated: snapshot.authenticated,
    leaseLeft: leased ? Math.max(0, Math.round(cell.leaseUntilMs - nowMs)) : null,
    peer:
      snapshot.peer === null
        ? null
        : {
            ...snapshot.peer,
            heardAgo: cell.heardAtMs === null ? null : Math.max(0, Math.round(nowMs - cell.heardAtMs)),
            roundTrip: cell.roundTripMs === null ? null : Math.round(cell.roundTripMs * 1000) / 1000
          },
    channel: own.channel,
    witness:
      snapshot.witness === null
        ? null
        : {
            ...snapshot.witness,
            heardAgo: cell.witnessHeardAtMs === null ? null : Math.max(0, Math.round(nowMs - cell.witnessHeardAtMs))
          }
  }
}

/** What the engine says of a proof, and where that is 'no tether', why there is none. Null without a channel. */
export function channelStatus(
  proof: ProofState,
  channel: ChannelState | null,
  data: DataReading
): ChannelStatus | null {
  if (channel === null) return null
  const { open, blocked } = channel
  if (proof === 'possible' && open) return { open, proof: true, why: null, ...data }
  // The two do not hear of a change at the same moment.
  const noTether = proof === 'no-tether' || proof === 'possible'
  return { open, proof: false, why: noTether ? (blocked ? 'channel-blocked' : 'channel-lost') : proof, ...data }
}
