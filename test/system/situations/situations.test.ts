/**
 * What the screen says of a pair, in every place where it says something: each row of the table is made on real processes, one after
 * the other on one pair, and every cell is looked at.
 */
import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { STATE_SEVERITY } from '../../../src/host/situation/situation'
import type { SituationCode } from '../../../src/host/situation/types'
import { WARNINGS } from '../../../src/host/warnings'
import { eventually } from '../../support/eventually'
import { Badges } from '../../support/node-red/badges'
import { removeFolder, scratchFolder } from '../../support/node-red/npm'
import type { NodeRedProcess } from '../../support/node-red/process'
import { eventsIn } from '../../support/node-red/two-hosts'
import { type NodeRed, nodeRed4, nodeRed5 } from '../../support/node-red/versions'
import { Prometheus, promtool } from '../../support/prometheus'
import { WHOLE } from '../../support/share'
import { Gallery } from './gallery'
import { makersOf } from './makers'
import type { Row, Seen } from './row'
import { LIMIT_MS, Stage, type Side } from './stage'
import { ELSEWHERE, TABLE } from './table'

const SETTLE_MS = 180_000
/** A folder for pictures; '' = none are taken. */
const PICTURES = process.env['HA_PAIR_GALLERY'] ?? ''
/** Who deploys on one side and then on the other is not nagged in between. */
const SLOW: ReadonlySet<SituationCode> = new Set(['flows-differ', 'context-differs', 'bad-frame', 'clocks-differ'])
const SLOW_MS = 70_000
const PEER = '127.0.0.1'
const OF_SIDE = /HaPair(?:Critical|Attention|WitnessLost|EngineSilent)/

/** What a sentence of the table stands for. */
const named = (text: string): string => text.replaceAll(/\bhere\b/g, hostname()).replaceAll(/\bpeer\b/g, PEER)
const instanceOf = (host: NodeRedProcess): string => new URL(host.url('/')).host

/** Where a side's log and diary ended before the row was made. */
interface Mark {
  readonly log: number
  readonly diary: number
}

function tell(findVersion: () => NodeRed, theme: 'light' | 'dark'): void {
  let version: NodeRed
  let folder = ''
  let stage: Stage
  let prometheus: Prometheus | null = null
  let gallery: Gallery | null = null

  before(async function () {
    this.timeout(SETTLE_MS)
    version = findVersion()
    folder = scratchFolder('situations')
    stage = await Stage.set(version, folder)
    if (PICTURES !== '') gallery = await Gallery.open(join(PICTURES, theme), theme)
    if (promtool(['--version']).code === 0) {
      const targets = [instanceOf(stage.a), instanceOf(stage.b)]
      prometheus = await Prometheus.start(folder, targets, { every: '250ms', atOnce: true })
    } else console.log('# alerts are not looked at: prometheus (Debian: prometheus) is needed')
  })

  after(async function () {
    this.timeout(SETTLE_MS)
    await gallery?.close()
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
      const [prepare, make] = makersOf(stage)[row.make]
      await prepare()
      const silent = await silentIn(row)
      const marks = { a: markOf(stage.a), b: markOf(stage.b) }
      await make()
      for (const side of ['a', 'b'] as const) {
        const seen = row[side]
        if (seen !== undefined) await isSeen(side, seen, marks[side])
      }
      for (const badges of silent) {
        await badges.shows('state', undefined, /^$/, LIMIT_MS)
        badges.close()
      }
      await photograph(row)
    })
  }

  async function photograph(row: Row): Promise<void> {
    if (gallery === null) return
    for (const side of ['a', 'b'] as const) {
      if (row[side] === undefined) continue
      const { situation } = await stage.listed(side)
      await gallery.take(
        stage[side],
        `${situation.code}--${row.make.replaceAll(/[^\w]+/g, '-')}-${side}`,
        situation.text
      )
    }
  }

  async function isSeen(side: Side, seen: Seen, mark: Mark): Promise<void> {
    const host = stage[side]
    const cell = (place: string): string => `${place} of ${side}`
    // All at one look: a machine that is busy pauses a pair for a moment, which each of them says.
    await eventually(cell('sidebar, endpoint and metric'), LIMIT_MS + (SLOW.has(seen.code) ? SLOW_MS : 0), async () => {
      const { situation, running, badge } = await stage.listed(side)
      const { code, severity, text, todo } = situation
      assert.deepEqual([code, severity], [seen.code, seen.severity], text.en)
      assert.equal(text.en.startsWith(named(seen.says)), true, text.en)
      for (const language of ['en', 'zh'] as const) {
        assert.equal(todo[language] === '', seen.severity === 'ok')
        assert.doesNotMatch(`${text[language]}${todo[language]}`, /[{}]|undefined/)
      }
      assert.equal(badge.fill, seen.badge[0])
      const notes = running?.warnings.map((warning) => warning.code) ?? []
      assert.deepEqual(seen.notes?.filter((note) => !notes.includes(note)) ?? [], [])
      const endpoint = (await host.get('/ha-pair')).body as { situation: { code: string; severity: string } }
      assert.deepEqual([endpoint.situation.code, endpoint.situation.severity], [code, severity], cell('endpoint'))
      const metrics = String((await host.get('/ha-pair/metrics')).body)
      const series = `ha_pair_situation{pair="line 1",code="${code}",severity="${severity}",lead="yes"} 1`
      assert.ok(metrics.includes(series), `${cell('metric')}: ${/ha_pair_situation.*/.exec(metrics)?.[0]}`)
      return true
    })
    await showsBadge(host, seen)
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

  /** Where the node that shows it will run no more: its last badge has to go, which nobody is told who begins to look later. */
  async function silentIn(row: Row): Promise<Badges[]> {
    const sides = (['a', 'b'] as const).filter((side) => row[side]?.badge[1] === '')
    return Promise.all(sides.map((side) => Badges.watch(version, stage[side])))
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
          own.some(({ metric }) => metric['alertname'] === alert && (metric['code'] ?? code) === code),
          JSON.stringify(own)
        )
      return true
    })
  }
}

const markOf = (host: NodeRedProcess): Mark => ({ log: host.log.length, diary: host.diaryMark() })

describe('what the screen says', () => {
  describe('on Node-RED 4', () => tell(nodeRed4, 'light'))
  if (WHOLE) describe('on Node-RED 5', () => tell(nodeRed5, 'dark'))

  it('has rows that look at a side, each made once', () => {
    const makers = TABLE.map(({ make }) => make)
    assert.equal(new Set(makers).size, makers.length)
    for (const { make, a, b } of TABLE) assert.ok(a !== undefined || b !== undefined, make)
  })

  it('makes every situation there is, or says why it cannot', () => {
    const seen = TABLE.flatMap(({ a, b }) => [a, b]).filter((side) => side !== undefined)
    const made = new Set<string>(seen.flatMap(({ code, notes = [] }) => [code, ...notes]))
    const all = [...Object.keys(STATE_SEVERITY), ...Object.keys(WARNINGS)]
    const elsewhere = Object.keys(ELSEWHERE)
    assert.deepEqual([...new Set([...made, ...elsewhere])].sort(), [...new Set(all)].sort())
    assert.deepEqual(
      elsewhere.filter((code) => made.has(code)),
      []
    )
  })
})
