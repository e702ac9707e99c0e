import assert from 'node:assert/strict'
import { NO_DATA } from '../../../src/host/shared-data'
import { EVENT_NAMES } from '../../../src/host/events'
import { type HealthPage, healthAnswer } from '../../../src/host/health'
import type { HealthReading, StoppedPair } from '../../../src/host/health-reading'
import { situationOf } from '../../../src/host/situation/situation'
import type { PairStatus, PairVitals } from '../../../src/host/pair'

const AT = 1_700_000_000_000
const STATUS: PairStatus = {
  name: 'line 1',
  host: 'host-a',
  situation: { code: 'serving', severity: 'ok' },
  fitness: 255,
  alone: null,
  lost: null,
  role: 'active',
  previousRole: 'standby',
  reason: 'operator',
  since: AT - 90_000,
  epoch: 7,
  seq: 12,
  serving: true,
  online: true,
  policy: 'exclusive',
  wire: 'extended',
  authenticated: true,
  leaseLeft: 1500,
  peer: {
    role: 'standby',
    epoch: 7,
    priority: 90,
    fitness: 200,
    ready: true,
    host: '192.0.2.2',
    port: 1101,
    heardAgo: 40,
    roundTrip: 0.5
  },
  channel: { open: true, proof: false, why: 'addresses-differ', ...NO_DATA },
  witness: null
}
const SITUATION = situationOf({ status: STATUS, warnings: [], peerHost: 'host-b', peerTimeoutMs: 2000, at: AT })
const VITALS: PairVitals = {
  at: AT,
  status: STATUS,
  situation: SITUATION,
  engine: { alive: true, ago: 12, restarts: 0 },
  troubles: [],
  warnings: [],
  links: [
    { open: true, up: true, unsent: 0 },
    { open: true, up: false, unsent: 3 }
  ],
  dropped: { seal: 4 },
  turned: { crowded: 1, unknownKey: 0, failed: 5 },
  events: { role: 2, link: 5 },
  roleChanges: { initial: 0, active: 1, standby: 1 }
}
const STOPPED: StoppedPair = {
  at: AT,
  name: 'line 1',
  host: 'host-a',
  problems: [{ field: 'heartbeat', code: 'unresolved' }]
}

const side = (status: Partial<PairStatus>, more: Partial<PairVitals> = {}): PairVitals => ({
  ...VITALS,
  ...more,
  status: { ...STATUS, ...status }
})
const standby = { role: 'standby', serving: false, leaseLeft: null } as const
const dead = { engine: { alive: false, ago: null, restarts: 1 } } as const
const hung = { engine: { alive: false, ago: 6000, restarts: 0 } } as const

/** Status codes of active, standby and live. */
async function codes(reading: HealthReading): Promise<number[]> {
  const answers = await Promise.all((['active', 'standby', 'live'] as const).map((page) => healthAnswer(page, reading)))
  return answers.map(({ status }) => status)
}

/** The value of each series of a metric; a series without labels but `pair` is ''. */
async function series(name: string, reading: HealthReading): Promise<Record<string, number>> {
  const { body } = await healthAnswer('metrics', reading)
  const lines = [...body.matchAll(new RegExp(`^ha_pair_${name}\\{pair="line 1"(?:,([^}]*))?\\} (\\S+)$`, 'gm'))]
  return Object.fromEntries(lines.map(([, labels = '', value]) => [labels.replaceAll('"', ''), Number(value)]))
}

