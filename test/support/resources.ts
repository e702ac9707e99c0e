/** What a process holds open, from Linux's /proc; for leak checks. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface Resources {
  readonly udpSockets: number
  readonly files: number
  readonly threads: number
  readonly rssBytes: number
}

/** Errors: throws when the process does not run (any more), or where there is no /proc. */
export function resourcesOf(pid: number): Resources {
  const own = `/proc/${pid}`
  const files = readdirSync(`${own}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`${own}/fd/${fd}`)]
    } catch {
      return [] // closed since
    }
  })
  const inodes = ['udp', 'udp6'].flatMap((family) =>
    readFileSync(`${own}/net/${family}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/)[9])
  )
  return {
    udpSockets: files.filter((file) => inodes.includes(/^socket:\[(\d+)\]$/.exec(file)?.[1] ?? '?')).length,
    files: files.length,
    threads: readdirSync(`${own}/task`).length,
    rssBytes: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`${own}/status`, 'utf8'))?.[1] ?? 0) * 1024
  }
}
