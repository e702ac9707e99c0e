/** pm2 in cluster mode: the workers of one program share what they listen on, unless they say that they do not. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { freePorts, holds, link, settings, until } from '../../support/engine-rig'

describe('two workers of a cluster', function () {
  this.timeout(40_000)
  let primary: ChildProcess

  afterEach(async () => {
    if (primary.exitCode !== null || primary.signalCode !== null) return
    primary.kill('SIGKILL')
    await once(primary, 'exit')
  })

  it('do not share the port of a pair: one of them serves', async () => {
    const [x = 0, y = 0] = await freePorts(2)
    const side = JSON.stringify(settings([link(x, y)], { peerTimeoutMs: 100 }))
    const args = [require.resolve('./cluster-process'), side]
    primary = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    primary.stdout?.on('data', (chunk) => (said += String(chunk)))
    const active = (): number => said.split('active').length - 1
    await until('one serves', () => active() === 1, 20_000)
    await holds('it is the only one', () => active() === 1, 1500)
  })
})
