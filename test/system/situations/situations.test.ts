/**
 * What the screen says of a pair, in every place where it says something: each row of the table is made on real processes, one after
 * the other on one pair, and every cell is looked at.
 */
import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import type { Situation } from '../../../src/host/situation/types'
import { eventually } from '../../support/eventually'
import { Badges } from '../../support/node-red/badges'
import { removeFolder, scratchFolder } from '../../support/node-red/npm'
import type { NodeRedProcess } from '../../support/node-red/process'
import { eventsIn } from '../../support/node-red/two-hosts'
import { type NodeRed, nodeRed4, nodeRed5 } from '../../support/node-red/versions'
import { Prometheus, promtool } from '../../support/prometheus'
import { LIMIT_MS, Stage, type Side } from './stage'
import { type Row, type Seen, TABLE } from './table'

/** In `npm test` one of each kind, in `npm run verify` all of them on both versions. */
const WHOLE = process.env['HA_PAIR_WHOLE'] === '1'
const SETTLE_MS = 120_000
const PEER = '127.0.0.1'
const OF_SIDE = /HaPair(?:Critical|Attention)/

interface Listed {
  readonly id: string
  readonly situation: Situation
  readonly badge: { readonly fill: string }
}

/** What a sentence of the table stands for. */
const named = (text: string): string => text.replaceAll(/\bhere\b/g, hostname()).replaceAll(/\bpeer\b/g, PEER)
const instanceOf = (host: NodeRedProcess): string => new URL(host.url('/')).host

/** Where a side's log and diary ended before the row was made. */
interface Mark {
  readonly log: number
  readonly diary: number
}

function tell(findVersion: () => NodeRed): void {
  let version: NodeRed
  let folder = ''
  let stage: Stage
  let prometheus: Prometheus | null = null

  before(async function () {
    this.timeout(SETTLE_MS)
    version = findVersion()
    folder = scratchFolder('situations')
    stage = await Stage.set(version, folder)
    if (promtool(['--version']).code === 0) {
      const targets = [instanceOf(stage.a), instanceOf(stage.b)]
      prometheus = await Prometheus.start(folder, targets, { every: '250ms', atOnce: true })
    } else console.log('# alerts are not looked at: prometheus (Debian: prometheus) is needed')
  })

  after(async function () {
    this.timeout(SETTLE_MS)
    await prometheus?.stop()
    await stage.end()
    removeFolder(folder)
  })

  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log([stage.a, stage.b].map((host) => host.logTail()).join('\n'))
  })

  for (const row of TABLE.filter(({ share }) => WHOLE || share === true)) {
    it(row.make, async function () {
      this.timeout(SETTLE_MS)
      const [prepare, make] = stage.make[row.make]
      await prepare()
      const marks = { a: markOf(stage.a), b: markOf(stage.b) }
      await make()
      for (const side of ['a', 'b'] as const) {
        const seen = row[side]
        if (seen !== undefined) await isSeen(side, seen, marks[side])
      }
    })
  }

  async function isSeen(side: Side, seen: Seen, mark: Mark): Promise<void> {
    const host = stage[side]
    const cell = (place: string): string => `${place} of ${side}`
    await eventually(cell('sidebar'), LIMIT_MS + (seen.code === 'flows-differ' ? 70_000 : 0), async () => {
      const { body } = await host.get('/admin/ha-pair/pairs')
      const pair = (body as { pairs: Listed[] }).pairs.find(({ id }) => id === 'pair')
      const { code, severity, text, todo } = pair?.situation ?? {}
      assert.deepEqual([code, severity], [seen.code, seen.severity], text?.en)
      assert.equal(text?.en.startsWith(named(seen.says)), true, text?.en)
      for (const language of ['en', 'zh'] as const) {
        assert.equal(todo?.[language] === '', seen.severity === 'ok')
        assert.doesNotMatch(`${text?.[language]}${todo?.[language]}`, /[{}]|undefined/)
      }
      assert.equal(pair?.badge.fill, seen.badge[0])
      return true
    })
    await showsBadge(host, seen)
    const endpoint = (await host.get('/ha-pair')).body as { situation: { code: string; severity: string } }
    assert.deepEqual(
      [endpoint.situation.code, endpoint.situation.severity],
      [seen.code, seen.severity],
      cell('endpoint')
    )
    const metrics = String((await host.get('/ha-pair/metrics')).body)
    const series = `ha_pair_situation{pair="line 1",code="${seen.code}",severity="${seen.severity}",lead="yes"} 1`
    assert.ok(metrics.includes(series), `${cell('metric')}: ${/ha_pair_situation.*/.exec(metrics)?.[0]}`)
    const { event, log } = seen
    if (event !== null) {
      await eventually(`${cell('event')}: ${event}`, LIMIT_MS, () =>
        eventsIn(host.diary(mark.diary)).some((told) => event.split('|').includes(`${told.event} ${told.reason}`))
      )
    }
    if (log !== null) {
      await eventually(`${cell('log')}: ${named(log)}`, LIMIT_MS, () => host.log.slice(mark.log).includes(named(log)))
    }
    await raises(host, seen)
  }

  async function showsBadge(host: NodeRedProcess, { badge: [fill, text] }: Seen): Promise<void> {
    if (text === '') return
    const badges = await Badges.watch(version, host)
    try {
      const pattern = `^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}`
      await badges.shows('state', fill, new RegExp(pattern), LIMIT_MS)
    } finally {
      badges.close()
    }
  }

  async function raises(host: NodeRedProcess, { code, alert }: Seen): Promise<void> {
    if (prometheus === null) return
    const asking = prometheus
    await eventually(`the alert of ${host.name}: ${alert}`, LIMIT_MS, async () => {
      const firing = await asking.ask(`ALERTS{alertstate="firing",instance="${instanceOf(host)}"}`)
      const own = firing.filter(({ metric }) => OF_SIDE.test(metric['alertname'] ?? ''))
      if (alert === null)
        assert.deepEqual(
          own.map(({ metric }) => metric['code']),
          []
        )
      else
        assert.ok(
          own.some(({ metric }) => metric['alertname'] === alert && metric['code'] === code),
          JSON.stringify(own)
        )
      return true
    })
  }
}

const markOf = (host: NodeRedProcess): Mark => ({ log: host.log.length, diary: host.diaryMark() })

describe('what the screen says', () => {
  describe('on Node-RED 4', () => tell(nodeRed4))
  if (WHOLE) describe('on Node-RED 5', () => tell(nodeRed5))

  it('has rows that look at a side, each made once', () => {
    const makers = TABLE.map(({ make }: Row) => make)
    assert.equal(new Set(makers).size, makers.length)
    for (const { make, a, b } of TABLE) assert.ok(a !== undefined || b !== undefined, make)
  })
})
