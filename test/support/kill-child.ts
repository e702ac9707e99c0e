import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

const END_LIMIT_MS = 5000

/** Returns when the kernel has ended it; also of one that had ended before, by itself or by a signal. Errors: that it goes on. */
export async function killChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit', { signal: AbortSignal.timeout(END_LIMIT_MS) })
  child.kill('SIGKILL')
  await exited
}