describe('the health endpoint answers', () => {
  it('to each page what a load balancer has to know', async () => {
    const table: readonly (readonly [what: string, HealthReading, active: number, standby: number, live: number])[] = [
      ['an Active that serves', side({}), 200, 503, 200],
      ['an Active that is paused, or whose lease is over', side({ serving: false, leaseLeft: 0 }), 503, 503, 200],
      ['a Standby', side(standby), 503, 200, 200],
      ['a side that has just started', side({ role: 'initial', serving: false }), 503, 503, 200],
      ['a Standby whose engine died', side(standby, dead), 503, 503, 503],
      ['a Standby whose engine hangs', side(standby, hung), 503, 503, 503],
      ['a pair that is stopped for its settings', STOPPED, 503, 503, 503]
    ]
    for (const [what, reading, ...expected] of table) assert.deepEqual(await codes(reading), expected, what)
  })

  it('with the status object, and how fresh it is', async () => {
    const { status, headers, body } = await healthAnswer('status', VITALS)
    assert.equal(status, 200)
    assert.match(headers['Content-Type'] ?? '', /^application\/json/)
    const text = 'host-a serves. host-b is ready to take over.'
    const situation = { code: 'serving', severity: 'ok', text, todo: '', also: [] }
    assert.deepEqual(JSON.parse(body), { ...STATUS, situation, at: AT, engineAgo: 12, troubles: [] })
  })

  it('with its freshness also where there is no body to say it', async () => {
    for (const page of ['status', 'active', 'standby', 'live', 'metrics'] satisfies HealthPage[]) {
      const { headers } = await healthAnswer(page, VITALS)
      assert.equal(headers['HA-Pair-At'], String(AT), page)
      assert.equal(headers['HA-Pair-Engine-Ago'], '12', page)
      assert.equal(headers['Cache-Control'], 'no-store', page)
    }
    assert.equal((await healthAnswer('live', side({}, dead))).headers['HA-Pair-Engine-Ago'], 'none')
  })

  it('of a stopped pair with the fields that are wrong, and nothing of what is in them', async () => {
    const { status, body } = await healthAnswer('status', {
      ...STOPPED,
      problems: [{ field: 'key', code: 'unresolved', detail: 'a secret' } as StoppedPair['problems'][number]]
    })
    assert.equal(status, 503)
    const { situation, ...rest } = JSON.parse(body) as { situation: { code: string; severity: string } }
    assert.deepEqual([situation.code, situation.severity], ['key-missing', 'critical'])
    assert.doesNotMatch(body, /a secret/)
    assert.deepEqual(rest, {
      name: 'line 1',
      host: 'host-a',
      role: 'initial',
      reason: 'key-missing',
      serving: false,
      online: false,
      peer: null,
      at: AT,
      engineAgo: null,
      problems: [{ field: 'key', code: 'unresolved' }]
    })
    assert.deepEqual(await series('running', STOPPED), { '': 0 })
    assert.equal((await healthAnswer('live', STOPPED)).body, 'stopped: settings-invalid\n')
    const keyless = { ...STOPPED, problems: [{ field: 'key', code: 'key-missing' }] } as const
    assert.equal((await healthAnswer('active', keyless)).body, 'stopped: key-missing\n')
  })
})

describe('what the health endpoint says of this side', () => {
  it('is no address and no process of it: the sentence is the general one', async () => {
    const detail = { link: 0, place: '10.9.8.7:1101' }
    const warnings = [{ code: 'port-in-use', since: AT, detail }] as const
    const facts = { status: { ...STATUS, online: false }, peerHost: 'host-b', peerTimeoutMs: 2000, at: AT }
    const situation = situationOf({ ...facts, warnings })
    assert.match(situation.text.en, /10\.9\.8\.7/)
    const { body } = await healthAnswer('status', side({ online: false }, { situation }))
    assert.match(body, /port-in-use/)
    assert.doesNotMatch(body, /10\.9\.8\.7/)
  })
})

