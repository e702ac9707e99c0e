/** Whether the npm that started us is still there: it may be killed without a word to its script. */
import { readFileSync } from 'node:fs'

const CHECK_EVERY_MS = 500

/** Calls `gone` once the npm that runs this process as a script has ended. Does nothing where no npm did. */
export function watchNpm(gone: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined) return
  const shell = process.ppid
  // npm runs scripts in a shell, which may have made way for the script, or may outlive npm.
  const npm = isShell(shell) ? parentOf(shell) : null
  const timer = setInterval(() => {
    if (process.ppid === shell && (npm === null || parentOf(shell) === npm)) return
    clearInterval(timer)
    gone()
  }, CHECK_EVERY_MS)
  timer.unref()
}

function isShell(pid: number): boolean {
  return /^(sh|dash|ash|bash|zsh|busybox)$/.test(read(`/proc/${pid}/comm`).trim())
}

/** Null where the system does not say. */
function parentOf(pid: number): number | null {
  const match = /^\d+ \(.*\) \S (\d+) /s.exec(read(`/proc/${pid}/stat`))
  return match === null ? null : Number(match[1])
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
