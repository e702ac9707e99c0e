/** The Chromium of this machine, headless, and with no way to anywhere but the loopback address. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

/** The first one is without what only a window needs: a fifth less work. */
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  // The same pixels on every machine.
  '--force-color-profile=srgb',
  '--font-render-hinting=none'
]

/** The path of a Chromium, or null where there is none. */
export function findChromium(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const paths = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))
  return paths.find((path) => existsSync(path)) ?? null
}

/** For a `before` hook: skips its tests, and says so in one line, where the machine has no Chromium. */
export function skipWithoutChromium(context: Mocha.Context): void {
  if (findChromium() !== null) return
  console.log(
    '# the browser tests did not run: there is no Chromium on the PATH (Debian package: chromium-headless-shell)'
  )
  context.skip()
}

/** Starts it with a fresh user data directory, which goes with it. */
export async function startChromium(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === null) throw new Error('no Chromium on the PATH')
  return chromium.launch({ executablePath, headless: true, args: FLAGS })
}
