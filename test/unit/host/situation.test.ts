/** What is so with a pair, by itself: each state, each warning beside it, and what all of them say. */
import assert from 'node:assert/strict'
import { EVENT_NAMES, pairEvent, reasonsOf, type PairEvent, type WarningCode } from '../../../src/host/events'
import type { PairStatus, PairWarning } from '../../../src/host/pair'
import type { Severity } from '../../../src/host/situation/severity'
import { situationOf, STATE_SEVERITY, stoppedSituation } from '../../../src/host/situation/situation'
import type { Situation, StateCode } from '../../../src/host/situation/types'
import { happened } from '../../../src/host/texts/happened'
import { FIELD_WORDS, fieldText, problemText } from '../../../src/host/texts/problems'
import { ROLE_TEXTS } from '../../../src/host/texts/roles'
import { MEANWHILE, STATES } from '../../../src/host/texts/situations'
import type { Text } from '../../../src/host/texts/text'
import { WARNING_TEXTS } from '../../../src/host/texts/warnings'
import { WARNINGS } from '../../../src/host/warnings'
import { CHOICES } from '../../../src/rules/properties'
import { catalogue, LANGUAGES, PROBLEMS } from '../../support/texts'

type Facts = Omit<PairStatus, 'situation'>
const AT = 1_700_000_000_000
const PEER = {
  role: 'standby',
  epoch: 3,
  priority: 90,
  fitness: 255,
  ready: true,
  host: '10.0.0.2',
  port: 1101,
  heardAgo: 10,
  roundTrip: 1
} as const
const ACTIVE: Facts = {
  name: 'line 1',
  host: 'plc-a',
  role: 'active',
  previousRole: 'standby',
  reason: 'peer-crashed',
  since: AT - 86_400_000,
  epoch: 3,
  seq: 1,
  serving: true,
  online: true,
  lost: null,
  alone: null,
  fitness: 255,
  policy: 'availability',
  wire: 'extended',
  authenticated: true,
  leaseLeft: null,
  peer: PEER,
  channel: null,
  witness: null
}
const STANDBY: Facts = {
  ...ACTIVE,
  role: 'standby',
  serving: false,
  reason: 'negotiated',
  peer: { ...PEER, role: 'active' }
}
const WITNESS = { online: true, counted: true, holder: 'self', heardAgo: 20 } as const
const INITIAL: Facts = { ...STANDBY, role: 'initial', reason: 'starting', online: false, peer: null }
const offline = (reason: NonNullable<PairStatus['lost']>['reason']) =>
  ({ online: false, lost: { reason, at: AT } }) as const

const warned = (code: WarningCode, detail: object = {}): PairWarning => ({ code, since: AT, detail }) as PairWarning
const situation = (status: Facts, ...warnings: PairWarning[]): Situation =>
  situationOf({ status, warnings, peerHost: 'plc-b', peerTimeoutMs: 2000, at: AT })

const loopback = (place: string): string => {
  const detail = { link: 0, place, address: '127.0.1.1' }
  return situation({ ...ACTIVE, online: false }, warned('loopback-address', detail)).text.en
}

