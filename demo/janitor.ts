/**
 * Outlives the demo by an instant: kills what the demo started, should the demo itself be killed. Its own session, so
 * that a Ctrl-C does not reach it. Input: lines `+<pid>` and `-<pid>` on stdin; at the end of stdin the demo is gone.
 */
import { createInterface } from 'node:readline'

const pids = new Set<number>()

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const pid = Number(line.slice(1))
    if (!Number.isSafeInteger(pid) || pid <= 1) return
    if (line.startsWith('+')) pids.add(pid)
    else pids.delete(pid)
  })
  .on('close', () => {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // Gone already.
      }
    }
  })
