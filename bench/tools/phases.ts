/**
 * One phase from each of `count` equal parts of the heartbeat, in an order that chance decides: what a uniform phase does, evener.
 * `random`: uniform over [0, 1).
 */
export function phases(count: number, random: () => number): number[] {
  const parts = Array.from({ length: count }, (_, i) => (i + random()) / count)
  for (let i = parts.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const [a, b] = [parts[i] as number, parts[j] as number]
    parts[i] = b
    parts[j] = a
  }
  return parts
}