/** Each state in each of the ways that lead to it, with the colour that follows. */
const STATES_MADE: readonly (readonly [StateCode, Severity, Facts])[] = [
  ['serving', 'ok', ACTIVE],
  ['standby', 'ok', STANDBY],
  ['starting', 'info', { ...INITIAL, since: AT - 100 }],
  ['starting', 'info', { ...INITIAL, online: true, peer: { ...PEER, role: 'active' } }],
  ['paused', 'critical', { ...ACTIVE, serving: false }],
  ['paused', 'critical', { ...ACTIVE, ...offline('lost-connection'), serving: false }],
  ['peer-stopped', 'warning', { ...ACTIVE, ...offline('peer-left') }],
  ['peer-stopped', 'warning', { ...ACTIVE, ...offline('peer-left'), policy: 'exclusive' }],
  ['peer-removed', 'warning', { ...ACTIVE, ...offline('peer-removed') }],
  ['peer-crashed', 'warning', { ...ACTIVE, ...offline('peer-crashed') }],
  ['may-be-two', 'critical', { ...ACTIVE, ...offline('lost-connection') }],
  ['may-be-two', 'critical', { ...ACTIVE, ...offline('half-open') }],
  ['may-be-two', 'critical', { ...ACTIVE, ...offline('receipts-lost'), wire: 'classic' }],
  [
    'may-be-two',
    'critical',
    { ...ACTIVE, ...offline('lost-connection'), policy: 'exclusive', reason: 'operator-forced' }
  ],
  ['never-met', 'critical', { ...ACTIVE, online: false, peer: null }],
  ['never-met', 'critical', { ...ACTIVE, online: false, peer: null, policy: 'preferred', reason: 'operator-forced' }],
  ['peer-silent', 'warning', { ...ACTIVE, ...offline('lost-connection'), policy: 'preferred' }],
  ['peer-silent', 'warning', { ...ACTIVE, online: false, peer: null, policy: 'preferred' }],
  ['peer-unfit', 'warning', { ...ACTIVE, peer: { ...PEER, fitness: 0 } }],
  ['peer-unfit', 'warning', { ...ACTIVE, peer: { ...PEER, ready: false } }],
  ['unfit', 'warning', { ...ACTIVE, fitness: 0 }],
  ['unfit', 'warning', { ...STANDBY, fitness: 0 }],
  ['nobody-serves', 'critical', { ...STANDBY, peer: PEER }],
  ['nobody-serves', 'critical', { ...STANDBY, ...offline('peer-left') }],
  ['nobody-serves', 'critical', { ...STANDBY, ...offline('peer-removed') }],
  ['nobody-serves', 'critical', { ...STANDBY, ...offline('peer-crashed') }],
  ['nobody-serves', 'critical', { ...INITIAL, online: true, peer: PEER }],
  ['cut-off', 'critical', { ...STANDBY, ...offline('lost-connection'), policy: 'exclusive' }],
  [
    'peer-has-voice',
    'warning',
    { ...STANDBY, ...offline('lost-connection'), policy: 'witness', witness: { ...WITNESS, holder: 'peer' } }
  ],
  ...([{ online: false }, { counted: false }, { holder: 'self' }, { holder: null }] as const).map(
    (change) =>
      [
        'cut-off',
        'critical',
        {
          ...STANDBY,
          ...offline('lost-connection'),
          policy: 'witness',
          witness: { ...WITNESS, holder: 'peer', ...change }
        }
      ] as const
  ),
  ['peer-silent', 'warning', { ...ACTIVE, ...offline('lost-connection'), policy: 'witness', witness: WITNESS }],
  ['stood-down', 'critical', { ...STANDBY, ...offline('lost-connection'), reason: 'operator-forced' }],
  ['waiting', 'critical', { ...INITIAL, policy: 'exclusive' }],
  ...(
    ['peer-may-serve', 'rolled-back', 'restored-copy', 'foreign-record', 'policy-differs', 'numbers-exhausted'] as const
  ).flatMap(
    (alone) =>
      [
        [alone, 'critical', { ...INITIAL, alone }],
        [alone, 'critical', { ...STANDBY, ...offline('lost-connection'), alone }]
      ] as const
  ),
  // Beside a peer too.
  ['numbers-exhausted', 'critical', { ...STANDBY, alone: 'numbers-exhausted' }]
]
const CODES = Object.keys(WARNINGS) as WarningCode[]
const DETAIL = {
  holder: 'process 7',
  peer: ['b'],
  link: 0,
  place: '10.0.0.1:1101',
  pair: 'line 2',
  address: '127.0.1.1',
  cause: 'key',
  from: AT,
  to: AT,
  down: [1],
  places: ['10.0.1.2:1102'],
  differ: ['policy'],
  here: ['exclusive'],
  priority: 100,
  ms: 5000,
  peerAheadS: 40,
  changes: 6,
  minutes: 10,
  scope: 'flow',
  key: 'n',
  node: 'line gate',
  topic: 'line'
}

const textWith = (change: Partial<Facts>): string => situation({ ...ACTIVE, ...change }).text.en

