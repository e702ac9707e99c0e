import assert from 'node:assert/strict'
import type { Socket } from 'node:dgram'
import { Resolver } from '../../../src/engine/resolve'
import { WitnessLink } from '../../../src/engine/witness-link'
import { WitnessSeal, witnessKeyOf } from '../../../src/engine/witness-seal'
import { ANSWER_BYTES, encodeAnswer, type Answer, type Ask } from '../../../src/protocol/wire/witness-frame'
import { closed, freePorts, HandClock, LOOPBACK, open, until } from '../../support/engine-rig'
import { NOTHING_LENT } from '../../support/witness-answer'

const SECRET = 'correct horse battery staple'
const LOOPBACK_6 = '::1'
/** The way looks a name up again after this, while nothing is heard. */
const LOOKUP_EVERY_MS = 5000

const ASK: Ask = {
  role: 'active',
  nodeId: 1n,
  session: 2n,
  echo: 0n,
  seq: 1,
  ack: 0,
  wants: false,
  holds: false,
  releases: false,
  states: false,
  loan: 0,
  promiseMs: 1000
}

const ANSWER: Answer = {
  witnessId: 3n,
  session: 4n,
  echo: 2n,
  seq: 1,
  ack: 1,
  ...NOTHING_LENT
}

describe('the way to a witness', () => {
  let sockets: Socket[] = []
  let link: WitnessLink | null = null
  afterEach(async () => {
    link?.close()
    link = null
    await Promise.all(sockets.splice(0).map(closed))
  })

  it('follows a name from one address family to the other and back', async () => {
    const [port = 0] = await freePorts(1)
    const seal = WitnessSeal.of(witnessKeyOf(SECRET))
    assert.ok(seal !== null)
    /** Of a witness at both addresses, the one that was asked last. */
    let asked = ''
    for (const host of [LOOPBACK, LOOPBACK_6]) {
      const socket = await open(host, port)
      socket.on('message', (_bytes, from) => {
        asked = host
        const answer = Buffer.alloc(ANSWER_BYTES)
        encodeAnswer(ANSWER, seal.pair, answer)
        seal.close(answer)
        socket.send(answer, from.port, from.address)
      })
      sockets.push(socket)
    }
    const clock = new HandClock()
    let address = LOOPBACK
    let answers = 0
    const owner = { witnessAnswered: () => answers++ }
    const way = new WitnessLink(owner, { host: 'witness.test', port }, SECRET, {
      clock,
      resolver: new Resolver(() => Promise.resolve([address]))
    })
    link = way
    for (const next of [LOOPBACK, LOOPBACK_6, LOOPBACK]) {
      address = next
      answers = 0
      await until(`${next} is asked, and its answer is heard`, () => {
        clock.advanceMs(LOOKUP_EVERY_MS)
        way.ask(ASK)
        return asked === next && answers > 0
      })
    }
  })
})
