/** The log: one sentence for what happened, and not one for each way in which it shows. */
import assert from 'node:assert/strict'
import { pairEvent, type PairEvent } from '../../../src/host/events'
import { ENGINE_LINES_EVERY_MS, EngineLines, report, type PairLog } from '../../../src/host/report'

const NAMES = { here: 'plc-a', peer: 'plc-b', after: '2 s' }

function logOf(...events: PairEvent[]): string[] {
  const lines: string[] = []
  const log: PairLog = {
    info: (line) => lines.push(`info ${line}`),
    warn: (line) => lines.push(`warn ${line}`),
    error: (line) => lines.push(`error ${line}`)
  }
  report(log, 'line 1', NAMES, events)
  return lines
}

const role = (reason: 'peer-crashed' | 'operator' | 'lease-expired', to: 'active' | 'standby'): PairEvent =>
  pairEvent('role', reason, { role: to, previousRole: to === 'active' ? 'standby' : 'active', epoch: 4 }, 0)
const offline = (
  reason: 'peer-crashed' | 'peer-left' | 'peer-removed' | 'lost-connection' | 'engine-crashed'
): PairEvent => pairEvent('online', reason, { online: false }, 0)
const linkDown = pairEvent('link', 'peer-silent', { link: 0, up: false }, 0)

describe('the log', () => {
  it('tells a takeover once, as a warning, with what to do', () => {
    const lines = logOf(role('peer-crashed', 'active'), offline('peer-crashed'), linkDown)
    assert.deepEqual(lines, [
      'warn line 1: plc-a took over: Node-RED on plc-b had crashed. ' +
        'Start Node-RED on the other host again, and read the end of its log. (epoch=4)'
    ])
  })

  it('tells the loss of contact once, and a loss by itself as a warning', () => {
    const lines = logOf(offline('lost-connection'), linkDown)
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', /^warn line 1: Peer offline: nothing was heard from plc-b for 2 s\. Look at/)
    assert.match(logOf(offline('peer-left'))[0] ?? '', /^info line 1: Peer offline: plc-b was shut down normally\.$/)
    assert.match(logOf(offline('peer-removed'))[0] ?? '', /^info line 1: Peer offline: this pair was removed, stopped/)
  })

  it('tells an engine that dies in one line, with where', () => {
    const crashed = pairEvent('engine', 'engine-crashed', { error: 'Error: no', stack: 'at a < at b' }, 0)
    const left = pairEvent('role', 'engine-crashed', { role: 'initial', previousRole: 'active', epoch: 4 }, 0)
    const lines = logOf(crashed, left, offline('engine-crashed'))
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.match(lines[0] ?? '', /^warn line 1: The engine .* crashed on plc-a .*error=Error: no, stack=at a < at b\)$/)
  })

  it('tells an engine that dies again and again once a minute, and that it runs as often', () => {
    const lines = new EngineLines()
    const crashed = pairEvent('engine', 'engine-crashed', { error: 'Error: no' }, 0)
    const runs = pairEvent('engine', 'engine-restarted', {}, 0)
    const told: number[] = []
    for (let s = 0; s < 121; s += 5) {
      const both = [crashed, runs].map((event) => lines.has(event, s * 1000))
      assert.equal(both[0], both[1])
      if (both[0] === true) told.push(s)
      assert.ok(lines.has(linkDown, s * 1000))
    }
    assert.deepEqual(told, [0, ENGINE_LINES_EVERY_MS / 1000, (2 * ENGINE_LINES_EVERY_MS) / 1000])
  })

  it('tells a link that goes down while another one carries', () => {
    assert.deepEqual(logOf(linkDown), ['info line 1: Link 1 down: plc-b is not heard on it.'])
  })

  it('warns where nobody serves from now on, and not where an operator switched over', () => {
    assert.match(logOf(role('lease-expired', 'standby'))[0] ?? '', /^warn line 1: plc-a stopped serving/)
    assert.match(logOf(role('operator', 'standby'))[0] ?? '', /^info line 1: plc-a became Standby: an operator/)
  })

  it('says in words what was rejected, with its code for the table of causes', () => {
    const lines = logOf(pairEvent('rejected', 'bad-frame', { cause: 'key', count: 3, link: 0 }, 0))
    assert.deepEqual(lines, [
      'warn line 1: 3 messages rejected: wrong key. Enter the same key on plc-a and plc-b, and deploy both. (cause=key)'
    ])
    const late = logOf(pairEvent('rejected', 'bad-frame', { cause: 'replayed', count: 1, link: 0 }, 0))
    assert.deepEqual(late, ['info line 1: 1 message rejected: received before. (cause=replayed)'])
  })
})