describe('what is so with a pair', () => {
  it('has a test for each of its states', () => {
    const made = new Set<string>(STATES_MADE.map(([code]) => code))
    const stopped = ['settings-invalid', 'key-missing']
    assert.deepEqual(
      Object.keys(STATES).filter((code) => !made.has(code)),
      stopped
    )
  })

  for (const [code, severity, status] of STATES_MADE) {
    const { role, policy, reason, lost } = status
    it(`${code}: ${role}, ${policy}, ${status.online ? 'online' : (lost?.reason ?? 'never met')}, ${reason}`, () => {
      const { also, ...is } = situation(status)
      assert.deepEqual([is.code, is.severity, also], [code, severity, []])
      assert.equal(STATE_SEVERITY[code], severity)
    })
  }

  it('that is unfit says so also where something else comes first', () => {
    const { code, also } = situation({ ...ACTIVE, ...offline('peer-left'), fitness: 0 })
    assert.deepEqual([code, also.map((each) => each.code)], ['peer-stopped', ['unfit']])
  })

  it('is red where nobody serves or two may, and only there', () => {
    for (const [code, severity, { role, online, serving }] of STATES_MADE) {
      if (role === 'active' && online && serving) assert.notEqual(severity, 'critical')
      // The witness vouches for the peer.
      if (code === 'peer-has-voice') continue
      if (!serving && !online && role === 'standby') assert.equal(severity, 'critical')
    }
  })

  it('names both hosts, and says what to do wherever something is wrong', () => {
    for (const [code, severity, status] of STATES_MADE) {
      const { text, todo } = situation(status)
      for (const language of ['en', 'zh'] as const) {
        assert.match(text[language], /plc-a/, code)
        if (code !== 'numbers-exhausted' && code !== 'unfit' && code !== 'foreign-record')
          assert.match(text[language], /plc-b/, code)
        assert.equal(todo[language] === '', severity === 'ok', code)
      }
    }
  })

  it('looks different in each of its states that are not well', () => {
    const byLook = new Map<string, Set<string>>()
    for (const [code, severity, status] of STATES_MADE) {
      if (severity === 'ok') continue
      const { text } = situation(status)
      byLook.set(text.en, (byLook.get(text.en) ?? new Set()).add(code))
    }
    for (const [text, codes] of byLook) assert.equal(codes.size, 1, text)
  })

  it('tells why a role was taken as history, with its time, and not as what is so now', () => {
    const { text, history } = situation(ACTIVE)
    assert.equal(text.en, 'plc-a serves. plc-b is ready to take over.')
    assert.equal(history?.at, ACTIVE.since)
    assert.equal(history.text.en, 'plc-a took over: Node-RED on plc-b had crashed.')
    assert.equal(situation(INITIAL).history, null)
  })

  it('names policies, kinds and times in the reader’s language', () => {
    const cut = situation({ ...STANDBY, ...offline('lost-connection'), policy: 'exclusive' })
    assert.match(cut.text.en, /the policy exclusive does not let/)
    assert.match(cut.text.zh, /策略“独占”不允许/)
    assert.doesNotMatch(cut.text.zh, /exclusive/)
    assert.match(situation({ ...INITIAL, since: AT - 100 }).todo.zh, /2 秒/)
    const policies = warned('settings-differ', { differ: ['policy'], here: ['preferred'], peer: ['availability'] })
    assert.match(situation(ACTIVE, policies).text.en, /Policy \(preferred \/ availability\)/)
    assert.match(situation(ACTIVE, policies).text.zh, /策略（“首选侧优先” \/ “可用性优先”）/)
    const gates = warned('context-differs', { differ: ['gate g1'], here: ['x'], peer: [''] })
    assert.match(situation(ACTIVE, gates).text.en, /gate g1 \(only here\)/)
    assert.match(situation(ACTIVE, gates).text.zh, /闸门 g1（仅本侧）/)
  })

  it('says what a name of a loopback address means, and of an address only that it is one', () => {
    assert.match(loopback('plc-a'), /^Link 1: plc-a means 127\.0\.1\.1, an address inside plc-a only\./)
    assert.match(loopback('127.0.1.1'), /^Link 1: 127\.0\.1\.1 is an address inside plc-a only\./)
  })

  it('calls a silent peer by what is known of it: stopped, crashed, silent', () => {
    assert.match(textWith(offline('peer-removed')), /On plc-b this pair was removed or stopped, and Node-RED runs on/)
    assert.match(textWith(offline('peer-left')), /plc-b was shut down normally/)
    assert.match(textWith(offline('peer-crashed')), /Node-RED on plc-b has crashed; its host still answers/)
    assert.match(textWith(offline('lost-connection')), /plc-b may be Active too/)
    assert.match(textWith({ ...offline('lost-connection'), policy: 'preferred' }), /it does not serve meanwhile/)
  })
})

