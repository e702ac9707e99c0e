/** What the sidebar says, in both languages, and what it is given to say. */
import assert from 'node:assert/strict'
import { NO_DATA } from '../../../src/host/shared-data'
import type { ShownPair } from '../../../editor/sidebar/answer'
import { channelText, fitnessText, peerText, proofText } from '../../../editor/sidebar/facts'
import { ORDERS, type Bar, type Beware } from '../../../editor/sidebar/prospect'
import {
  bewareText,
  errorText,
  lasting,
  milliseconds,
  prospectText,
  say,
  setCatalogue
} from '../../../editor/sidebar/words'
import { shownPair } from '../../../nodes/ha-pair-sidebar'
import type { ChannelStatus, PairWarning } from '../../../src/host/pair'
import type { ListedPair } from '../../../src/host/pair-registry'
import { stoppedSituation } from '../../../src/host/situation/situation'
import { REASONS } from '../../../src/host/texts/reasons'
import { LANGUAGES } from '../../support/texts'
import { seen } from './seen'
import { quiet, speak } from './speak'

/** What the runtime lists is what the page reads: the compiler compares the two. */
export const asShown: (listed: ListedPair) => ShownPair = shownPair

const HOSTS = { here: 'plc-a', peer: '10.0.0.2' }
const BARS = Object.keys({
  'is-active': 0,
  'is-standby': 0,
  'swap-starting': 0,
  'swap-offline': 0,
  unfit: 0,
  'engine-crashed': 0,
  'files-in-use': 0,
  'numbers-exhausted': 0
} satisfies Record<Bar, 0>)
const BEWARES = Object.keys({
  'peer-unreachable': 0,
  'peer-unfit': 0,
  'peer-not-ready': 0,
  'peer-less-fit': 0,
  'less-fit': 0
} satisfies Record<Beware, 0>) as Beware[]

const isWhole = (text: string): boolean => text !== '' && !/__|undefined|ha-pair-sidebar:|^[a-z-]+\.[a-z-]+/.test(text)

/** A second after the answer. */
const dataText = (role: 'initial' | 'active' | 'standby', channel: ChannelStatus | null): string =>
  channelText({ role, channel }, 1000)

