/** Addresses and interfaces of a host that come and go, as cables, DHCP clients and boots do it; in network namespaces. */
import assert from 'node:assert/strict'
import { DEFAULTS, type LinkSettings, type PairSettings, type Policy } from '../../../src/protocol/settings'
import { holds, until } from '../../support/engine-rig'
import {
  addAddress,
  ADDRESS,
  dropAddress,
  HostedSide,
  indexOn,
  INTERFACE,
  ipOn,
  layCable,
  LINK_LOCAL,
  makeHosts,
  removeHosts,
  takeCable,
  whyNotHere,
  type HostName
} from './namespace'

const PORT = 1101
const KEY = 'a strong secret'
const TIMING = { heartbeatMs: 50, peerTimeoutMs: 600 } as const
/** Longer than `peerTimeout`: whoever was lost has been noticed. */
const LONG_MS = 1000
const NEW_ADDRESS = '10.213.0.7'
/** Events that nobody should be told of where an address or an interface was away for a while. */
const UNWANTED = /^(role|paused|resumed|link (link-failed|link-open|address-changed|port-in-use)|rejected)/

function start(host: HostName, over: Partial<LinkSettings> = {}, pair: Partial<PairSettings> = {}): HostedSide {
  const peer = host === 'a' ? 'b' : 'a'
  const link = { peerHost: ADDRESS[peer], peerPort: PORT, localHost: '', localPort: PORT, ...over }
  const priority = host === 'a' ? 200 : 100
  return new HostedSide(host, { ...DEFAULTS, ...TIMING, name: host, priority, links: [link], ...pair }, KEY)
}

function arePaired(active: HostedSide, standby: HostedSide): boolean {
  const online = active.is.online && standby.is.online
  return online && active.is.role === 'active' && active.is.serves && standby.is.role === 'standby'
}

function onLinkLocal(host: HostName, zone: string | number): Partial<LinkSettings> {
  return {
    peerHost: `${LINK_LOCAL[host === 'a' ? 'b' : 'a'].toUpperCase()}%${zone}`,
    localHost: `${LINK_LOCAL[host]}%${zone}`
  }
}

describe('a pair on two hosts', () => {
  let a: HostedSide
  let b: HostedSide

  const pairUp = async (
    over: Readonly<Partial<Record<HostName, Partial<LinkSettings>>>>,
    pair: Partial<PairSettings>
  ) => {
    a = start('a', over.a, pair)
    b = start('b', over.b, pair)
    await until('paired', () => arePaired(a, b) || arePaired(b, a))
    await new Promise((later) => setTimeout(later, 400))
  }
  const lead = async (leader: HostedSide): Promise<void> => {
    const other = leader === a ? b : a
    if (leader.is.role !== 'active') leader.say('swap')
    await until('the right one leads', () => arePaired(leader, other))
    await new Promise((later) => setTimeout(later, 400))
    a.forget()
    b.forget()
  }

  before(function () {
    const why = whyNotHere()
    if (why === null) return
    console.log(`# no interfaces were taken away: ${why}`)
    this.skip()
  })
  beforeEach(() => makeHosts())
  afterEach(async () => {
    await Promise.all([a, b].map((side) => side.end()))
    removeHosts()
  })

  for (const localHost of ['', ADDRESS.a]) {
    const bound = localHost === '' ? 'any address' : 'its address'
    const losses: readonly [what: string, lose: () => void, restore: () => void][] = [
      ['its address is removed and comes back', () => dropAddress('a'), () => addAddress('a')],
      [
        'its interface goes down and up',
        () => ipOn('a', 'link', 'set', INTERFACE, 'down'),
        () => ipOn('a', 'link', 'set', INTERFACE, 'up')
      ]
    ]
    for (const [what, lose, restore] of losses) {
      it(`bound to ${bound}: ${what}, and socket and role stay, and they meet again by themselves`, async () => {
        await pairUp({ a: { localHost } }, { policy: 'preferred' })
        await lead(a)
        lose()
        await until('they have lost each other', () => !a.is.online && !b.is.online)
        await holds('it serves on', () => a.is.role === 'active' && a.is.serves && a.is.links === 'open', LONG_MS)
        restore()
        await until('they are a pair again', () => arePaired(a, b))
        await holds('they stay so', () => arePaired(a, b), 300)
        assert.deepEqual(
          [a, b].map(({ news }) => news.filter((each) => UNWANTED.test(each))),
          [[], []]
        )
      })
    }
  }

  for (const policy of ['preferred', 'exclusive'] satisfies Policy[]) {
    it(`under ${policy} one has another address: they go on, whoever leads`, async function () {
      this.timeout(20_000)
      await pairUp({}, { policy })
      for (const leader of [a, b]) {
        await lead(leader)
        const [from, to] = leader === a ? [ADDRESS.a, NEW_ADDRESS] : [NEW_ADDRESS, ADDRESS.a]
        const other = leader === a ? b : a
        // The old one is removed first: for a moment there is none.
        dropAddress('a', from)
        addAddress('a', to)
        await until('the other one knows', () => b.is.peer === to)
        await holds('they are a pair', () => arePaired(leader, other), LONG_MS)
        assert.deepEqual([a.news, b.news], [[], [`link address-changed ${from}:${PORT} ${to}:${PORT}`]])
      }
    })
  }

  it('one is bound to an address that appears later: it waits, and then they meet', async () => {
    dropAddress('a')
    a = start('a', { localHost: ADDRESS.a })
    b = start('b')
    await until('it says what is wrong', () => a.is.links === 'shut link-failed')
    await new Promise((later) => setTimeout(later, 1000))
    addAddress('a')
    await until('they are a pair', () => arePaired(a, b) || arePaired(b, a), 5000)
    assert.equal(a.is.links, 'open')
  })

  it('meet on link-local addresses, whose zones are a name and a number', async () => {
    await pairUp({ a: onLinkLocal('a', INTERFACE), b: onLinkLocal('b', indexOn('b')) }, {})
    assert.deepEqual([a.is.peer, b.is.peer], [`${LINK_LOCAL.b}%${INTERFACE}`, `${LINK_LOCAL.a}%${INTERFACE}`])
    assert.deepEqual(
      [a, b].map(({ is }) => is.events.filter((each) => each.includes('address-changed'))),
      [[], []]
    )
  })

  it('meet again on link-local addresses when their interfaces were made again', async function () {
    this.timeout(20_000)
    const over = { a: onLinkLocal('a', INTERFACE), b: onLinkLocal('b', INTERFACE) }
    await pairUp(over, { policy: 'preferred' })
    await lead(a)
    takeCable()
    await until('they have lost each other', () => !a.is.online && !b.is.online)
    layCable()
    await until('they are a pair again', () => arePaired(a, b), 15_000)
    assert.deepEqual(
      [a, b].map(({ news }) => news.filter((each) => UNWANTED.test(each))),
      [[], []]
    )
  })
})