describe('a warning beside it', () => {
  it('leads where all is well, with what is so after it', () => {
    const { code, severity, short, text, todo } = situation(
      ACTIVE,
      warned('link-down', { down: [1], places: ['b:2'], of: 2 })
    )
    assert.deepEqual([code, severity], ['link-down', 'warning'])
    assert.equal(short.en, 'link 2 down · Active')
    assert.equal(
      text.en,
      'Link 2 to plc-b is down (b:2); the pair goes on over the others. plc-a serves. plc-b is ready to take over.'
    )
    assert.match(todo.en, /^Mend it/)
  })

  it('that says why the peer is silent leads, and is as bad as the silence', () => {
    const alone = { ...ACTIVE, online: false, peer: null }
    const is = situation(alone, warned('keys-differ', { cause: 'key' }), warned('flows-differ'))
    assert.deepEqual([is.code, is.severity, is.short.en], ['keys-differ', 'critical', 'wrong key · Active'])
    assert.match(is.text.en, /^The keys of plc-a and plc-b differ\..*plc-a serves, and plc-b may be Active too\.$/)
    assert.deepEqual(
      is.also.map(({ code }) => code),
      ['never-met', 'flows-differ']
    )
    assert.equal(situation({ ...alone, policy: 'preferred' }, warned('one-way')).severity, 'warning')
  })

  it('that says why the peer is silent is not told again that it is silent', () => {
    const led = new Set<StateCode>()
    const silent = /is silent|not answer|has lost contact|is not heard/
    for (const [code, , status] of STATES_MADE) {
      const { code: lead, text } = situation(status, warned('keys-differ', { cause: 'key' }))
      if (lead !== 'keys-differ' || status.online) continue
      if (code in MEANWHILE) led.add(code)
      assert.doesNotMatch(text.en, silent, code)
      assert.doesNotMatch(text.zh, /无应答|失去联系|收不到/, code)
    }
    assert.deepEqual(led, new Set(Object.keys(MEANWHILE)))
  })

  it('that shows that a stopped peer runs again makes two of one', () => {
    for (const reason of ['peer-left', 'peer-removed', 'peer-crashed'] as const) {
      const is = situation({ ...ACTIVE, ...offline(reason) }, warned('keys-differ', { cause: 'key' }))
      assert.deepEqual(
        [is.code, is.severity, is.also.map(({ code }) => code)],
        ['keys-differ', 'critical', ['may-be-two']]
      )
      const fixed = situation({ ...ACTIVE, ...offline(reason) }, warned('port-in-use', DETAIL))
      assert.deepEqual([fixed.code, fixed.severity], [reason === 'peer-left' ? 'peer-stopped' : reason, 'warning'])
    }
  })

  it('that has nothing to do with a silence does not hide it', () => {
    for (const code of ['flows-differ', 'were-both-active', 'clocks-differ', 'link-down'] as const) {
      assert.equal(situation({ ...ACTIVE, ...offline('lost-connection') }, warned(code)).code, 'may-be-two', code)
      assert.equal(situation({ ...ACTIVE, ...offline('peer-left') }, warned(code)).code, 'peer-stopped', code)
    }
  })

  it('of a crash, of files, of two Actives and of an unused pair leads whatever else is so', () => {
    for (const code of CODES.filter((each) => WARNINGS[each].severity === 'critical')) {
      for (const [, , status] of STATES_MADE) {
        const is = situation(status, warned(code))
        assert.deepEqual([is.code, is.severity], [code, 'critical'])
      }
    }
  })

  it('of what is set on purpose never leads', () => {
    for (const code of CODES.filter((each) => WARNINGS[each].severity === 'none')) {
      assert.equal(situation(ACTIVE, warned(code)).code, 'serving')
    }
  })

  it('of the past comes after what is live', () => {
    const order = CODES.filter((each) => WARNINGS[each].severity !== 'none')
    assert.deepEqual(order.slice(-4), ['were-both-active', 'cloned-identity', 'suspended', 'clock-set-back'])
    const is = situation(ACTIVE, warned('link-down', DETAIL), warned('were-both-active', DETAIL))
    assert.deepEqual([is.code, is.also.map(({ code }) => code)], ['link-down', ['were-both-active']])
  })

  it('says which side alone has what the other one lacks', () => {
    const differ = {
      differ: ['gate count', 'sync 1', 'store pair'],
      here: ['keep 1', '', 'a'],
      peer: ['', 'keep 1', 'b']
    }
    const { text } = situation(ACTIVE, warned('context-differs', differ))
    assert.match(text.en, /: gate count \(only here\), sync 1 \(only on the peer\), store pair \(a \/ b\)\. /)
    assert.match(text.zh, /闸门 count（仅本侧）、同步节点 1（仅对端）/)
  })

  it('says from when to when both were Active', () => {
    const from = new Date(2026, 10, 29, 3, 4, 5).getTime()
    const is = situation(ACTIVE, warned('were-both-active', { from, to: from + 61_000 }))
    assert.match(is.text.en, /^plc-a and plc-b were both Active from 03:04:05 to 03:05:06\./)
  })

  it('leaves no brace open, with whatever detail it comes', () => {
    for (const code of CODES) {
      for (const [, , status] of STATES_MADE) {
        const { short, trouble, text, todo, history } = situation(status, warned(code, DETAIL))
        for (const each of [short, trouble, text, todo, ...(history === null ? [] : [history.text])]) {
          assert.doesNotMatch(each.en + each.zh, /[{}]/, code)
        }
      }
    }
  })
})