describe('the words of the sidebar', () => {
  before(() => setCatalogue({ reasons: REASONS }))
  beforeEach(() => speak('en-US'))
  after(quiet)

  it('before an order: what comes of it, what speaks against it, why it cannot be given', () => {
    for (const language of LANGUAGES) {
      speak(language)
      const texts = (['active', 'standby'] as const).flatMap((becomes) =>
        [true, false].map((force) => prospectText({ becomes, force, beware: null }, HOSTS))
      )
      texts.push(...BEWARES.map((beware) => bewareText({ beware }, HOSTS)))
      texts.push(
        ...BARS.map((bar) => say(`orders.not.${bar}`, HOSTS)),
        ...ORDERS.map((order) => say(`orders.${order}.short`))
      )
      for (const text of texts) assert.ok(isWhole(text), text)
      const beware = 'peer-not-ready'
      assert.equal(prospectText({ becomes: 'standby', force: false, beware }, HOSTS), '', 'it would not come to that')
    }
  })

  it('a name is put in as it is', () => {
    assert.match(say('host', { host: '$t(x) $& __field__' }), /\$t\(x\) \$& __field__/)
    assert.equal(errorText('busy', ''), errorText('busy', 'x'))
    assert.match(errorText('unheard-of', 'x'), /unheard-of/)
  })

  for (const [what, status, fitness] of [
    ['both fit', {}, 'here 255 · peer 255'],
    ['the peer unfit', { peer: { fitness: 0, ready: false } }, 'here 255 · peer 0, unfit'],
    ['the peer not ready', { peer: { ready: false } }, 'here 255 · peer 255, not ready'],
    ['the peer Active', { role: 'standby', fitness: 9, peer: { role: 'active', ready: false } }, 'here 9 · peer 255'],
    ['no peer', { online: false, fitness: 0 }, 'here 0, unfit · peer unknown'],
    ['the classic wire', { wire: 'classic' }, 'not on the classic wire']
  ] as const) {
    it(`fitness here and there: ${what}`, () => assert.equal(fitnessText(seen(status)), fitness))
  }

  it('an epoch stands beside the Active whose number it is', () => {
    assert.equal(peerText(seen(), 'plc-b', 0), 'plc-b · online · Standby')
    assert.equal(
      peerText(seen({ peer: { role: 'active', epoch: 7 } }), 'plc-b', 0),
      'plc-b · online · Active · epoch 7'
    )
    assert.match(
      peerText(seen({ online: false, peer: { heardAgo: 4000 } }), 'plc-b', 1000),
      /offline · was Standby · .*5 s/
    )
    assert.match(
      peerText(seen({ online: false, peer: { role: 'initial', heardAgo: 4000 } }), 'plc-b', 0),
      /^plc-b · offline · last heard 4 s/
    )
    assert.equal(peerText(seen({ online: false, peer: null }), 'plc-b', 0), 'plc-b · offline')
  })

  it('whether a crash of the peer can be proved, and why not', () => {
    const channel: ChannelStatus = {
      open: true,
      proof: true,
      why: null,
      ...NO_DATA
    }
    for (const language of LANGUAGES) {
      speak(language)
      const whys = ['off', 'offline', 'not-on-disk', 'addresses-differ', 'channel-lost', 'channel-blocked'] as const
      const texts = [null, channel, ...whys.map((why) => ({ ...channel, proof: false, why }))].map((one) =>
        proofText({ channel: one, witness: null })
      )
      assert.equal(new Set(texts).size, texts.length)
      for (const text of texts) assert.ok(isWhole(text), text)
    }
  })

  it('how the data stands: in step or behind, how much there is, and when some was transferred last', () => {
    const nothing = { open: true, proof: true, why: null, ...NO_DATA }
    const kept = { ...nothing, behind: 0, bytes: 3500, keys: 12, movedAgo: 1000 }
    assert.deepEqual(
      [dataText('active', null), dataText('active', nothing), dataText('active', { ...nothing, open: false })],
      ['None.', 'Open.', 'Not open.']
    )
    assert.equal(dataText('active', kept), 'Open. Data: in step · 12 values, 3.4 KB · last transfer 2 s ago.')
    assert.equal(dataText('active', { ...kept, behind: 999 }), dataText('standby', kept))
    assert.match(dataText('active', { ...kept, behind: 1000 }), /Data: 1 s behind · 12 values/)
    assert.match(dataText('active', { ...kept, behind: null }), /Data: the peer does not follow · /)
    assert.match(dataText('standby', { ...kept, behind: null }), /Data: catching up · /)
    assert.equal(dataText('initial', { ...kept, behind: null, movedAgo: null }), 'Open. Data: 12 values, 3.4 KB.')
    assert.equal(
      dataText('standby', { ...kept, open: false, bytes: 12 }),
      'Not open. Data: 12 values, 12 bytes · last transfer 2 s ago.'
    )
    assert.match(dataText('active', { ...kept, keys: 1, bytes: 16 << 20 }), / 1 value, 16 MB /)
    speak('zh-CN')
    assert.equal(dataText('active', kept), '已打开。数据：已同步 · 12 个值，3.4 KB · 2 秒前有传输。')
    for (const role of ['active', 'standby'] as const)
      for (const behind of [null, 0, 5000]) assert.ok(isWhole(dataText(role, { ...kept, behind })))
  })

  it('times are as exact as somebody wants to know', () => {
    const [second, minute, hour] = [1000, 60_000, 3_600_000]
    assert.deepEqual(
      [-1, 59 * second, 61 * minute, 25 * hour + minute].map((ms) =>
        lasting(ms)
          .replaceAll(/[^\d ]/g, '')
          .trim()
      ),
      ['0', '59', '1  1', '1  1']
    )
    assert.deepEqual([milliseconds(0.123), milliseconds(12.6)], ['0.1 ms', '13 ms'])
  })
})

describe('what the runtime gives the sidebar to say', () => {
  const names = { here: 'plc-a', peer: '10.0.0.2', after: '2 s' }

  it('of a pair that is stopped: each problem in words', () => {
    const problems = [
      { field: 'links[0].peerPort', code: 'number', detail: 'x' },
      { field: 'heartbeat', code: 'unresolved', detail: '${NOT_SET}' }
    ] as const
    const situation = stoppedSituation('plc-a', problems)
    const shown = shownPair({ id: 'p', name: 'Line 1', situation, names, running: null, problems, events: [] })
    assert.deepEqual(
      shown.problems.map(({ text }) => text.en),
      ['Link 1, peer’s port: “x” is not a whole number', 'Heartbeat: ${NOT_SET} is not set']
    )
    assert.deepEqual(shown.badge, { fill: 'red', shape: 'ring' })
  })

  it('of a pair that runs: what holds besides, in words, and nothing twice', () => {
    const warning: PairWarning = {
      code: 'link-down',
      since: 0,
      detail: { down: [1], places: ['10.1.0.2:1101'], of: 2 }
    }
    const situation = {
      ...stoppedSituation('plc-a', []),
      code: 'keys-differ' as const,
      also: [
        { code: 'peer-silent', severity: 'warning' },
        { code: 'link-down', severity: 'warning' }
      ] as const
    }
    const status = seen()
    const running = { status, trouble: null, warnings: [warning], links: [] }
    const { also, peer } = shownPair({ id: 'p', name: 'Line 1', situation, names, running, problems: [], events: [] })
    assert.deepEqual(peer, { en: '10.0.0.2', zh: '10.0.0.2' })
    assert.deepEqual(
      also.map(({ code }) => code),
      ['link-down']
    )
    assert.match(also[0]?.text.en ?? '', /2.*10\.1\.0\.2:1101/)
    assert.doesNotMatch(JSON.stringify(also), /\{(?:here|peer|links|places)\}/)
  })
})
