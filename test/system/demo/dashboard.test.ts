import assert from 'node:assert/strict'
import { dashboard, type DashboardView, type SideView } from '../../../demo/dashboard'
import { mediumOf, paint, toAscii, widthOf, wrap, type Line } from '../../../demo/paint'
import type { PairStatus } from '../../../src/host/pair'

const PLAIN = { colors: false, unicode: true }

function status(role: PairStatus['role'], epoch: number): PairStatus {
  return {
    name: 'demo',
    host: 'host-a',
    situation: { code: 'serving', severity: 'ok' },
    fitness: 255,
    alone: null,
    lost: null,
    role,
    previousRole: 'initial',
    reason: 'negotiated',
    since: 0,
    epoch,
    seq: 1,
    serving: role === 'active',
    online: true,
    policy: 'availability',
    wire: 'extended',
    authenticated: true,
    leaseLeft: null,
    peer: null,
    channel: null,
    witness: null
  }
}

function side(name: 'A' | 'B', more: Partial<SideView> = {}): SideView {
  const role = name === 'A' ? 'active' : 'standby'
  const editorUrl = `http://127.0.0.1:188${name === 'A' ? 0 : 1}`
  return {
    name,
    state: 'running',
    status: status(role, 7),
    gateOpen: role === 'active',
    pid: 4711,
    editorUrl,
    startedAt: 0,
    ...more
  }
}

function view(more: Partial<DashboardView> = {}): DashboardView {
  return {
    now: 65_000,
    startedAt: 0,
    sides: { A: side('A'), B: side('B') },
    working: true,
    perSecond: 20,
    tally: { issued: 104, done: 100, doneBy: { A: 60, B: 40 }, missed: 3, twice: 0, open: 1 },
    latest: [
      { number: 101, state: 'done', by: 'B', twice: false },
      { number: 102, state: 'missed', by: null, twice: false },
      { number: 103, state: 'done', by: 'A', twice: true },
      { number: 104, state: 'open', by: null, twice: false }
    ],
    happenings: [
      { at: 0, side: 'A', text: 'Is Active now, epoch 7.', tone: 'good' },
      { at: 0, side: null, text: 'A sentence that is so long that it has to go on. '.repeat(6), tone: 'plain' }
    ],
    canPause: true,
    third: null,
    ...more
  }
}

function text(lines: readonly Line[]): string {
  return lines.map((line) => paint(line, PLAIN)).join('\n')
}

describe('the live view', () => {
  it('fills every terminal exactly, however small', () => {
    for (let columns = 1; columns <= 140; columns += 3) {
      for (let rows = 1; rows <= 50; rows++) {
        const lines = dashboard(view(), columns, rows)
        assert.equal(lines.length, rows)
        for (const line of lines) assert.equal(widthOf(line), columns, `${columns}x${rows}: ${text([line])}`)
      }
    }
  })

  it('says at 80 x 24 who is Active, the epoch, the peer, where the editors are and how the work goes', () => {
    const shown = text(dashboard(view(), 80, 24))
    for (const part of [
      '● ACTIVE, its gate is open',
      '○ Standby, its gate is shut',
      'epoch 7, peer online',
      'pid 4711',
      'http://127.0.0.1:1880',
      'http://127.0.0.1:1881',
      'done 100 (A 60, B 40)   missed 3   done twice 0',
      'B×2·',
      'Is Active now, epoch 7.',
      'kill the Active',
      'quit'
    ]) {
      assert.ok(shown.includes(part), `${part} in\n${shown}`)
    }
  })

  it('still has roles, tally and all keys at 60 x 16', () => {
    const shown = text(dashboard(view(), 60, 16))
    for (const part of [
      '● ACTIVE',
      '○ Standby',
      'missed 3',
      ' k kill',
      ' p pause',
      ' s swap',
      ' r restart',
      ' q quit'
    ]) {
      assert.ok(shown.includes(part), `${part} in\n${shown}`)
    }
  })

  it('does not pass on what a paused process said last as if it were true', () => {
    const shown = text(dashboard(view({ sides: { A: side('A', { state: 'paused' }), B: side('B') } }), 80, 24))
    assert.match(shown, /PAUSED, was active/)
    assert.match(shown, /epoch 7 when it was paused/)
    assert.match(shown, /resume it/)
  })

  it('shows the gate as it was found, whatever the role', () => {
    const shown = text(dashboard(view({ sides: { A: side('A', { gateOpen: false }), B: side('B') } }), 80, 24))
    assert.match(shown, /ACTIVE, its gate is shut/)
  })

  it('with a witness: says whether the link is cut and whom the witness backs, and has their keys', () => {
    const third = { cut: true, witness: 'A' } as const
    for (const columns of [80, 120]) {
      const shown = text(dashboard(view({ third }), columns, 24))
      assert.match(shown, /Link between A and B: CUT {3}Witness: backs A/)
      assert.match(shown, / c {1,2}mend/)
      assert.match(shown, / w .*witness/)
    }
    assert.match(text(dashboard(view({ third: { cut: false, witness: 'gone' } }), 80, 24)), /B: whole {3}Witness: GONE/)
    assert.doesNotMatch(text(dashboard(view(), 120, 24)), /[Ww]itness/)
  })

  it('says that a killed side is dead, and how to bring it back', () => {
    const killed = side('A', { state: 'killed', status: null, pid: null })
    const shown = text(dashboard(view({ sides: { A: killed, B: side('B') } }), 80, 24))
    assert.match(shown, /KILLED, r restarts it/)
  })

  it('makes do with ASCII and without colours', () => {
    const ascii = dashboard(view(), 80, 24).map((line) => paint(line, { colors: false, unicode: false }))
    for (const line of ascii) assert.match(line, /^[ -~]{80}$/)
  })
})

describe('painting', () => {
  it('breaks long sentences at blanks and indents what follows', () => {
    assert.deepEqual(wrap('one two three four', 9, 2), ['one two', '  three', '  four'])
  })

  it('colours only where the terminal has colours', () => {
    const line: Line = [{ text: 'x', styles: ['bold', 'red'] }]
    assert.equal(paint(line, { colors: true, unicode: true }), '\u001b[1;31mx\u001b[0m')
    assert.equal(paint(line, { colors: false, unicode: true }), 'x')
  })

  it('reads the medium from the environment', () => {
    assert.deepEqual(mediumOf({ LANG: 'C.UTF-8' }, true), { colors: true, unicode: true })
    assert.deepEqual(mediumOf({ LANG: 'C', NO_COLOR: '1' }, true), { colors: false, unicode: false })
    assert.equal(toAscii('● a…'), '* a~')
  })
})