describe('a pair that its settings keep stopped', () => {
  it('says which field, in the words of the dialog', () => {
    const is = stoppedSituation('plc-a', [
      { field: 'links[0].peerPort', code: 'range', detail: '0 is not in 1 .. 65535' }
    ])
    assert.deepEqual([is.code, is.severity], ['settings-invalid', 'critical'])
    assert.equal(is.short.en, 'stopped: Link 1, peer’s port: 0 is not in 1 .. 65535')
    assert.equal(stoppedSituation('plc-a', [{ field: 'key', code: 'key-missing' }]).code, 'key-missing')
    assert.equal(stoppedSituation('plc-a', [{ field: 'key', code: 'key-missing' }]).short.zh, '已停止：缺少密钥')
  })

  it('does not call a variable unset that is only not alone', () => {
    const text = problemText({ field: 'links[1].peerHost', code: 'partial', detail: 'x-${VAR}' })
    assert.equal(text.en, 'Link 2, peer’s host: “x-${VAR}” mixes text and a variable; use the variable alone')
  })

  it('has the labels of the dialog', () => {
    for (const [name, text] of Object.entries(FIELD_WORDS)) {
      if (name === 'flows' || name === 'links' || name === 'failbackDelay') continue
      for (const language of LANGUAGES) {
        const label = catalogue('ha-pair', language).get(`label.${name}`)
        assert.equal(text[language === 'en-US' ? 'en' : 'zh'].toLowerCase(), label?.toLowerCase(), name)
      }
    }
    for (const name of Object.keys(CHOICES)) assert.ok(name in FIELD_WORDS, name)
    assert.equal(fieldText('schema').en, 'schema')
    for (const code of PROBLEMS)
      assert.ok(problemText({ field: 'name', code: code as 'missing', detail: 'x' }).zh !== '')
  })
})

