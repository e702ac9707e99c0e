/** The badge of a health node: the colour tells its value, the shape whether the side serves. */
import type { PairStatus } from '../src/host/pair'
import { shapeOf, type Badge, type Say } from './badge'
import { FITNESS_MAX } from './fitness'

/** What a health node says, and what the side counts. */
export interface Fitness {
  /** Null before the first value. */
  readonly value: number | null
  readonly expired: boolean
  /** The lowest of all health nodes of the pair. */
  readonly lowest: number
}

/** `trouble` is the pair's, in words; `say` reads the catalogue of `ha-pair-health`. */
export function healthBadge(fitness: Fitness, status: PairStatus, trouble: string | null, say: Say): Badge {
  const { value, lowest } = fitness
  const parts = [ownText(fitness, say)]
  if (lowest < (value ?? FITNESS_MAX)) parts.push(say('badge.side', { value: lowest }))
  if (status.wire === 'classic') parts.push(say('badge.classic'))
  if (trouble !== null) parts.push(trouble)
  return { fill: fillOf(fitness, status, trouble), shape: shapeOf(status.serving), text: parts.join(' · ') }
}

function ownText({ value, expired }: Fitness, say: Say): string {
  if (value === null) return say('badge.waiting')
  if (expired) return say('badge.expired')
  if (value === 0) return say('badge.unfit')
  return value === FITNESS_MAX ? say('badge.fit', { value }) : say('badge.fitness', { value })
}

function fillOf({ value }: Fitness, status: PairStatus, trouble: string | null): Badge['fill'] {
  if (value === 0 || trouble !== null) return 'red'
  return value === FITNESS_MAX && status.wire !== 'classic' ? 'green' : 'yellow'
}