describe('the metrics', () => {
  it('tell role, serving and the peer', async () => {
    assert.deepEqual(await series('role', VITALS), { 'role=initial': 0, 'role=active': 1, 'role=standby': 0 })
    for (const [name, value] of [
      ['running', 1],
      ['serving', 1],
      ['peer_online', 1],
      ['epoch', 7],
      ['fitness', 255],
      ['channel_open', 1],
      ['crash_proof_possible', 0],
      ['engine_up', 1],
      ['engine_restarts_total', 0]
    ] as const) {
      assert.deepEqual(await series(name, VITALS), { '': value }, name)
    }
    assert.deepEqual(await series('serving', side({ serving: false })), { '': 0 })
    const proof = { open: true, proof: true, why: null, ...NO_DATA }
    assert.deepEqual(await series('crash_proof_possible', side({ channel: proof })), { '': 1 })
    for (const name of ['channel_open', 'crash_proof_possible']) {
      assert.deepEqual(await series(name, side({ channel: null })), {}, name)
    }
    assert.deepEqual(await series('channel_refused_total', VITALS), {
      'cause=crowded': 1,
      'cause=unknown-key': 0,
      'cause=failed': 5
    })
    assert.deepEqual(await series('channel_refused_total', { ...VITALS, turned: null }), {})
    const kept = side({
      channel: { ...proof, behind: 1500, bytes: 2048, keys: 3, movedAgo: 250, dropped: 4, unanswered: 2 }
    })
    for (const [name, value] of [
      ['context_behind_seconds', 1.5],
      ['context_bytes', 2048],
      ['context_keys', 3],
      ['context_transfer_age_seconds', 0.25],
      ['context_dropped_writes_total', 4],
      ['context_unanswered_writes_total', 2]
    ] as const) {
      assert.deepEqual(await series(name, kept), { '': value }, name)
      for (const channel of [null, proof]) assert.deepEqual(await series(name, side({ channel })), {}, name)
    }
    assert.match(Object.keys(await series('info', VITALS)).join(), /^policy=exclusive,wire=extended,version=[\d.]+\S*,/)
  })

  it('tell what is known of the witness, and nothing without one', async () => {
    const witness = { online: true, counted: false, holder: 'self', heardAgo: 250 } as const
    const values = { witness_online: 1, witness_counted: 0, witness_voice: 1, witness_heard_age_seconds: 0.25 }
    for (const [name, value] of Object.entries(values)) {
      assert.deepEqual(await series(name, side({ witness })), { '': value }, name)
      assert.deepEqual(await series(name, VITALS), {}, name)
    }
    const lost = side({ witness: { online: false, counted: true, holder: null, heardAgo: null } })
    assert.deepEqual(await series('witness_online', lost), { '': 0 })
    assert.deepEqual(await series('witness_voice', lost), { '': 0 })
    assert.deepEqual(await series('witness_heard_age_seconds', lost), {})
  })

  it('are in seconds, and absent where there is nothing to tell', async () => {
    assert.deepEqual(await series('role_age_seconds', VITALS), { '': 90 })
    const timed = {
      lease_remaining_seconds: 1.5,
      peer_heard_age_seconds: 0.04,
      round_trip_seconds: 0.0005,
      engine_tick_age_seconds: 0.012
    }
    for (const [name, value] of Object.entries(timed)) {
      assert.deepEqual(await series(name, VITALS), { '': value })
      assert.deepEqual(await series(name, side({ leaseLeft: null, peer: null }, dead)), {}, name)
    }
  })

  it('count by link, by cause, by event and by role, each from 0 on', async () => {
    assert.deepEqual(await series('link_up', VITALS), { 'link=1': 1, 'link=2': 0 })
    assert.deepEqual(await series('unsent_datagrams_total', VITALS), { 'link=1': 0, 'link=2': 3 })
    const dropped = await series('dropped_datagrams_total', VITALS)
    assert.deepEqual([dropped['cause=seal'], dropped['cause=key'], dropped['cause=third-party']], [4, 0, 0])
    const events = await series('events_total', VITALS)
    assert.deepEqual([events['event=link'], events['event=conflict']], [5, 0])
    assert.equal(Object.keys(events).length, EVENT_NAMES.length - 2, 'all but the two of frames')
    assert.deepEqual(await series('role_changes_total', VITALS), {
      'role=initial': 0,
      'role=active': 1,
      'role=standby': 1
    })
  })

  it('name what is wrong', async () => {
    assert.deepEqual(await series('trouble', VITALS), {})
    const troubled = side({}, { troubles: ['port-in-use', 'store-failed'] })
    assert.deepEqual(await series('trouble', troubled), { 'code=port-in-use': 1, 'code=store-failed': 1 })
  })

  it('name what a person should look at', async () => {
    assert.deepEqual(await series('warning', VITALS), {})
    const warned = side({}, { warnings: ['flows-differ', 'no-key'] })
    assert.deepEqual(await series('warning', warned), { 'code=flows-differ': 1, 'code=no-key': 1 })
  })

  it('explain themselves, and keep a name from breaking out of its quotes', async () => {
    const { body } = await healthAnswer('metrics', side({ name: 'a "b"\n{c}\\' }))
    const names = [...body.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name)
    assert.ok(names.length > 15)
    for (const name of names) assert.match(body, new RegExp(`^# HELP ${name} \\S.*\\.$`, 'm'))
    assert.match(body, /pair="a \\"b\\"\\n\{c\}\\\\"/)
  })
})
