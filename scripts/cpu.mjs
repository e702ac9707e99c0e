/** How busy child processes were: says where the time of `npm test` goes, however busy the machine is with other things. */
import { existsSync, readFileSync } from 'node:fs'

const OWN = '/proc/self/stat'
/** Linux counts in these. */
const TICK_MS = 10
/** Of the fields behind the command's name: time of ended children in their own code, and in the kernel's. */
const [USER, SYSTEM] = [13, 14]

let toldMs = 0

/** CPU time of the children of this process that have ended, and of theirs; 0 where the system has no /proc. */
export function cpuTotalMs() {
  if (!existsSync(OWN)) return 0
  const text = readFileSync(OWN, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[USER]) + Number(fields[SYSTEM])) * TICK_MS
}

/** Of those that have ended since the last call: asked in a child's 'exit', it is that child's. */
export function cpuOfEndedMs() {
  const totalMs = cpuTotalMs()
  const sinceMs = totalMs - toldMs
  toldMs = totalMs
  return sinceMs
}
