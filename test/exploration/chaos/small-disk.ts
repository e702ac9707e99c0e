/** A disk of its own for a side's folder, so small that it can be filled. */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../../../src/engine/error-code'

const SIZE_MIB = 24
const CHUNKS = [1 << 20, 1 << 12, 1]
/** Names the disk in the list of mounts. */
const NAME = `hapair-disk-${process.pid}`
const MOUNT = /^hapair-disk-(\d+) (\S+)/

export class SmallDisk {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
    const options = ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m,mode=700`]
    const { status, stderr } = spawnSync('mount', [...options, NAME, folder], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`no disk at ${folder}: ${stderr}`)
  }

  /** Not a byte more goes onto it. */
  fill(): void {
    const file = openSync(join(this.#folder, 'filler'), 'w')
    try {
      for (const bytes of CHUNKS) while (takes(file, Buffer.alloc(bytes)));
    } finally {
      closeSync(file)
    }
  }

  free(): void {
    rmSync(join(this.#folder, 'filler'), { force: true })
  }
}

function takes(file: number, chunk: Buffer): boolean {
  try {
    return writeSync(file, chunk) > 0
  } catch (error) {
    if (codeOf(error) === 'ENOSPC') return false
    throw error
  }
}

/** Those of this run, and those of runs that are gone. */
export function removeDisks(): void {
  for (const line of readFileSync('/proc/mounts', 'utf8').split('\n')) {
    const [, pid, folder] = MOUNT.exec(line) ?? []
    if (folder !== undefined && (Number(pid) === process.pid || !lives(Number(pid))))
      spawnSync('umount', ['-l', folder])
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}
