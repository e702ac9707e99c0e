/** An update replaces the package's files under a running process, and then the engine's thread dies. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts, link, settings, until } from '../../support/engine-rig'
import { ROOT } from '../../support/root'

const WAIT_MS = 15_000

describe('a package whose files are replaced while it runs', function () {
  this.timeout(60_000)
  let folder: string
  let child: ChildProcess

  before(() => {
    // Inside the checkout, so that what the package depends on is found.
    mkdirSync(join(ROOT, '.tmp'), { recursive: true })
    folder = mkdtempSync(join(ROOT, '.tmp', 'replaced-'))
    cpSync(join(ROOT, 'dist', 'src'), join(folder, 'dist', 'src'), { recursive: true })
    cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
  })
  after(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    rmSync(folder, { recursive: true, force: true })
  })

  it('starts its engine’s thread anew with the code that it was started with', async () => {
    const [x = 0, y = 0] = await freePorts(2)
    const side = settings([link(x, y)], { peerTimeoutMs: 100 })
    const src = join(folder, 'dist', 'src')
    const args = [src, JSON.stringify(side), 'exception']
    child = spawn(process.execPath, [require.resolve('./thread-end'), ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    let said = ''
    child.stdout?.on('data', (chunk) => (said += String(chunk)))
    await until('it serves', () => said.includes('alone active 0'), WAIT_MS)

    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).map((name) => join(src, name))
    for (const file of files.filter((path) => statSync(path).isFile())) {
      writeFileSync(file, "throw new Error('another version')\n")
    }
    child.stdin?.write('crash\n')
    await until('it serves again', () => said.includes('alone active 1'), WAIT_MS)

    rmSync(folder, { recursive: true })
    child.stdin?.write('crash\n')
    await until('it serves again', () => said.includes('alone active 2'), WAIT_MS)
  })
})
