/** The outside clock: CLOCK_MONOTONIC of the kernel, which all processes and network namespaces of a machine share. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

export const US_PER_MS = 1000

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
