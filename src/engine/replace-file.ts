/** Replacing a small file as a whole: temporary file, fsync, rename, fsync of the folder. When that is done, it is on disk. */
import { mkdir, open, rename, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { threadId } from 'node:worker_threads'
import { codeOf } from './error-code'

/** What was there goes to `aside`, or is overwritten where that is null. Null, or the code of what failed. */
export async function replaceFile(file: string, text: string, aside: string | null): Promise<string | null> {
  // A thread that died may still have one write under way: each thread has a name of its own for it.
  const draft = `${file}.${threadId}.tmp`
  try {
    const handle = await openDraft(draft)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (aside !== null) await setAside(file, aside)
    await rename(draft, file)
    await syncFolder(dirname(file))
    return null
  } catch (error) {
    return codeOf(error)
  }
}

/** The folder is there, but for the first time. */
async function openDraft(draft: string): Promise<FileHandle> {
  try {
    return await open(draft, 'w', 0o600)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    await mkdir(dirname(draft), { recursive: true })
    return open(draft, 'w', 0o600)
  }
}

/** A file that an earlier try has set aside already is not missed. */
async function setAside(file: string, aside: string): Promise<void> {
  try {
    await rename(file, aside)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folder; there the rename is as durable as it gets.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
