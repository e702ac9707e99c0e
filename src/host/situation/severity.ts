/** What something means for the plant. `ok`: one side serves, and the other one can take over. `critical`: nobody serves, or two may. */
export type Severity = 'ok' | 'info' | 'warning' | 'critical'

const ORDER: readonly Severity[] = ['ok', 'info', 'warning', 'critical']

export function worse(a: Severity, b: Severity): Severity {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b
}

/** Negative when `a` is the worse one. */
export function byWorst(a: Severity, b: Severity): number {
  return ORDER.indexOf(b) - ORDER.indexOf(a)
}
