/** Who holds the files of a folder: real processes, killed and stopped. */
import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PairFiles, type FilesState } from '../../../src/host/pair-files'
import { holds, until } from '../../support/engine-rig'
import { killChild } from '../../support/kill-child'
import { share } from '../../support/share'

const ROUND_MS = 20
const CROWD = share(8, 20)

class Contender {
  readonly child: ChildProcess
  ready = false
  ended = false
  state: FilesState | null = null
  readonly #crowd: Crowd

  constructor(crowd: Crowd, command: readonly string[], env: Record<string, string> = {}) {
    this.#crowd = crowd
    const [program = '', ...args] = command
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } })
    let said = ''
    this.child.stdout?.on('data', (chunk) => {
      const lines = (said + String(chunk)).split('\n')
      said = lines.pop() ?? ''
      for (const line of lines) this.#hear(line)
    })
    this.child.once('exit', () => (this.ended = true))
  }

  #hear(line: string): void {
    if (line === 'ready') this.ready = true
    else {
      this.state = JSON.parse(line) as FilesState
      if (this.holds) this.#crowd.onHeld(this)
    }
  }

  get holds(): boolean {
    return this.state?.kind === 'held' && !this.ended
  }

  go(): void {
    this.child.stdin?.write('go\n')
  }

  async kill(): Promise<void> {
    // From here on another one may hold the folder.
    this.ended = true
    await killChild(this.child)
  }
}

/** All processes that want one folder. */
class Crowd {
  readonly all: Contender[] = []
  readonly #folder: string
  /** Two held it at the same time. */
  readonly wrong: string[] = []

  constructor(folder: string) {
    this.#folder = folder
  }