describe('what happened', () => {
  const NAMES = { here: 'plc-a', peer: 'plc-b', after: '2 s' }
  const tell = (event: PairEvent): string => happened(event, NAMES).text.en
  const role = (reason: 'operator' | 'less-fit' | 'peer-crashed', to: 'active' | 'standby'): string =>
    tell(pairEvent('role', reason, { role: to, previousRole: 'initial', epoch: 1 }, AT))

  it('is told to the side that gains and to the side that loses', () => {
    assert.equal(role('less-fit', 'active'), 'plc-a took over: plc-b was less fit to serve.')
    assert.equal(role('less-fit', 'standby'), 'plc-a handed over to plc-b: plc-a was less fit to serve.')
    assert.equal(role('operator', 'active'), 'plc-a became Active: an operator switched over from plc-b.')
    assert.equal(role('operator', 'standby'), 'plc-a became Standby: an operator switched over to plc-b.')
    for (const [reason, { gains, loses }] of Object.entries(ROLE_TEXTS)) {
      assert.notEqual(gains.en, loses.en, reason)
      assert.notEqual(gains.zh, loses.zh, reason)
    }
  })

  it('is one case, not two', () => {
    assert.match(
      tell(pairEvent('online', 'peer-heard', { online: true }, AT)),
      /^Peer online: plc-a and plc-b hear each other/
    )
    assert.match(tell(pairEvent('online', 'peer-left', { online: false }, AT)), /^Peer offline: plc-b was shut down/)
    assert.equal(tell(pairEvent('link', 'peer-heard', { link: 0, up: true }, AT)), 'Link 1 up.')
    assert.match(tell(pairEvent('link', 'peer-silent', { link: 1, up: false }, AT)), /^Link 2 down/)
    assert.equal(
      tell(pairEvent('rejected', 'bad-frame', { cause: 'key', count: 1, link: 0 }, AT)),
      '1 message rejected: wrong key.'
    )
    assert.equal(
      tell(pairEvent('rejected', 'bad-frame', { cause: 'unkeyed', count: 5, link: 0 }, AT)),
      '5 messages rejected: no key.'
    )
    assert.equal(tell(pairEvent('warning-ended', 'keys-differ', { cause: 'key' }, AT)), 'Solved: wrong key.')
  })

  it('has a sentence for each event with each of its reasons, without a brace', () => {
    let told = 0
    for (const event of EVENT_NAMES) {
      const reasons = event.startsWith('warning') ? CODES : reasonsOf(event)
      for (const reason of reasons) {
        for (const detail of DETAILS_OF[event] ?? [DETAIL]) {
          const { text, todo } = happened(
            { event, reason, detail: { ...DETAIL, ...detail }, at: AT } as unknown as PairEvent,
            NAMES
          )
          for (const { en, zh } of [text, todo])
            assert.doesNotMatch(en + zh, /[{}]|undefined|\[object/, `${event} ${reason}: ${en}`)
          assert.match(text.en, /[.?]$/, `${event} ${reason}`)
          assert.match(text.zh, /[。？]$/, `${event} ${reason}`)
          told++
        }
      }
    }
    assert.ok(told > 150, `only ${told}`)
  })
})

const DETAILS_OF: Readonly<Partial<Record<string, readonly object[]>>> = {
  role: [{ role: 'active' }, { role: 'standby' }, { role: 'initial' }],
  online: [{ online: true }, { online: false }],
  link: [{ up: true }, { up: false }, { open: false, error: 'x' }],
  handover: [{ phase: 'asking' }, { because: 'less-fit' }, { because: 'peer-offline' }],
  'host-stalled': [{ stalled: true }, { stalled: false }],
  stopped: [{ fields: ['heartbeat', 'links[0].peerHost'] }],
  designate: [
    { to: 'self', epoch: 1 },
    { to: 'peer', epoch: 1 },
    { epoch: 1, to: undefined }
  ],
  loss: [{ lost: 1, lostInARow: 2 }],
  rejected: [{ count: 1 }, { count: 2 }],
  reasserted: [{ epoch: 1 }]
}

describe('the texts of situations', () => {
  const texts: (readonly [string, Text & { short: Text; todo: Text }])[] = [
    ...Object.entries(STATES),
    ...Object.entries(WARNING_TEXTS)
  ]

  it('are whole sentences in both languages', () => {
    for (const [code, { en, zh, todo }] of texts) {
      for (const each of [{ en, zh }, todo]) {
        assert.equal(each.en === '', each.zh === '', code)
        if (each.en === '') continue
        assert.match(each.en, /^[A-Z{].*[.?]$/, each.en)
        assert.match(each.zh, /。$/, each.zh)
        assert.doesNotMatch(each.zh.replace('fe80::1%eth0', ''), /[,;:?!]|\. /, `half-width punctuation: ${each.zh}`)
        assert.ok(each.en.length <= 200 && each.zh.length <= 110, `too long: ${each.en}`)
      }
    }
  })

  it('are short on a badge', () => {
    for (const [code, { short }] of texts) {
      const [en, zh] = [
        short.en.replace('{links}', '2').replace('{role}', 'Standby'),
        short.zh.replace('{links}', '2').replace('{role}', '启动中')
      ]
      assert.ok(en.length <= 28 && zh.length <= 18, `${code} is too long for a badge: ${en}`)
    }
  })
})
