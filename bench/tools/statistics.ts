/** Figures of a sample. Quantiles by linear interpolation between the order statistics (type 7 of Hyndman and Fan, 1996). */
export interface Summary {
  readonly count: number
  readonly min: number
  readonly median: number
  readonly p95: number
  readonly max: number
  /** Interquartile range: how far apart the middle half lies. */
  readonly spread: number
}

/** Errors: throws on an empty sample. */
export function quantile(sample: readonly number[], share: number): number {
  if (sample.length === 0) throw new Error('an empty sample has no quantiles')
  const sorted = sample.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}

export function summarize(sample: readonly number[]): Summary {
  return {
    count: sample.length,
    min: quantile(sample, 0),
    median: quantile(sample, 0.5),
    p95: quantile(sample, 0.95),
    max: quantile(sample, 1),
    spread: quantile(sample, 0.75) - quantile(sample, 0.25)
  }
}
