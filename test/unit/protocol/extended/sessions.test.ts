import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Sessions, type Reception } from '../../../../src/protocol/extended/sessions'
import type { Flags, Trailer } from '../../../../src/protocol/wire/frame'

const NO_FLAGS: Flags = {
  probe: false,
  ready: false,
  serving: false,
  holder: false,
  preferred: false,
  goodbye: false,
  wanted: false,
  refusal: false,
  marked: false,
  channel: false,
  users: false,
  behind: false
}

function trailer(over: Partial<Trailer>): Trailer {
  return {
    keyId: 0,
    nodeId: 2n,
    session: 22n,
    echo: 11n,
    seq: 1,
    ack: 0,
    epoch: 0,
    priority: 100,
    fitness: 255,
    policy: 'availability',
    reason: 'none',
    flags: NO_FLAGS,
    link: 0,
    heardLinks: 1,
    heartbeatMs: 100,
    peerTimeoutMs: 1000,
    promisedMs: 1000,
    flowsHash: 0,
    record: 0,
    peerRecord: 0,
    dataEpoch: 0,
    dataNumber: 0,
    ...over
  }
}

class Story {
  readonly me = new Sessions(11n)
  nowMs = 0

  hears(over: Partial<Trailer>, guarded = false): Reception {
    return this.me.receive(trailer(over), guarded)
  }
  sends(): number {
    return this.me.nextSeq(this.nowMs)
  }
  /** The peer of this session is confirmed; it has sent number `seq`. */
  meets(session = 22n, seq = 5): void {
    assert.equal(this.hears({ session, seq: seq - 1, ack: this.sends() }).kind, 'hello')
    const ack = this.sends()
    assert.deepEqual(this.hears({ session, seq, ack }), { kind: 'current', adopted: true, ackedAtMs: this.nowMs })
  }
}

