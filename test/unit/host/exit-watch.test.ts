/** How processes end or hang, and what their peers see of it. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { hub } from '../../../src/host/root'
import type { Pair } from '../../../src/host/pair'
import type { PairSettings } from '../../../src/protocol/settings'
import { freePorts, holds, link, settings, until } from '../../support/engine-rig'
import type { Ending } from '../../support/side-process'

/** Nobody takes over by silence within a test. */
const SLOW = { heartbeatMs: 500, peerTimeoutMs: 60_000 }

describe('a process with an Active that ends', function () {
  this.timeout(20_000)
  let child: ChildProcess
  let said: string
  let peer: Pair

  /** Starts the other side in a process of its own, and waits until it is Active and this side its Standby. */
  const startActive = async (ending: Ending, over: Partial<PairSettings> = SLOW): Promise<void> => {
    const [x = 0, y = 0] = await freePorts(2)
    said = ''
    const argument = JSON.stringify(settings([link(x, y)], { ...over, priority: 200 }))
    child = spawn(process.execPath, [require.resolve('../../support/side-process'), argument, ending], {
      stdio: ['ignore', 'pipe', 'pipe']
    })
    child.stdout?.on('data', (chunk) => (said += String(chunk)))
    child.stderr?.on('data', (chunk) => (said += String(chunk)))
    peer = hub.acquire({
      id: 'peer',
      settings: settings([link(y, x)], { ...over, priority: 1 }),
      // That of the other process: a crash is proved over the channel, which needs one.
      keys: { key: 'x3Gk9-QvT71_mZpL0wBc4R', previousKey: '' },
      storeFile: null
    }).pair
    // A child that is slow to start finds its peer Active.
    await until('the two meet', () => peer.status().online || said.includes('active'))
    // The shared cell may be ahead of what the engine has told.
    await until('what it says is of one moment', () => peer.status().reason !== 'none')
    const took = peer.status()
    if (took.role === 'active' && took.reason !== 'peer-left') await peer.designate('standby', false)
    await until('the other side is Active', () => said.includes('active'))
  }
  const ended = async (): Promise<[number | null, NodeJS.Signals | null]> => {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    return [child.exitCode, child.signalCode]
  }
  const takesOver = async (): Promise<void> => {
    await until('the peer serves', () => peer.gate().open && peer.status().reason !== 'none')
    assert.equal(peer.status().reason, 'peer-left')
  }

  afterEach(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await hub.shutdown()
  })

  it('by process.exit says goodbye', async () => {
    await startActive('exit')
    await takesOver()
    assert.deepEqual(await ended(), [0, null])
  })

  it('by an exception says goodbye, and reports the exception', async () => {
    await startActive('throw')
    await takesOver()
    assert.deepEqual(await ended(), [1, null])
    assert.match(said, /on purpose/)
  })

  it('because nothing is left to do: a pair does not keep it alive, and says goodbye', async () => {
    await startActive('run-dry')
    assert.deepEqual(await ended(), [0, null])
    await takesOver()
  })

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`by ${signal}, which nobody else handles, says goodbye and dies of it`, async () => {
      await startActive('signal-alone')
      child.kill(signal)
      await takesOver()
      assert.deepEqual(await ended(), [null, signal])
    })
  }

  it('by a signal that its program handles says goodbye when its nodes close', async () => {
    await startActive('signal-handled')
    child.kill('SIGTERM')
    await takesOver()
    assert.deepEqual(await ended(), [0, null])
  })

  it('does not: a signal that its program survives changes nothing', async () => {
    await startActive('signal-ignored')
    await until('it listens', () => {
      child.kill('SIGHUP')
      return said.includes('heard SIGHUP')
    })
    await holds('the pair is up', () => peer.status().online && !peer.gate().open, 500)
    assert.deepEqual([child.exitCode, child.signalCode], [null, null])
  })

  it('does not, but hangs in its flows: the engine goes on, and hands over after stallLimit', async () => {
    await startActive('hang', { heartbeatMs: 20, peerTimeoutMs: 300, stallLimitMs: 400 })
    await until('the peer serves', () => peer.gate().open && peer.status().reason !== 'none')
    assert.equal(peer.status().reason, 'host-stalled')
    assert.equal(peer.status().online, true)
  })

  it('does not, but hangs for less than stallLimit: nothing changes', async () => {
    await startActive('hang', { heartbeatMs: 20, peerTimeoutMs: 300, stallLimitMs: 10_000 })
    await holds('the peer stands by', () => peer.status().online && !peer.gate().open, 1800)
  })

  it('by SIGKILL is found out without waiting for the timeout', async () => {
    await startActive('signal-alone')
    await until('a crash could be proved', () => peer.status().channel?.proof === true)
    child.kill('SIGKILL')
    await ended()
    await until('the peer serves', () => peer.gate().open && peer.status().reason !== 'none')
    assert.equal(peer.status().reason, 'peer-crashed')
  })
})