  add(wrap: readonly string[] = [], env: Record<string, string> = {}): Contender {
    const command = [...wrap, process.execPath, require.resolve('./files-process'), this.#folder, String(ROUND_MS)]
    const contender = new Contender(this, command, env)
    this.all.push(contender)
    return contender
  }

  get holders(): Contender[] {
    return this.all.filter((contender) => contender.holds)
  }

  onHeld(contender: Contender): void {
    const others = this.holders.filter((other) => other !== contender)
    for (const other of others) this.wrong.push(`${contender.child.pid} beside ${other.child.pid}`)
  }

  async ready(): Promise<void> {
    await until('all are ready', () => this.all.every(({ ready }) => ready), 20_000)
  }

  async holder(): Promise<Contender> {
    await until('somebody holds it', () => this.holders.length > 0)
    return this.holders[0] as Contender
  }

  async end(): Promise<void> {
    await Promise.all(this.all.map((contender) => contender.kill()))
  }
}

const held = (files: PairFiles) => (): boolean => files.state.kind === 'held'
const inUse = (files: PairFiles) => (): boolean => files.state.kind === 'in-use'

describe('the pair files of a folder', function () {
  this.timeout(60_000)
  let base: string
  let folder: string
  let crowd: Crowd
  const here: PairFiles[] = []
  let changes = 0

  const ask = (): PairFiles => {
    const files = new PairFiles(folder, () => changes++, ROUND_MS)
    here.push(files)
    return files
  }

  beforeEach(function () {
    if (process.platform === 'win32') this.skip()
    base = mkdtempSync(join(tmpdir(), 'ha-pair-files-'))
    folder = join(base, 'ha-pair')
    crowd = new Crowd(folder)
    changes = 0
  })
  afterEach(async () => {
    for (const files of here.splice(0)) files.end()
    await crowd.end()
    assert.deepEqual(crowd.wrong, [])
    rmSync(base, { recursive: true, force: true })
  })

  it('belong to one process at once, and to the next one when that ends in whatever way', async () => {
    const child = crowd.add()
    await crowd.ready()
    child.go()
    await until('the child has it', () => child.holds)
    const files = ask()
    await until('this one waits', inUse(files))
    assert.deepEqual(files.state, { kind: 'in-use', holder: `pid ${child.child.pid}` })
    await holds('it goes on waiting', inUse(files), 10 * ROUND_MS)
    await child.kill()
    await until('it goes on by itself', held(files))
    assert.equal(readdirSync(folder).length, 1, 'what the dead one left is removed')
    files.end()
    assert.deepEqual(readdirSync(folder), [], 'nothing is left')
    assert.equal(changes, 2)
  })

  it('stay with a process that does not run, or is too busy to answer', async function () {
    if (process.platform !== 'linux') this.skip()
    const child = crowd.add()
    await crowd.ready()
    child.go()
    await until('the child has it', () => child.holds)
    child.child.kill('SIGSTOP')
    const [flag = ''] = readdirSync(folder)
    const calls: Socket[] = []
    const call = (): Promise<string> =>
      new Promise((result) => {
        const socket = connect(join(folder, flag))
        calls.push(socket)
        socket.once('connect', () => result('connected'))
        socket.once('error', (error: NodeJS.ErrnoException) => result(error.code ?? ''))
      })
    try {
      // More calls than the kernel keeps for a socket.
      let answer = 'connected'
      while (answer === 'connected' && calls.length < 10_000) answer = await call()
      assert.equal(answer, 'EAGAIN')
      const files = ask()
      await until('this one waits', inUse(files))
      await holds('it goes on waiting', inUse(files), 10 * ROUND_MS)
    } finally {
      for (const socket of calls) socket.destroy()
    }
  })

  it(`go to exactly one of ${CROWD} that ask at once, each time that the holder is killed`, async () => {
    for (let i = 0; i < CROWD; i++) crowd.add()
    await crowd.ready()
    for (const contender of crowd.all) contender.go()
    for (let round = 0; round < CROWD - 1; round++) {
      const holder = await crowd.holder()
      await holds('it is the only one', () => crowd.holders.length === 1 && holder.holds, 3 * ROUND_MS)
      await holder.kill()
    }
    await crowd.holder()
  })

  it('go to one at a time, whoever is stopped, goes on and is killed at any moment', async () => {
    for (let i = 0; i < 8; i++) crowd.add()
    await crowd.ready()
    for (const contender of crowd.all) contender.go()
    const living = (): Contender[] => crowd.all.filter(({ ended }) => !ended)
    for (let turn = 0; turn < share(30, 60); turn++) {
      const any = living()[turn % living().length] as Contender
      any.child.kill('SIGSTOP')
      setTimeout(() => any.child.kill('SIGCONT'), (turn * 7) % 60)
      if (turn % 5 === 0) {
        await crowd.holders[0]?.kill()
        crowd.add().go()
      }
      await new Promise((later) => setTimeout(later, (turn * 13) % 50))
    }
    await until('one holds it in the end', () => crowd.holders.length === 1)
  })

  it('are held by one in the same process too', async () => {
    const many = Array.from({ length: 20 }, ask)
    for (let round = 0; round < 20; round++) {
      await until('one holds it', () => many.some((files) => files.free))
      const holder = many.find((files) => files.free)
      await holds('it is the only one', () => many.filter((files) => files.free).length === 1, ROUND_MS)
      holder?.end()
      many.splice(many.indexOf(holder as PairFiles), 1)
    }
  })

  it('are found by whoever has the same folder under a path that is too long for a socket', async () => {
    folder = join(base, 'x'.repeat(80), 'y'.repeat(80))
    crowd = new Crowd(folder)
    const child = crowd.add()
    await crowd.ready()
    child.go()
    await until('the child has it', () => child.holds)
    // A second name: to rename it would take the child's own away, which it finds out with its next look.
    const short = join(base, 'short')
    symlinkSync(folder, short)
    folder = short
    const files = ask()
    await until('this one waits', inUse(files))
    await child.kill()
    await until('it goes on by itself', held(files))
  })

  it('are one process’s also across network namespaces', async function () {
    if (spawnSync('unshare', ['--net', 'true']).status !== 0) this.skip()
    const child = crowd.add(['unshare', '--net', '--mount', '--uts', '--ipc'])
    await crowd.ready()
    child.go()
    await until('the child has it', () => child.holds)
    const files = ask()
    await until('this one waits', inUse(files))
    await child.kill()
    await until('it goes on by itself', held(files))
  })

  it('belong to one of two workers of a cluster, and not to its primary', async () => {
    const primary = crowd.add([], { IN_CLUSTER: '' })
    let said = ''
    primary.child.stdout?.on('data', (chunk) => (said += String(chunk)))
    await until('both know', () => said.includes('held') && said.includes('in-use'), 20_000)
    assert.equal(said.split('held').length, 2, said)
    const [flag] = readdirSync(folder)
    process.kill(Number(flag?.split('.')[1]), 'SIGKILL')
    await until('the other one has it', () => said.split('held').length === 3)
  })

  it('do not belong to what only looks like a holder', async () => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'lock.1.0123456789abcdef'), 'restored from a backup')
    writeFileSync(join(folder, 'lock.json'), 'a pair file')
    const files = ask()
    await until('it is held', held(files))
    assert.equal(readdirSync(folder).length, 2)
    assert.ok(readdirSync(folder).includes('lock.json'))
  })

  it('that somebody removes with the folder are held again, or lost to who was quicker', async () => {
    const files = ask()
    await until('it is held', held(files))
    rmSync(folder, { recursive: true })
    await until('it is held again', () => readdirSync(base).includes('ha-pair') && readdirSync(folder).length === 1)
    assert.equal(changes, 1)

    const child = crowd.add()
    await crowd.ready()
    // Both see a folder in which nobody is.
    rmSync(folder, { recursive: true })
    child.go()
    await until('it is clear who has it', () => child.state !== null)
    await until('the other one knows', () => child.holds !== files.free)
    await holds('and it stays so', () => child.holds !== files.free, 5 * ROUND_MS)
  })

  it('in a folder that takes no lock are used all the same, and that is said', async function () {
    if (process.getuid?.() === 0) {
      // Root may write everywhere: a file where the folder should be.
      writeFileSync(folder, '')
    } else {
      mkdirSync(folder, { mode: 0o500 })
      chmodSync(folder, 0o500)
    }
    const files = ask()
    await until('it is known', () => files.state.kind !== 'asked')
    assert.equal(files.state.kind, 'unlockable')
    assert.equal(files.free, true)
    rmSync(folder, { recursive: true })
    await until('it is held as soon as that is possible', held(files))
  })
})