describe('sessions', () => {
  it('a first hello is worth an answer and nothing else', () => {
    const story = new Story()
    assert.equal(story.hears({ echo: 0n }).kind, 'hello')
    assert.equal(story.me.peer, null)
    assert.deepEqual(story.me.address(true), { echo: 22n, ack: 1 })
  })

  it('a session is confirmed by the acknowledgement of something sent after it was first heard to echo mine', () => {
    const story = new Story()
    const before = story.sends()
    assert.equal(story.hears({ seq: 1, ack: before }).kind, 'hello', 'might be a recording')
    assert.equal(story.hears({ seq: 2, ack: before }).kind, 'hello', 'the same')
    const after = story.sends()
    assert.equal(story.hears({ seq: 3, ack: after }).kind, 'current')
    assert.equal(story.me.peer?.session, 22n)
  })

  it('a frame of an earlier session that was withheld displaces nobody, however fresh it is', () => {
    const story = new Story()
    const withheld = { session: 22n, seq: 9, ack: story.sends() }
    story.meets(33n)
    assert.equal(story.hears(withheld).kind, 'hello')
    for (let i = 0; i < 5; i++) {
      story.sends()
      assert.equal(story.hears(withheld).kind, 'hello')
    }
    assert.equal(story.me.peer?.session, 33n)
  })

  it('recordings that echo an earlier session of mine take no place from one that is about to be confirmed', () => {
    const story = new Story()
    story.hears({ seq: 1, ack: story.sends() })
    for (let session = 100n; session < 200n; session++) story.hears({ session, echo: 9n })
    assert.equal(story.hears({ seq: 2, ack: story.sends() }).kind, 'current')
  })

  it('the id of whom the next frame goes to is known: of an opening, of the peer, also when it took another in mid-session', () => {
    const story = new Story()
    assert.deepEqual([story.me.nodeId(true), story.me.nodeId(false)], [0n, 0n])
    story.hears({ session: 33n, nodeId: 3n, echo: 0n })
    assert.deepEqual([story.me.nodeId(true), story.me.nodeId(false)], [3n, 0n])
    story.meets()
    assert.deepEqual([story.me.nodeId(true), story.me.nodeId(false)], [0n, 2n], 'the opening is forgotten')
    assert.equal(story.hears({ seq: 6, nodeId: 7n }).kind, 'current')
    assert.equal(story.me.nodeId(false), 7n)
    story.hears({ session: 44n, nodeId: 4n, echo: 0n }, true)
    assert.deepEqual([story.me.nodeId(true), story.me.nodeId(false)], [4n, 7n])
  })

  it('an acknowledgement of something never sent is the sign of a copy of this side, from the peer and from anybody else', () => {
    const story = new Story()
    assert.deepEqual(story.hears({ session: 33n, ack: 1 }), { kind: 'beyond' })
    story.meets()
    const before = { ...story.me.peer }
    assert.deepEqual(story.hears({ seq: 6, ack: story.me.lastSentSeq + 1 }), { kind: 'beyond' })
    assert.deepEqual(story.hears({ session: 44n, ack: story.me.lastSentSeq + 1 }), { kind: 'beyond' })
    assert.deepEqual({ ...story.me.peer }, before, 'it leaves the current session as it is')
    assert.equal(story.hears({ seq: 6, ack: story.me.lastSentSeq }).kind, 'current')
  })

  it('but not when it is about another session of mine, of one that said goodbye, or my own', () => {
    const story = new Story()
    story.meets()
    assert.deepEqual(story.hears({ seq: 6, echo: 10n, heardLinks: 0, ack: 99 }), { kind: 'drop', cause: 'session' })
    assert.equal(story.hears({ session: 44n, echo: 10n, ack: 99 }).kind, 'hello')
    assert.equal(story.hears({ session: 44n, echo: 0n, ack: 99 }).kind, 'hello')
    assert.deepEqual(story.hears({ session: 11n, ack: 99 }), { kind: 'drop', cause: 'reflected' })
    story.me.retirePeer()
    assert.deepEqual(story.hears({ seq: 7, ack: 99 }), { kind: 'drop', cause: 'replayed' })
  })

  it('my own frame, reflected, is refused', () => {
    assert.deepEqual(new Story().hears({ session: 11n }), { kind: 'drop', cause: 'reflected' })
  })

  it('an answer to an older session of mine changes nothing', () => {
    const story = new Story()
    story.meets()
    assert.deepEqual(story.hears({ seq: 6, echo: 10n, heardLinks: 0 }), { kind: 'drop', cause: 'session' })
  })

  it('the same frame twice is a replay; on another link it is a copy', () => {
    const story = new Story()
    story.meets()
    assert.equal(story.hears({ seq: 6 }).kind, 'current')
    assert.deepEqual(story.hears({ seq: 6 }), { kind: 'drop', cause: 'replayed' })
    assert.deepEqual(story.hears({ seq: 6, link: 1 }), { kind: 'copy' })
    assert.deepEqual(story.hears({ seq: 6, link: 1 }), { kind: 'drop', cause: 'replayed' })
  })

  it('a session that said goodbye never comes back, even with acknowledgements that were right', () => {
    const story = new Story()
    story.meets(22n)
    const answer = story.sends()
    story.me.retirePeer()
    const ack = story.sends()
    const goodbye = { ...NO_FLAGS, goodbye: true }
    for (const late of [{ ack: answer }, { ack, flags: goodbye }, { ack, echo: 10n }, { ack: ack + 1 }])
      assert.deepEqual(story.hears({ seq: 100, ...late }), { kind: 'drop', cause: 'replayed' })
    assert.equal(story.me.hasHello, false)
    assert.equal(story.me.peer, null)
  })

  it('who goes on in it, and knows what I sent since, is a copy of who left: it is answered by a number that it never sent', () => {
    const story = new Story()
    story.meets(22n)
    story.me.retirePeer()
    for (const seq of [3, 100, 101]) {
      const reception = story.hears({ seq, ack: story.sends() })
      assert.deepEqual(reception, { kind: 'hello', acquainted: true, news: false })
      const { echo, ack } = story.me.address(true)
      const copy = new Sessions(22n)
      for (let sent = 0; sent < seq; sent++) copy.nextSeq(story.nowMs)
      assert.equal(echo, 22n)
      assert.deepEqual(copy.receive(trailer({ session: 11n, echo, ack }), false), { kind: 'beyond' })
    }
    assert.equal(story.me.peer, null)
  })

  it('100,000 recorded frames of earlier sessions, both directions, leave the current session as it is', () => {
    const story = new Story()
    for (let session = 100n; session < 120n; session++) story.meets(session)
    story.meets(500n, 5)
    const before = { ...story.me.peer }
    let changed = 0
    for (let i = 0; i < 100_000; i++) {
      const reception = story.hears({
        session: 100n + BigInt(i % 20),
        seq: 5 + (i % 7),
        ack: 1 + (i % 20),
        echo: i % 2 === 0 ? 11n : 9n
      })
      if (reception.kind === 'current') changed++
    }
    assert.equal(changed, 0)
    assert.deepEqual({ ...story.me.peer }, before)
  })

  for (const [who, nodeId] of [
    ['the restarted peer', 2n],
    ['a third node', 3n]
  ] as const) {
    it(`while the peer is present, ${who} is a rival once it is confirmed, and takes its place when it is not`, () => {
      const story = new Story()
      story.meets()
      const other = { nodeId, session: 33n }
      assert.equal(story.hears({ ...other, ack: story.sends() }, true).kind, 'hello')
      for (let seq = 2; seq < 5; seq++) {
        assert.deepEqual(story.hears({ ...other, seq, ack: story.sends() }, true), { kind: 'rival' })
        assert.deepEqual(
          story.me.address(true),
          { echo: 33n, ack: seq },
          'whom an opening is for, when the peer is gone'
        )
        assert.equal(story.hears({ seq: 4 + seq }, true).kind, 'current', 'the peer is heard as before')
      }
      assert.equal(story.me.peer?.session, 22n)
      const refused = { ...other, seq: 5, ack: story.me.lastSentSeq }
      assert.equal(
        story.hears(refused, false).kind,
        'hello',
        'it was refused: by now it may be dead, and this a recording'
      )
      const ack = story.sends()
      assert.deepEqual(story.hears({ ...other, seq: 6, ack }, false), { kind: 'current', adopted: true, ackedAtMs: 0 })
      assert.deepEqual([story.me.peer?.session, story.me.peer?.nodeId], [33n, nodeId])
    })
  }

  it('nothing that a rival said before it was refused last, heard or withheld, makes it the peer when that one has gone', () => {
    const story = new Story()
    story.meets()
    const said = [{ session: 33n, ack: story.sends() }]
    story.hears(said[0] ?? {}, true)
    for (let seq = 2; seq <= 18; seq++) {
      const frame = { session: 33n, seq, ack: story.sends() }
      said.push(frame)
      if (seq % 2 === 0) assert.equal(story.hears(frame, true).kind, 'rival')
    }
    for (const frame of [...said, ...said.toReversed()]) assert.equal(story.hears(frame, false).kind, 'hello')
    assert.equal(story.me.peer?.session, 22n)
  })

  it('a peer that has counted me, and then says to another one that it is its partner, has met a copy of me', () => {
    const story = new Story()
    const notCounted = { heardLinks: 0 }
    story.hears({ ...notCounted, seq: 4, ack: story.sends() })
    story.hears({ ...notCounted, seq: 5, ack: story.sends() })
    assert.equal(story.me.peer?.lastSeq, 5)
    const elsewhere = { echo: 77n, heardLinks: 1 }
    assert.equal(
      story.hears({ ...elsewhere, seq: 10 }).kind,
      'drop',
      'it has not counted me: the other one was there before'
    )
    story.hears({ seq: 11, heardLinks: 1 })
    assert.equal(story.hears({ ...elsewhere, seq: 11 }).kind, 'drop', 'it is no news')
    assert.equal(story.hears({ echo: 77n, heardLinks: 0, seq: 12 }).kind, 'drop', 'an answer to an opening')
    assert.equal(story.hears({ ...elsewhere, seq: 13 }).kind, 'beyond')
  })

  it('an opening is news when it echoes my session, and is not older than what its session said before', () => {
    const story = new Story()
    const news = (over: Partial<Trailer>): boolean => {
      const reception = story.hears(over)
      assert.equal(reception.kind, 'hello')
      return reception.kind === 'hello' && reception.news
    }
    assert.equal(news({ echo: 0n, seq: 4 }), false, 'it does not know me')
    assert.equal(news({ seq: 5 }), true)
    assert.equal(news({ seq: 5 }), false)
    assert.equal(news({ seq: 3 }), false)
    assert.deepEqual(story.me.address(true), { echo: 22n, ack: 5 }, 'the newest is acknowledged')
    assert.equal(news({ seq: 6 }), true)
    assert.equal(news({ session: 33n, seq: 1 }), true, 'another one')
  })

  it('without a peer there is nobody to guard', () => {
    const story = new Story()
    story.hears({ ack: story.sends() }, true)
    assert.equal(story.hears({ seq: 2, ack: story.sends() }, true).kind, 'current')
  })

  it('tells when the acknowledged frame was sent, once, and only while that is known', () => {
    const story = new Story()
    story.meets()
    story.nowMs = 100
    const ack = story.sends()
    story.nowMs = 130
    assert.deepEqual(story.hears({ seq: 6, ack }), { kind: 'current', adopted: false, ackedAtMs: 100 })
    assert.deepEqual(story.hears({ seq: 7, ack }), { kind: 'current', adopted: false, ackedAtMs: null })
    for (let i = 0; i < 300; i++) story.sends()
    assert.equal(story.me.sentAtMs(ack), null)
    const last = story.sends()
    story.me.forgetSendTimes()
    assert.equal(story.me.sentAtMs(last), null, 'a clock that stood still tells nothing')
  })

  it('knows the send time of all that is not acknowledged yet, up to the latest 256, with a peer and without', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.array(fc.record({ sends: fc.nat(300), share: fc.option(fc.nat(1000)) })),
        (met, steps) => {
          const story = new Story()
          if (met) story.meets()
          let [acked, seq] = [met ? 2 : 1, 100]
          const sentAtMs = new Map<number, number>([[2, 0]])
          for (const { sends, share } of steps) {
            for (let i = 0; i < sends; i++) {
              story.nowMs += 7
              sentAtMs.set(story.sends(), story.nowMs)
            }
            const last = story.me.lastSentSeq
            for (let n = Math.max(acked, last - 255, 1); n <= last; n++)
              assert.equal(story.me.sentAtMs(n), sentAtMs.get(n), `number ${n} of ${last}, acknowledged: ${acked}`)
            assert.equal(story.me.sentAtMs(last - 256), null)
            if (!met || share === null) continue
            acked += Math.floor(((last - acked) * share) / 1000)
            story.hears({ seq: ++seq, ack: acked })
          }
        }
      )
    )
  })
})
