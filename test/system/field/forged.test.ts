/** Finding A1 and its kin: no key, no cut; what a stranger on the LAN can send moves nothing. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nowUs, pause } from '../../support/namespaces/clock'
import { type Side, SIDES } from '../../support/namespaces/history'
import {
  type Attack,
  blindResets,
  both,
  fittingResets,
  forgedUnreachable,
  junkFile,
  record,
  spoofedFrames
} from './attack'
import { eventually } from '../../support/eventually'
import { WHOLE } from '../../support/share'
import { Field } from './field'
import { STRANGER } from './lan'
import { FORGED_FOR_MS, givenTime, LONG, rebuildAfterFailure, skipUnlessHere } from './here'

const RATES = [1000, 5000, 60_000]
/** At each side. */
const SPOOFED_RATES = LONG ? RATES : [1000]
/** What two busy cores send and read at each side, and check the seals of; more is asked of nobody. */
const READ_PER_SECOND = 15_000
/** What one process sends for a pair without a core of its own; the switch makes the rest of it. */
const SENT_PER_SECOND = 5000
/** At this rate and above each kind comes by itself: two of them leave two cores, which are both sides and the attacker, no time. */
const APART_FROM = 60_000
const STARVED_MS = 300
const REACHED_MS = 30_000

describe('field: what a stranger forges changes nothing', function () {
  this.timeout(120_000)
  let field: Field
  let ports: number[]

  before(async function () {
    skipUnlessHere(this, 'hping3', 'tcpdump')
    field = await Field.make()
    ports = field.members.map(({ port }) => port)
  })

  after(() => field?.remove())

  beforeEach(() => field.form())

  afterEach(function () {
    return rebuildAfterFailure(this, field)
  })

  async function outlives(attack: Attack, sinceUs: number): Promise<void> {
    await pause(FORGED_FOR_MS)
    attack.stop()
    await field.allWell(sinceUs)
  }

  /**
   * Against so many a second at each side and for each of the ports, half as many each time again. Half of what was asked of what `match`
   * counts has to have come in, or `enough` a second.
   */
  async function holdsAgainst(
    {
      match,
      quoted,
      perSecond,
      enough = Infinity
    }: { match: string; quoted: readonly number[]; perSecond: number; enough?: number },
    start: (perSecond: number) => Attack
  ): Promise<void> {
    const { lan } = field
    const copies = Math.ceil(perSecond / SENT_PER_SECOND)
    const counts = await Promise.all(SIDES.map((side) => lan.count(side, match)))
    await lan.copyStranger(copies)
    try {
      await givenTime(field, STARVED_MS, (sinceUs, tries) =>
        outlives(start((perSecond / copies) * 2 ** -tries), sinceUs)
      )
    } finally {
      await lan.copyStranger(1)
    }
    const arrived = await Promise.all(counts.map((count) => count()))
    const rates = arrived.map((count) => Math.round((count * 1000) / FORGED_FOR_MS))
    const asked = perSecond * quoted.length
    console.log(`# ${rates.join(' and ')} a second came in, of ${asked}`)
    for (const rate of rates)
      assert.ok(rate > Math.min(asked / 2, enough), `only ${rate} a second came in: this shows little`)
  }

  const refusals = (quoted: readonly number[], perSecond: number): Promise<void> =>
    holdsAgainst({ match: `icmp type destination-unreachable ip saddr ${STRANGER}`, quoted, perSecond }, (each) =>
      forgedUnreachable(field.lan, quoted, each)
    )

  for (const perSecond of WHOLE ? RATES : [5000]) {
    const title = `${perSecond.toLocaleString('en')} 'port unreachable' a second at each side`
    if (perSecond <= 5000 || LONG)
      it(`${title} and for each pair`, async () => {
        if (perSecond <= 5000) await refusals(ports, perSecond)
        else for (const port of ports) await refusals([port], perSecond)
      })
    else it(title, () => refusals(ports, perSecond / ports.length))
  }

  for (const perSecond of SPOOFED_RATES) {
    const title = LONG ? `, ${perSecond.toLocaleString('en')} a second at each side` : ''
    const spoofed = (start: (perSecond: number) => Attack, match = 'meta l4proto udp'): Promise<void> =>
      holdsAgainst({ match, quoted: ports, perSecond: perSecond / ports.length, enough: READ_PER_SECOND }, start)
    const junk = (): ((perSecond: number) => Attack) => {
      const file = junkFile(join(field.folder, 'junk'), 1)
      return (each) => spoofedFrames(field.lan, ports, each, () => file)
    }
    const resets = (each: number): Attack => blindResets(field.lan, ports, each)

    if (perSecond < APART_FROM) {
      it(`junk from the address and port of the peer${title}, and as many resets with random numbers`, async () => {
        const start = junk()
        await spoofed((each) => both(start(each), resets(each)))
      })
    } else {
      it(`junk from the address and port of the peer${title}`, () => spoofed(junk()))
      it(`resets with random numbers${title}`, () => spoofed(resets, 'tcp flags rst'))
    }

    it(`recorded frames from the address and port of the peer${title}`, async () => {
      const recorded = await record(field.lan, join(field.folder, 'recorded.pcap'), 1500)
      const file = (side: Side, port: number): string => join(field.folder, `recorded-${side}-${port}`)
      for (const side of SIDES) {
        for (const port of ports) {
          const frames = recorded(side, port)
          assert.ok(frames.length > 0, `no frame to side ${side}, port ${port} was recorded`)
          writeFileSync(file(side, port), frames)
        }
      }
      await spoofed((each) => spoofedFrames(field.lan, ports, each, file))
    })
  }

  it('resets that fit: they cost the channel and nothing else', async () => {
    await field.provable()
    const attack = await fittingResets(field.lan, ports)
    // Where there is no data, the first segments to be read are those of new connections.
    await field.lan.destroyTcp('a')
    const sinceUs = nowUs()
    const lost = (): number =>
      field.members.flatMap((each) => field.events(each, sinceUs).filter(({ reason }) => reason === 'channel-lost'))
        .length
    // Two for each pair are those that were ended to begin with. A slow machine reads and sends its resets late.
    await eventually('resets reach the channels', REACHED_MS, () => lost() > 2 * field.members.length)
    await outlives(attack, sinceUs)
    console.log(`# ${attack.count()} resets, ${lost()} channels lost`)
    await field.provable()
  })
})
