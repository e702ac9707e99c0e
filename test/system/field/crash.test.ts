/** What ends, and what only looks as if it had: kill -9, SIGSTOP, firewalls that are reloaded, blocked TCP, forged ends. */
import assert from 'node:assert/strict'
import { nowUs, pause, US_PER_MS } from '../../support/namespaces/clock'
import { type Side, SIDES } from '../../support/namespaces/history'
import { itInWhole } from '../../support/share'
import { eventually } from '../../support/eventually'
import { forgedEnds, knocking, readPath } from './attack'
import {
  AVAILABILITY,
  Field,
  HEARTBEAT_MS,
  type Member,
  PEER_TIMEOUT_MS,
  PREFERRED,
  PREFERRED_OTHER,
  SAFETY
} from './field'
import { FORGED_FOR_MS, givenTime, LONG, rebuildAfterFailure, skipUnlessHere } from './here'

/** A proof takes 20 ms and a redial; the rest is the machine. Silence takes the whole time. */
const PROOF_MS_MAX = PEER_TIMEOUT_MS / 2
const RETURN_MS = 5 * PEER_TIMEOUT_MS
/** A proof waits for an answer for that long. */
const STARVED_MS = 25
const ALL_TCP = 'meta l4proto tcp'

describe('field: a crash is proved, and nothing else is', function () {
  this.timeout(120_000)
  let field: Field

  before(async function () {
    skipUnlessHere(this, 'hping3', 'tcpdump')
    field = await Field.make()
  })

  after(() => field?.remove())

  beforeEach(async () => {
    await field.form()
    await field.provable()
  })

  afterEach(function () {
    return rebuildAfterFailure(this, field)
  })

  const tookOverMs = (each: Member, sinceUs: number): number => {
    const atUs = field.servedAtUs(each, 'b', sinceUs)
    return atUs === null ? Infinity : (atUs - sinceUs) / US_PER_MS
  }

  async function everywhereServes(side: Side): Promise<void> {
    await eventually(`side ${side} serves`, RETURN_MS, () =>
      field.members.every((each) => field.history(each).at(-1) === side)
    )
  }

  async function comesBack(serving: 'b' | null): Promise<void> {
    const sinceUs = nowUs()
    await field.start('a')
    await eventually('one serves in each pair', RETURN_MS, () => field.formed())
    await field.allWell(sinceUs, { moves: true, serves: serving })
  }

  async function tellOfTheirChannels(words: readonly string[], sinceUs: number): Promise<void> {
    for (const each of field.members) {
      await eventually(`${each.id}: both sides tell of ${words.join(', ')}`, 6 * PEER_TIMEOUT_MS, () =>
        SIDES.every((side) => words.includes(field.channelOf(each, side, sinceUs) ?? ''))
      )
    }
  }

  async function crashIsNoticedBySilence(): Promise<void> {
    const killedUs = nowUs()
    await field.side('a').kill()
    await pause(2 * PEER_TIMEOUT_MS)
    for (const each of [AVAILABILITY, PREFERRED_OTHER]) {
      const ms = tookOverMs(each, killedUs)
      assert.ok(ms > PEER_TIMEOUT_MS - 2 * HEARTBEAT_MS && ms < PEER_TIMEOUT_MS + 500, `${each.id}: after ${ms} ms`)
    }
    for (const each of [PREFERRED, SAFETY]) assert.equal(tookOverMs(each, killedUs), Infinity, each.id)
    await field.allWell(killedUs, { moves: true, serves: null })
    for (const each of field.members) assert.deepEqual(field.claims(each, killedUs), [], `${each.id}: called crashed`)
  }

  it('kill -9 of the Active: the other side serves at once, under every policy; the killed one comes back as Standby', async () => {
    const sinceUs = nowUs()
    await field.side('a').kill()
    await pause(PROOF_MS_MAX)
    const took = field.members.map((each) => [each.id, tookOverMs(each, sinceUs)] as const)
    console.log(`# ${took.map(([id, ms]) => `${id} ${ms.toFixed(0)} ms`).join(', ')}`)
    for (const [id, ms] of took) assert.ok(ms < PROOF_MS_MAX, `${id}: taken over after ${ms} ms`)
    await pause(PEER_TIMEOUT_MS)
    await field.allWell(sinceUs, { moves: true, serves: null })
    await comesBack('b')
  })

  itInWhole('kill -9 of the Standby: the Active serves on', async () => {
    const sinceUs = nowUs()
    await field.side('b').kill()
    await pause(PEER_TIMEOUT_MS + 500)
    await field.allWell(sinceUs, { moves: true })
  })

  it('after a proof the survivor goes on, whatever is sent to the dead one’s host', async () => {
    await field.lan.routeToAll('a')
    await field.side('a').kill()
    await everywhereServes('b')
    const sinceUs = nowUs()
    const attack = knocking(field.lan, 'a', 20_000)
    await pause(FORGED_FOR_MS)
    attack.stop()
    await field.allWell(sinceUs, { serves: 'b' })
  })

  itInWhole('the killed side comes back cut off: it waits, and the survivor goes on', async () => {
    await field.side('a').kill()
    await everywhereServes('b')
    const sinceUs = nowUs()
    await field.lan.cut()
    await field.start('a')
    await pause(2 * PEER_TIMEOUT_MS + 500)
    await field.allWell(sinceUs, { members: [PREFERRED, PREFERRED_OTHER, SAFETY], moves: true, serves: 'b' })
    await field.lan.heal()
    await eventually('one serves in each pair', RETURN_MS, () => field.formed())
    await field.allWell(sinceUs, { moves: true, serves: null, apart: [{ fromUs: sinceUs, toUs: nowUs() }] })
  })

  it('SIGSTOP of the Active is no crash: silence decides', async () => {
    const sinceUs = nowUs()
    field.side('a').freeze()
    await pause(PEER_TIMEOUT_MS - 500)
    for (const each of field.members) assert.equal(field.servedAtUs(each, 'b', sinceUs), null, each.id)
    await pause(PEER_TIMEOUT_MS)
    for (const each of [AVAILABILITY, PREFERRED_OTHER])
      assert.notEqual(field.servedAtUs(each, 'b', sinceUs), null, each.id)
    for (const each of [PREFERRED, SAFETY]) assert.equal(field.servedAtUs(each, 'b', sinceUs), null, each.id)
    for (const each of field.members) assert.deepEqual(field.claims(each, sinceUs), [], `${each.id}: called crashed`)
    field.side('a').thaw()
    await eventually('one serves in each pair', RETURN_MS, () => field.formed())
    await field.allWell(sinceUs, { moves: true, serves: null, apart: [{ fromUs: sinceUs, toUs: nowUs() }] })
  })

  it('a firewall is reloaded: it resets, then refuses all TCP, old and new; then all is as before', async () => {
    const sinceUs = nowUs()
    for (const how of ['tcp reset', 'icmp port-unreachable', 'icmp admin-prohibited']) {
      const rules = [`${ALL_TCP} iifname "lan*" reject with ${how}`]
      await Promise.all(SIDES.map((side) => field.lan.firewall(side, rules)))
      await Promise.all(SIDES.map((side) => field.lan.destroyTcp(side)))
      await pause(PEER_TIMEOUT_MS / 2)
    }
    await Promise.all(SIDES.map((side) => field.lan.firewall(side, [])))
    await field.allWell(sinceUs)
    await field.provable()
    await field.allWell(sinceUs)
  })

  it('TCP is blocked: it is told, and a crash is noticed by silence', async () => {
    const sinceUs = nowUs()
    const rules = [`${ALL_TCP} iifname "lan*" drop`]
    await Promise.all(SIDES.map((side) => field.lan.firewall(side, rules)))
    await Promise.all(SIDES.map((side) => field.lan.destroyTcp(side)))
    // First that it is lost; that it is blocked is known some attempts later.
    await tellOfTheirChannels(LONG ? ['channel-blocked'] : ['channel-lost', 'channel-blocked'], sinceUs)
    await field.allWell(sinceUs)
    await crashIsNoticedBySilence()
    await Promise.all(SIDES.map((side) => field.lan.firewall(side, [])))
    await comesBack(null)
  })

  itInWhole('TCP passes an address translation: that is told, and a crash is noticed by silence', async () => {
    const sinceUs = nowUs()
    await Promise.all(SIDES.map((side) => field.lan.translateTcp(side, true)))
    await Promise.all(SIDES.map((side) => field.lan.destroyTcp(side)))
    await tellOfTheirChannels(['addresses-differ'], sinceUs)
    await field.allWell(sinceUs)
    await crashIsNoticedBySilence()
    await Promise.all(SIDES.map((side) => field.lan.translateTcp(side, false)))
    await comesBack(null)
  })

  it('ends are forged for both connections, and a firewall refuses new ones, while the peer lives', async () => {
    const ports = field.members.map(({ port }) => port)
    // Of three facts two are forged: a peer that is given no processor forges the third one itself.
    await givenTime(field, STARVED_MS, async (sinceUs) => {
      const path = await readPath(field.lan, ports)
      try {
        // Makes both ends open their connections anew, in front of the reader.
        await Promise.all(SIDES.map((side) => field.lan.destroyTcp(side)))
        await pause(500)
        await field.provable()
        const refused = `tcp flags syn / syn,ack iifname "lan*" reject with tcp reset`
        await Promise.all(SIDES.map((side) => field.lan.firewall(side, [refused])))
        // Until the reader has read the last of it, and once more where a segment came late.
        for (let tries = 0; tries < 3; tries++) {
          await pause(500)
          console.log(`# ${await forgedEnds(field.lan, ports, path)} forged ends`)
        }
        // The ends were believed, and the dials after them refused: what is missing is the silence.
        await tellOfTheirChannels(['channel-lost', 'channel-blocked'], sinceUs)
      } finally {
        await Promise.all(SIDES.map((side) => field.lan.firewall(side, [])))
        path.stop()
      }
      await field.allWell(sinceUs)
    })
  })
})
