/** What a machine may not lose unseen: its rules in the words of docs/reference/PROTOCOL.md, and mutations that break each. */
import { mutation, type Rule } from './mutation'
import { WITNESS_RULES } from './witness'

export const RULES: readonly Rule[] = [
  {
    rule: 'frames go to the configured address, and to the one that is heard; only a new number moves that',
    mutations: [
      mutation('wire/paths', 'follows recordings', 'if (word !== null && !this.#isNew(word))', 'if (false)'),
      mutation(
        'wire/paths',
        'gives up the configured address',
        '[configured] : [configured, heard]',
        '[configured] : [heard]'
      ),
      mutation(
        'wire/paths',
        'does not follow a peer that moves',
        '[configured] : [configured, heard]',
        '[configured] : [configured]'
      ),
      mutation(
        'wire/paths',
        'hears any host without a key',
        'return this.#keyed || this.isConfigured(ip)',
        'return this.#keyed || ip !== ""'
      ),
      mutation('wire/paths', 'answers any port without a key', 'this.#keyed && port !== 0 ? port', 'port !== 0 ? port'),
      mutation('wire/paths', 'writes to port 0', 'this.#keyed && port !== 0 ? port', 'this.#keyed ? port'),
      mutation(
        'wire/paths',
        'is pointed by a name away from what it hears',
        'if (this.#configured.length > 0 && nowMs < this.silentAtMs)',
        'if (false)'
      ),
      mutation(
        'wire/paths',
        'tries one address of a name only',
        '(this.#turn + 1) % this.#configured.length',
        'this.#turn'
      ),
      mutation(
        'wire/paths',
        'keeps what a socket of the other family heard',
        'return this.counts(heard.ip) && (first',
        'return this.counts(heard.ip) || (first'
      ),
      mutation('wire/paths', 'takes any old number for a copy', '&& word.seq > this.#seq - REPEATS_KEPT', ''),
      mutation(
        'wire/paths',
        'calls a link with nothing but recordings alive',
        'if (word !== null && !this.#isNew(word))',
        `this.#heardAtMs = nowMs
    if (word !== null && !this.#isNew(word))`
      )
    ]
  },
  {
    rule: 'a lease ends before the peer may take over',
    mutations: [
      mutation(
        'extended/lease',
        'leaves the drift of the clocks out',
        '(promisedMs / (1 + CLOCK_DRIFT)',
        '(promisedMs'
      ),
      mutation('extended/lease', 'keeps no slack from the gate to the effect', '- slackMs)', ')'),
      mutation(
        'extended/partner',
        'counts the lease from the receipt',
        'm.lease.renew(ackedAtMs, peer.promisedMs)',
        'm.lease.renew(m.nowMs, peer.promisedMs)'
      ),
      mutation(
        'extended/partner',
        'renews the lease on any word, acknowledged or not',
        `if (ackedAtMs === null) return
  if (!m.role.sole`,
        `if (ackedAtMs === null)
    ackedAtMs = m.nowMs
  if (!m.role.sole`
      ),
      mutation(
        'extended/active',
        'stays Active when the lease has run out',
        'if (m.nowMs < leaseUntilMs(m))',
        'if (true)'
      ),
      mutation(
        'extended/machine',
        'tells the gate of no lease',
        'leaseUntilMs: leaseUntilMs(this)',
        'leaseUntilMs: Infinity'
      ),
      mutation(
        'extended/machine',
        'acts on a lease that ran out, for the length of one input',
        "if (input.kind !== 'frame')",
        'if (false)'
      ),
      mutation(
        'extended/lease',
        'keeps the lease of the peer’s former session',
        'if (!this.isOfThisSession) this.untilMs = -Infinity',
        ''
      ),
      mutation('extended/lease', 'does not shorten the lease by a suspend', 'this.untilMs -= ms', ''),
      mutation(
        'extended/machine',
        'counts a lease from before a suspend after it',
        `sessions.forgetSendTimes()
    proof.drop()`,
        'proof.drop()'
      ),
      mutation(
        'extended/machine',
        'moves the lease by its own stall',
        'peer.detector.wasDeaf(this.nowMs, lateMs)',
        '(peer.detector.wasDeaf(this.nowMs, lateMs), (this.lease.untilMs += lateMs))'
      ),
      mutation(
        'extended/peer',
        'counts the lease from its own setting, not from the promise',
        'return this.word?.promisedMs ?? this.#settings.peerTimeoutMs',
        'return this.#settings.peerTimeoutMs * 1.5'
      ),
      mutation(
        'extended/policy',
        'lets both sides of `preferred` serve without a lease',
        "return underLease === 'both' || (underLease === 'not-preferred' && !preferred)",
        "return underLease === 'both'"
      ),
      mutation(
        'extended/policy',
        'knows no lease under `exclusive`',
        "return underLease === 'both' || (underLease === 'not-preferred' && !preferred)",
        "return underLease === 'not-preferred' && !preferred"
      )
    ]
  },
  {
    rule: 'a sole right is bounded by the first frame that counts a peer that has settled',
    mutations: [
      mutation(
        'extended/passive',
        'stops at the lease’s end after a goodbye',
        "active.sole = known.evidence === 'goodbye' || active.restsOnProof",
        'active.sole = active.restsOnProof'
      ),
      mutation(
        'extended/active',
        'stops at the lease’s end though the peer left',
        `peerLeft(m: Machine, trailer: Trailer): void {
    this.sole = true`,
        'peerLeft(m: Machine, trailer: Trailer): void {'
      ),
      mutation(
        'extended/partner',
        'counts a peer without bounding its own right',
        `m.role.sole = false
    m.lease.untilMs = boundMs`,
        ''
      ),
      mutation(
        'extended/partner',
        'gives up its sole right without a lease',
        `m.role.sole = false
    m.lease.untilMs = boundMs`,
        'm.role.sole = false'
      ),
      mutation(
        'extended/partner',
        'extends its right by each frame that counts the peer',
        'm.lease.untilMs = Math.min(m.lease.untilMs, boundMs)',
        'm.lease.untilMs = boundMs'
      ),
      mutation(
        'extended/partner',
        'serves on the lease of the session before while it counts the new one',
        'else if (!m.lease.isOfThisSession) m.lease.untilMs = Math.min(m.lease.untilMs, boundMs)',
        ''
      ),
      mutation(
        'extended/partner',
        'counts a peer that may die again right after its start',
        'if (isUnderLease(m) && !hasSettled(m))',
        'if (false)'
      ),
      mutation(
        'extended/partner',
        'never counts a peer that has no tether',
        'if (detector.heardAtMs >= detector.sinceMs + peerTimeoutMs) return true',
        ''
      ),
      mutation(
        'extended/partner',
        'counts a peer that is not marked',
        'return proof.provable === true && word?.marked === true',
        'return proof.provable === true'
      ),
      mutation(
        'extended/partner',
        'counts a peer that has no provable tether',
        'return proof.provable === true && word?.marked === true',
        'return word?.marked === true'
      )
    ]
  },
  {
    rule: 'taking over without contact follows the table of the policies',
    mutations: [
      mutation(
        'extended/policy',
        'takes over on silence on both sides of `preferred`',
        "verdict === 'take' || (verdict === 'if-preferred' && preferred)",
        "verdict === 'take' || verdict === 'if-preferred'"
      ),
      mutation('extended/policy', 'takes over on silence under `exclusive`', "silence: 'wait'", "silence: 'take'"),
      mutation(
        'extended/takeover',
        'takes over from an Active that is heard but does not hear it',
        "if (m.peer.word?.role === 'active') return null",
        ''
      ),
      mutation(
        'extended/passive',
        'takes over though an operator forced it to stand by',
        "if (this.#held !== 'no' || m.own.hostStalled)",
        'if (m.own.hostStalled)'
      ),
      mutation(
        'extended/passive',
        'takes over though its flows hang',
        "if (this.#held !== 'no' || m.own.hostStalled)",
        "if (this.#held !== 'no')"
      ),
      mutation(
        'extended/passive',
        'takes back what it granted while the peer is heard',
        'return grantIsOpen ? null :',
        'return '
      ),
      mutation(
        'extended/takeover',
        'takes over at once when forced, though the peer may hold a lease',
        'leased ? Math.max(m.nowMs, waitedMs) : m.nowMs',
        'm.nowMs'
      )
    ]
  },
  {
    rule: 'nobody takes over before the promise has run out',
    mutations: [
      mutation(
        'extended/failure-detector',
        'calls the peer lost after half the time',
        '? this.#heardAtMs + peerTimeoutMs : Infinity',
        '? this.#heardAtMs + peerTimeoutMs / 2 : Infinity'
      ),
      mutation(
        'extended/takeover',
        'forgets after a restart what it promised before',
        'return sinceMs + Math.max(m.peer.peerTimeoutMs, m.own.promisedBeforeMs)',
        'return sinceMs + m.peer.peerTimeoutMs'
      ),
      mutation(
        'extended/sender',
        'wakes up for its own word though it answered in between',
        'return answers ? Math.max(this.#nextSendAtMs,',
        'return answers ? Math.min(this.#nextSendAtMs, '
      ),
      mutation(
        'extended/own',
        'keeps for ever what it promised before its restart',
        'return this.promisedBeforeMs > peerTimeoutMs ?',
        'return false ?'
      ),
      mutation(
        'extended/peer',
        'waits for its own peerTimeout only, not for the slower side’s',
        'return Math.max(this.#settings.peerTimeoutMs, this.word?.peerTimeoutMs ?? 0)',
        'return this.#settings.peerTimeoutMs'
      ),
      mutation(
        'extended/peer',
        'waits for its own heartbeat only, not for the slower side’s',
        'return Math.max(this.#settings.heartbeatMs, this.word?.heartbeatMs ?? 0)',
        'return this.#settings.heartbeatMs'
      ),
      mutation(
        'extended/takeover',
        'takes the role alone though the peer answers and is about to be met',
        'const answeredMs = m.peer.helloAtMs',
        'const answeredMs = -Infinity'
      )
    ]
  },
  {
    rule: 'nobody is declared dead for one’s own deafness',
    mutations: [
      mutation('extended/machine', 'does not credit its own stall', 'peer.detector.wasDeaf(this.nowMs, lateMs)', ''),
      mutation(
        'extended/machine',
        'takes the role in the moment it wakes from its own stall',
        'own.notAloneBeforeMs = this.nowMs + peer.heartbeatMs',
        'own.notAloneBeforeMs = this.nowMs'
      ),
      mutation(
        'extended/machine',
        'never takes the role while it runs late',
        'if (this.nowMs >= own.notAloneBeforeMs + peer.peerTimeoutMs)',
        'if (true)'
      ),
      mutation(
        'extended/takeover',
        'waits from its start, though its socket opened long after that',
        'const sinceMs = listeningSinceMs === Infinity ? m.own.startedAtMs : listeningSinceMs',
        'const sinceMs = m.own.startedAtMs'
      ),
      mutation('extended/sessions', 'never learns a new node id of its peer', 'peer.nodeId = trailer.nodeId', ''),
      mutation('extended/machine', 'does not credit a suspend', 'if (lateMs < ms)', 'if (false)'),
      mutation(
        'extended/failure-detector',
        'judges the peer though all its sockets are closed',
        'return this.#alive && this.#listeningSinceMs !== Infinity ?',
        'return this.#alive ? '
      ),
      mutation(
        'extended/failure-detector',
        'counts the silence from before its socket was open again',
        'this.#heardAtMs = Math.max(this.#heardAtMs, nowMs)',
        'void 0'
      ),
      mutation(
        'extended/takeover',
        'judges a peer it met before its sockets were closed',
        'if (listeningSinceMs === Infinity) return null',
        ''
      ),
      mutation(
        'extended/failure-detector',
        'moves deadlines past now',
        'Math.min(nowMs, atMs + lateMs)',
        'atMs + lateMs'
      ),
      mutation(
        'extended/takeover',
        'believes in a word from before it was deaf',
        'Math.max(detector.sinceMs, listeningSinceMs) + peerTimeoutMs',
        'detector.sinceMs + peerTimeoutMs'
      )
    ]
  },
  {
    rule: 'own stalls and suspends stop the serving until contact is confirmed',
    mutations: [
      mutation('extended/machine', 'serves on after its own stall', "this.role.pause(this, 'own-stall',", 'void ('),
      mutation('extended/machine', 'serves on after a suspend', "this.role.pause(this, 'suspended', ms)", ''),
      mutation(
        'extended/active',
        'takes up serving on an acknowledgement from before the pause',
        'trailer.ack >= this.#pausedSeq)',
        'true)'
      ),
      mutation(
        'extended/timers',
        'never takes up serving by itself',
        "(m, active) => active.resume(m, 'peer-silent')",
        '() => { }'
      ),
      mutation(
        'extended/lease',
        'lets the gate trust a dead engine for the whole peerTimeout',
        '/ (1 + CLOCK_DRIFT) - heartbeatMs',
        '/ (1 - CLOCK_DRIFT)'
      ),
      mutation(
        'extended/active',
        'stays paused though an operator forces it to serve',
        "if (force && this.#pausedAtMs !== null) this.resume(m, 'operator-forced')",
        ''
      )
    ]
  },
  {
    rule: 'a suspect is asked',
    mutations: [
      mutation(
        'extended/timers',
        'does not probe a suspect',
        `m.peer.detector.nextProbeAtMs(m.peer.heartbeatMs),
    (m) => m.sender.probe(m)`,
        'm.peer.detector.nextProbeAtMs(m.peer.heartbeatMs), (m) => m.peer.detector.probed(m.nowMs)'
      ),
      mutation(
        'extended/failure-detector',
        'waits for a late heartbeat for a quarter of its distance, however long',
        'Math.min(heartbeatMs / 4, LATE_MS_MAX)',
        'heartbeatMs / 4'
      )
    ]
  },
  {
    rule: 'the proof of a crash: a provable tether ends with a FIN, a dial is refused, probes stay unanswered',
    mutations: [
      mutation('extended/takeover', 'proves crashes though `crashProof` is off', '!m.settings.crashProof ||', ''),
      mutation(
        'extended/proof',
        'proves a crash by a tether between addresses that differ',
        'if (!fin || !tether.provable)',
        'if (!fin)'
      ),
      mutation(
        'extended/proof',
        'proves a crash by a reset or a farewell',
        'if (!fin || !tether.provable)',
        'if (!tether.provable)'
      ),
      mutation(
        'extended/proof',
        'proves a crash by the end of a tether that was replaced',
        'if (tether?.id !== id)',
        'if (tether === null)'
      ),
      mutation('extended/hearing', 'proves a crash by a tether of another session', 'if (living)', 'if (true)'),
      mutation(
        'extended/proof',
        'asks twice about one end',
        `this.#tether = null
    if (!fin`,
        'if (!fin'
      ),
      mutation(
        'extended/proof',
        'goes on asking though a new tether is up',
        `this.#tether = { id, provable }
    this.#asking = null`,
        'this.#tether = { id, provable }'
      ),
      mutation('extended/proof', 'goes on asking though its dial was answered', 'else this.#asking = null', ''),
      mutation(
        'extended/proof',
        'counts the dial that followed another end',
        'if (this.#asking?.id !== id)',
        'if (this.#asking === null)'
      ),
      mutation('extended/proof', 'needs no refused dial', 'asking?.refused !== true', 'asking == null'),
      mutation(
        'extended/proof',
        'proves a crash by a silence in which it asked nothing',
        '|| asking.unanswered < PROBES_MIN',
        ''
      ),
      mutation(
        'extended/proof',
        'counts probes from before the last word',
        `this.#asking.quietSinceMs = nowMs
    this.#asking.unanswered = 0`,
        'this.#asking.quietSinceMs = nowMs'
      ),
      mutation(
        'extended/proof',
        'proves the crash of a peer that acknowledged what was sent after the FIN',
        'if (ack >= this.#asking.firstSeq)',
        'if (false)'
      ),
      mutation('extended/proof', 'takes frames of before the FIN for no frames', 'else this.disturbed(nowMs)', ''),
      mutation(
        'extended/proof',
        'waits less than two round trips',
        'Math.min(2 * roundTripMs, peerTimeoutMs / 4)',
        '0'
      ),
      mutation(
        'extended/proof',
        'waits for more than the peer may be silent',
        'Math.min(2 * roundTripMs, peerTimeoutMs / 4)',
        '2 * roundTripMs'
      ),
      mutation(
        'extended/proof',
        'waits 20 ms between heartbeats that are shorter',
        'Math.min(QUIET_MS, heartbeatMs * QUIET_SHARE)',
        'QUIET_MS'
      ),
      mutation(
        'extended/failure-detector',
        'knows no bound of the round trip until it is measured',
        'return this.#samples === 0 ? this.#ackedWithinMs',
        'return this.#samples === 0 ? Infinity'
      ),
      mutation('extended/failure-detector', 'asks on some links only', 'if (!path.open) return false', ''),
      mutation('extended/failure-detector', 'asks on no link', 'return open > 0', 'return true'),
      mutation(
        'extended/machine',
        'counts a probe that could not be sent',
        'if (peer.detector.isHeardOn(this.nowMs, input.link, peer.peerTimeoutMs)) peer.proof.disturbed(this.nowMs)',
        ''
      ),
      mutation(
        'extended/machine',
        'counts silence from before a link opened or closed',
        `this.peer.detector.setOpen(this.nowMs, link, open)
    this.peer.proof.disturbed(this.nowMs)`,
        'this.peer.detector.setOpen(this.nowMs, link, open)'
      ),
      mutation(
        'extended/machine',
        'counts its own stall as silence',
        'if (lateMs > peer.quietMs / 4) peer.proof.disturbed(nowMs)',
        ''
      ),
      mutation(
        'extended/machine',
        'goes on asking after a suspend',
        `sessions.forgetSendTimes()
    proof.drop()`,
        'sessions.forgetSendTimes()'
      ),
      mutation(
        'extended/machine',
        'forgets its tether in a suspend',
        `sessions.forgetSendTimes()
    proof.drop()`,
        `sessions.forgetSendTimes()
    proof.forget()`
      ),
      mutation(
        'extended/hearing',
        'proves the crash of a peer that it does not hear anyway',
        `|| !detector.alive) {
    proof.ended`,
        `) {
      proof.ended`
      ),
      mutation(
        'extended/hearing',
        'goes on asking when the peer is lost',
        `m.epochs.hear(peer.helloEpoch)
  peer.proof.drop()`,
        'm.epochs.hear(peer.helloEpoch)'
      ),
      mutation(
        'extended/hearing',
        'does not ask at once',
        'if (proof.ended(m.nowMs, id, fin, sessions.lastSentSeq + 1)) m.sender.probe(m)',
        'proof.ended(m.nowMs, id, fin, sessions.lastSentSeq + 1)'
      ),
      mutation(
        'extended/passive',
        'needs a lease after a proof of a crash',
        "active.sole = known.evidence === 'goodbye' || active.restsOnProof",
        "active.sole = known.evidence === 'goodbye'"
      ),
      mutation(
        'extended/active',
        'serves under a lease on after a proof of a crash',
        `return
    this.sole = true
    this.restsOnProof = true`,
        'return'
      ),
      mutation(
        'extended/peer',
        'keeps the tether of the session before',
        `this.#rival = null
    this.proof.forget()`,
        'this.#rival = null'
      )
    ]
  },
  {
    rule: 'a proof of a crash can be refuted',
    mutations: [
      mutation(
        'extended/hearing',
        'never hears that its proof was wrong',
        "if (departed?.evidence !== 'crash') return true",
        `if (departed?.evidence !== 'crash')
      return true
    if (departed !== null)
      return false`
      ),
      mutation(
        'extended/hearing',
        'takes what was on its way for a refutation',
        'if (trailer.ack < departed.firstSeq) {',
        'if (false) {'
      ),
      mutation(
        'extended/hearing',
        'takes one late frame for a refutation',
        'if (departed.lateFrames < LATE_FRAMES_REFUTE)',
        'if (departed.lateFrames < 1)'
      ),
      mutation(
        'extended/hearing',
        'is never refuted by a peer that speaks on and hears nothing',
        'if (departed.lateFrames < LATE_FRAMES_REFUTE)',
        'if (true)'
      ),
      mutation(
        'extended/hearing',
        'counts frames that are not late',
        'if (m.nowMs >= departed.atMs + peer.peerTimeoutMs)',
        'if (true)'
      ),
      mutation(
        'extended/active',
        'serves on though its proof was wrong',
        "if (this.restsOnProof) m.becomeStandby('proof-wrong')",
        ''
      ),
      mutation(
        'extended/active',
        'gives up a role that does not rest on the proof',
        "if (this.restsOnProof) m.becomeStandby('proof-wrong')",
        "m.becomeStandby('proof-wrong')"
      )
    ]
  },
  {
    rule: 'the mark: a side keeps on disk that its peer is online, and then takes no role alone',
    mutations: [
      mutation(
        'extended/takeover',
        'takes the role alone though its disk says that the peer was online',
        "return (uncounted && !lapsed) || (online && !contactMade) ? 'peer-may-serve' : null",
        "return uncounted && !lapsed ? 'peer-may-serve' : null"
      ),
      mutation(
        'extended/takeover',
        'takes the role alone beside an Active that does not count it',
        "return (uncounted && !lapsed) || (online && !contactMade) ? 'peer-may-serve' : null",
        "return online && !contactMade ? 'peer-may-serve' : null"
      ),
      mutation(
        'extended/hearing',
        'makes contact by hearing',
        "peer.uncounted = !partner && frame.state === 'active'",
        `peer.uncounted = !partner && frame.state === 'active'
  peer.contactMade = true`
      ),
      mutation(
        'extended/takeover',
        'clears the mark at the first silence',
        'return silent ? m.peer.detector.heardAtMs + m.peer.peerTimeoutMs : Infinity',
        'return silent ? m.peer.detector.heardAtMs : Infinity'
      ),
      mutation(
        'extended/takeover',
        'clears the mark without contact',
        'const silent = m.peer.contactMade && m.epochs.online',
        'const silent = m.epochs.online'
      ),
      mutation('extended/timers', 'never clears the mark', '(m) => m.epochs.setOnline(false)', '() => { }'),
      mutation(
        'extended/hearing',
        'keeps the mark after a goodbye',
        `firstSeq: 0, lateFrames: 0 }
  m.epochs.setOnline(false)`,
        'firstSeq: 0, lateFrames: 0 }'
      ),
      mutation(
        'extended/leaving',
        'keeps the mark when both leave',
        `m.epochs.setOnline(false)
      if (this.#sent`,
        'if (this.#sent'
      ),
      mutation(
        'extended/partner',
        'never sets the mark',
        "if (rulesOf(m).mark === 'contact') m.epochs.setOnline(true)",
        "if (rulesOf(m).mark === 'contact') void 0"
      ),
      mutation(
        'extended/sender',
        'says that it is marked before the disk knows it',
        'marked: epochs.onlineOnDisk',
        'marked: epochs.online'
      ),
      mutation(
        'epoch-allocator',
        'says that it is marked while a write may clear the mark',
        'this.#writing?.record.online !== false &&',
        ''
      ),
      mutation(
        'epoch-allocator',
        'says that it is marked though a failed write may have cleared the mark',
        'this.#writing?.record.online !== false && this.#unsure?.online !== false',
        'this.#writing?.record.online !== false'
      ),
      mutation(
        'extended/takeover',
        'does not act on a proof because of its mark',
        "&& !(evidence === 'crash' && bar === 'peer-may-serve')",
        ''
      ),
      mutation(
        'extended/hearing',
        'takes an answer of long ago for a sign of life',
        'if (sentAtMs === null || m.nowMs >= sentAtMs + peer.peerTimeoutMs) return',
        ''
      )
    ]
  },
  {
    rule: 'the window: the side that is not preferred uses a proof only while the dead one must have counted it as online',
    mutations: [
      mutation(
        'extended/takeover',
        'uses a proof at any time',
        'return atOnce || m.nowMs < proofUntilMs',
        'return true'
      ),
      mutation(
        'extended/takeover',
        'uses a proof of an end after the window',
        'departed.askedSinceMs < proofUntilMs && ',
        ''
      ),
      mutation(
        'extended/takeover',
        'uses a proof later than at once, after the window',
        ' && m.nowMs <= departed.atMs',
        ''
      ),
      mutation(
        'extended/takeover',
        'throws a proof away that is complete after the window',
        'return atOnce || m.nowMs < proofUntilMs',
        'return m.nowMs < proofUntilMs'
      ),
      mutation(
        'extended/partner',
        'opens the window by frames that are not marked',
        'if (trailer.flags.marked)',
        'if (true)'
      ),
      mutation('extended/lease', 'does not shorten the window by a suspend', 'this.proofUntilMs -= ms', ''),
      mutation(
        'extended/lease',
        'keeps the window of the session before',
        `this.isOfThisSession = false
    this.proofUntilMs = -Infinity`,
        'this.isOfThisSession = false'
      ),
      mutation('extended/active', 'serves without a lease on a proof that it may not use', '!mayUseProof(m) ||', ''),
      mutation(
        'extended/active',
        'serves without a lease on a proof though it may take no role alone',
        "|| isBarred(m, 'crash'))",
        ')'
      ),
      mutation(
        'extended/partner',
        'closes the window while it serves alone',
        'if (trailer.flags.marked)',
        'if (!m.role.sole && trailer.flags.marked)'
      )
    ]
  },
  {
    rule: 'what a side believes of itself',
    mutations: [
      mutation(
        'extended/takeover',
        'acts alone though it is in doubt of itself',
        'if (m.own.doubt !== null) return m.own.doubt',
        ''
      ),
      mutation(
        'extended/takeover',
        'acts alone though its policy is not the peer’s',
        'if (policyDiffers(m))',
        'if (false)'
      ),
      mutation(
        'extended/context',
        'serves without a lease as the preferred one beside a peer of another policy',
        'm.epochs.preferred && !policyDiffers(m)',
        'm.epochs.preferred'
      ),
      mutation(
        'extended/own',
        'forgets that another process writes its file',
        "if (this.#doubt !== 'foreign-record' && isSettled)",
        'if (isSettled)'
      ),
      mutation(
        'extended/own',
        'is healed before the newer record is on disk',
        "if (this.#doubt !== 'foreign-record' && isSettled)",
        "if (this.#doubt !== 'foreign-record')"
      ),
      mutation('extended/hearing', 'does not notice that its disk was set back', "m.own.cast(m, 'rolled-back')", ''),
      mutation(
        'extended/hearing',
        'counts records from where its disk was set back to',
        'm.epochs.raiseNumber(trailer.peerRecord)',
        ''
      ),
      mutation(
        'extended/hearing',
        'serves on though it is a copy',
        "if (m.role.kind === 'active') m.becomeStandby('restored-copy')",
        ''
      ),
      mutation(
        'extended/hearing',
        'repeats its goodbye though it is a copy',
        '  m.peer.detector.lost()\n  m.third',
        '  m.third'
      ),
      mutation(
        'extended/hearing',
        'gives the voice back though it is a copy',
        '\n  m.third.forget(m.peer.sessions.session)',
        ''
      ),
      mutation(
        'extended/sessions',
        'does not notice that another copy of it makes contact',
        'if (trailer.echo === this.session && trailer.ack > this.#seq)',
        'if (false)'
      ),
      mutation(
        'extended/sessions',
        'does not notice that a copy of it took leave',
        'const left = trailer.echo === 0n',
        'const left = false'
      ),
      mutation(
        'extended/sessions',
        'takes what comes late of before for a leave',
        'const news = trailer.seq > peer.lastSeq',
        'const news = true'
      ),
      mutation(
        'extended/sender',
        'tells the number of a record that is not on disk',
        'record: epochs.numberOnDisk',
        'record: epochs.number'
      ),
      mutation(
        'extended/peer',
        'tells the record number of another node',
        'return this.#record.nodeId === nodeId ? this.#record.number : 0',
        'return this.#record.number'
      ),
      mutation(
        'extended/takeover',
        'is barred by nothing at the end of its numbers',
        "if (m.epochs.exhausted) return 'numbers-exhausted'",
        ''
      ),
      mutation(
        'epoch-allocator',
        'takes a role at the end of its numbers',
        'if (this.exhausted || epoch > EPOCH_MAX)',
        'if (epoch > EPOCH_MAX)'
      ),
      mutation(
        'epoch-allocator',
        'takes a role with a number above the range',
        'if (this.exhausted || epoch > EPOCH_MAX)',
        'if (this.exhausted)'
      )
    ]
  },
  {
    rule: 'only frames of the current sessions count',
    mutations: [
      mutation(
        'extended/hearing',
        'forgets the number of a session that it has not adopted',
        `m.epochs.hear(peer.helloEpoch)
  peer.proof.drop()`,
        'peer.proof.drop()'
      ),
      mutation(
        'extended/hearing',
        'follows the number of a session while the living one is heard',
        'if (!peer.detector.alive) m.epochs.hear(peer.helloEpoch)',
        'm.epochs.hear(peer.helloEpoch)'
      ),
      mutation(
        'extended/sender',
        'answers recorded openings from the ration of those that echo its session',
        'acquainted ? this.#helloAnswers.acquainted : this.#helloAnswers.stranger',
        'this.#helloAnswers.stranger'
      ),
      mutation(
        'extended/sender',
        'is as sparing with answers to openings without contact as with it',
        'if (!m.peer.detector.alive) return HELLO_ANSWERS_ALONE',
        `if (false)
      return HELLO_ANSWERS_ALONE`
      ),
      mutation(
        'extended/sessions',
        'forgets when it sent what is not acknowledged yet',
        'oldestSeq < this.#peer.ackedSeq)',
        'this.#peer !== null)'
      ),
      mutation(
        'extended/sessions',
        'takes the same frame twice',
        'if (trailer.seq <= (peer.lastSeqByLink[trailer.link] ?? 0))',
        'if (false)'
      ),
      mutation('extended/sessions', 'takes copies for news', 'if (trailer.seq <= peer.lastSeq)', 'if (false)'),
      mutation(
        'extended/sessions',
        'lets a replaced session come back',
        'if (retired !== undefined) return',
        'if (retired !== undefined && retired.firstSeq < 0) return'
      ),
      mutation(
        'extended/sessions',
        'leaves a copy of who left to itself',
        'if (!answersMe || trailer.flags.goodbye)',
        'if (trailer.seq > 0)'
      ),
      mutation(
        'extended/sessions',
        'takes a goodbye that is repeated for the word of a copy',
        '!answersMe || trailer.flags.goodbye',
        '!answersMe'
      ),
      mutation(
        'extended/sessions',
        'takes recordings of who left for the word of a copy',
        'trailer.ack >= firstSeq &&',
        'firstSeq > 0 &&'
      ),
      mutation('extended/sessions', 'tells a copy what it has sent itself', 'seq: UINT48_MAX', 'seq: trailer.seq'),
      mutation(
        'extended/sessions',
        'adopts a session without a fresh acknowledgement',
        'if (!this.#isConfirmedBy(trailer)) {',
        'if (false) {'
      ),
      mutation(
        'extended/sessions',
        'adopts a session on an acknowledgement of what was sent before it was heard',
        'return trailer.ack > seenAtSeq',
        'return true'
      ),
      mutation(
        'extended/sessions',
        'adopts a session that echoes another one of mine',
        'if (trailer.echo !== this.session) return false',
        ''
      ),
      mutation(
        'extended/sessions',
        'hears frames that echo a former session of its own',
        'if (trailer.echo !== this.session) {',
        'if (false) {'
      ),
      mutation(
        'extended/sessions',
        'believes an acknowledgement of what it never sent',
        `if (trailer.ack > this.#seq) return { kind: 'beyond' }
    if (trailer.seq <=`,
        'if (trailer.seq <='
      ),
      mutation('extended/sessions', 'talks to its own mirror', 'if (trailer.session === this.session)', 'if (false)'),
      mutation(
        'extended/sessions',
        'lets another session take the place of a living peer',
        'if (guarded &&',
        'if (false && '
      ),
      mutation(
        'extended/peer',
        'guards the place of a peer that is silent',
        'alive && nowMs < heardAtMs + this.heartbeatMs * 2',
        'alive'
      ),
      mutation(
        'extended/peer',
        'guards the place of a session of which only recordings are heard',
        '&& nowMs < ackedSentAtMs + answersMs',
        ''
      ),
      mutation('extended/hearing', 'hears on from a peer that left', 'peer.sessions.retirePeer()', ''),
      mutation(
        'extended/sender',
        'answers every opening, as many as come',
        'if (!bucket.take(m.nowMs, helloAllowance(m)))',
        'if (false)'
      )
    ]
  },
  {
    rule: 'a new session of the peer',
    mutations: [
      mutation(
        'extended/hearing',
        'forgets that a former session may serve',
        'peer.formerUntilMs = Math.max(peer.formerUntilMs, peer.detector.heardAtMs + peer.peerTimeoutMs)',
        ''
      ),
      mutation(
        'extended/passive',
        'takes a grant while a former session may serve',
        `|| m.nowMs < othersUntilMs(m)) return
    if (!isBacked`,
        `)
      return
    if (!isBacked`
      ),
      mutation(
        'extended/passive',
        'grants the role while a former session may serve',
        'if (m.nowMs < othersUntilMs(m)) return',
        ''
      ),
      mutation(
        'extended/peer',
        'tells of a second peer with each of its frames',
        'if (this.#rival.told || now <',
        'if (now <'
      ),
      mutation('extended/peer', 'never tells of a second peer', 'if (this.#rival.told || now <', 'if (true || now <'),
      mutation(
        'extended/sessions',
        'takes a session that it refused on an old confirmation',
        'this.#candidates?.set(trailer.session, this.#seq)',
        ''
      ),
      mutation(
        'extended/hearing',
        'forgets a former session that may serve for longer than the last one',
        'Math.max(peer.formerUntilMs, peer.detector.heardAtMs + peer.peerTimeoutMs)',
        'peer.detector.heardAtMs + peer.peerTimeoutMs'
      ),
      mutation(
        'extended/sessions',
        'goes on though the peer has another partner',
        'return news && (left || replaced)',
        'return news && left'
      ),
      mutation(
        'extended/sessions',
        'takes itself for a copy because the peer still counts its former session',
        'trailer.echo !== 0n && peer.counted && trailer.heardLinks !== 0',
        'trailer.echo !== 0n && trailer.heardLinks !== 0'
      ),
      mutation(
        'extended/sessions',
        'addresses nobody who waited for the end of the silent one',
        `// What is said when the other one has gone is for it.
      this.#hello = { session: trailer.session, nodeId: trailer.nodeId, seq: trailer.seq }`,
        ''
      ),
      mutation(
        'extended/hearing',
        'does not ask who waited for the end of the silent one',
        'if (m.peer.rivalHeardAtMs > m.nowMs - m.peer.peerTimeoutMs)',
        'if (m.nowMs < 0)'
      ),
      mutation(
        'extended/sender',
        'does not ask a refused session to confirm anew',
        'probe: m.peer.isRival(session)',
        'probe: false'
      ),
      mutation(
        'extended/takeover',
        'takes the role from a session that it kept from the place of the silent one',
        'Math.max(detector.heardAtMs, rivalHeardAtMs)',
        'detector.heardAtMs'
      ),
      mutation(
        'extended/active',
        'serves on after a pause beside a session that it keeps from the place of the silent one',
        'peer.detector.listeningSinceMs, peer.rivalHeardAtMs)',
        'peer.detector.listeningSinceMs)'
      ),
      mutation(
        'extended/partner',
        'calls a peer lost that has acknowledged all it was told',
        'const all = trailer.ack >= peer.toldSeq',
        'const all = trailer.ack === peer.sessions.lastSentSeq'
      ),
      mutation(
        'extended/failure-detector',
        'waits for an answer from before there was anything to answer',
        'this.#owesNothing = all',
        'this.#owesNothing = false'
      )
    ]
  },
  {
    rule: 'hearing works both ways or it is no contact',
    mutations: [
      mutation('extended/hearing', 'counts a peer that does not hear it', 'if (partner)', 'if (true)'),
      mutation(
        'extended/failure-detector',
        'is online as long as it hears',
        'return this.#alive && nowMs < this.oneWayAtMs(peerTimeoutMs)',
        'return this.#alive'
      ),
      mutation(
        'extended/passive',
        'agrees on roles with a peer that does not hear it',
        'if (trailer.heardLinks === 0 || !m.peer.isTwoWay(m.nowMs))',
        'if (false)'
      ),
      mutation(
        'extended/partner',
        'counts as a partner before its parity is on disk',
        'if (!m.epochs.hasMet &&',
        'if (false &&'
      ),
      mutation(
        'extended/partner',
        'gives up a right without a lease for one that hears nothing',
        '  if (m.nowMs >= detector.ackedAtMs + 2 * heartbeatMs) return false\n',
        ''
      ),
      mutation(
        'epoch-allocator',
        'waits for a disk that hangs',
        'if (nowMs < this.stuckAtMs(afterMs)) return false',
        'return false'
      ),
      mutation(
        'epoch-allocator',
        'takes a disk for well that took something old',
        '      if (this.#gaveUp && this.#isStale()) return null\n',
        ''
      ),
      mutation(
        'extended/machine',
        'takes its own sleep for a disk that hangs',
        '    this.epochs.wasLate(this.nowMs, lateMs)\n',
        ''
      )
    ]
  },
  {
    rule: 'an epoch is on disk before its role is taken, and never comes again',
    mutations: [
      mutation(
        'epoch-allocator',
        'takes a role before the disk has answered',
        'return epoch <= (this.#durable?.reserved ?? 0)',
        'return true'
      ),
      mutation(
        'extended/context',
        'takes a role in memory under every policy',
        'm.epochs.isReserved(ownEpoch(m), rulesOf(m).goesOnInMemory)',
        'm.epochs.isReserved(ownEpoch(m), true)'
      ),
      mutation(
        'extended/passive',
        'takes a grant that is not on disk under every policy',
        'm.epochs.isReserved(epoch, rulesOf(m).goesOnInMemory)',
        'true'
      ),
      mutation(
        'epoch-allocator',
        'forgets a reserved number in a crash',
        'Math.max(record.epoch, record.reserved)',
        'record.epoch'
      ),
      mutation(
        'epoch-allocator',
        'knows no parity',
        'return parity === null || next % 2 === parity ? next : next + 1',
        'return next'
      ),
      mutation('epoch-allocator', 'forgets its parity in a restart', 'this.#parity = record?.parity ?? null', ''),
      mutation(
        'epoch-allocator',
        'believes the disk’s answer to another write',
        'if (this.#writing === null || this.#writing.ticket !== ticket)',
        'if (this.#writing === null)'
      ),
      mutation(
        'epoch-allocator',
        'does not write a number that it heard of while a higher one is reserved',
        'disk.epoch !== this.#floor ||',
        ''
      ),
      mutation(
        'epoch-allocator',
        'does not write its new identity',
        'BigInt(`0x${disk.nodeId}`) !== this.#nodeId',
        'false'
      ),
      mutation(
        'epoch-allocator',
        'does not try a failed disk again',
        'this.#notBeforeMs = nowMs + this.#retryMs',
        'this.#notBeforeMs = Infinity'
      ),
      mutation(
        'extended/active',
        'serves on with an epoch below what the peer knows',
        `if (trailer.epoch > this.#epoch) this.#reassert(m, 'peer-behind')
    if (this.#handover`,
        'if (this.#handover'
      ),
      mutation(
        'extended/active',
        'serves on with an epoch below what the peer knew when it left',
        `this.sole = true
    if (trailer.epoch > this.#epoch)`,
        `this.sole = true
    if (false)`
      ),
      mutation(
        'extended/active',
        'forgets that it has to take a newer epoch when the disk was busy',
        `stored(m: Machine): void {
    if (this.#reassertDue !== null)`,
        `stored(m: Machine): void {
    if (false)`
      ),
      mutation(
        'extended/hearing',
        'does not note the epochs that it hears of',
        "if (m.role.kind === 'active' || !isGrant(frame))",
        'if (false)'
      )
    ]
  },
  {
    rule: 'promises on disk',
    mutations: [
      mutation(
        'extended/context',
        'promises more than its disk would keep',
        ': m.epochs.promisedMs',
        ': Math.max(m.epochs.promisedMs, m.settings.peerTimeoutMs)'
      ),
      mutation(
        'epoch-allocator',
        'promises what the write under way takes back',
        'this.#writing?.record.promisedMs ?? Infinity',
        'Infinity'
      ),
      mutation(
        'epoch-allocator',
        'promises what a failed write may have taken back',
        `this.#writing?.record.promisedMs ?? Infinity,
      this.#unsure?.promisedMs ?? Infinity`,
        'this.#writing?.record.promisedMs ?? Infinity'
      ),
      mutation(
        'epoch-allocator',
        'forgets the worst of the writes that failed',
        'Math.min(record.promisedMs, this.#unsure?.promisedMs ?? Infinity)',
        'record.promisedMs'
      ),
      mutation(
        'epoch-allocator',
        'waits for ever for a write that hangs',
        'return this.#writing !== null && nowMs',
        'return nowMs === -1 && nowMs'
      )
    ]
  },
  {
    rule: 'preferred is agreed, and given up on disk before the other takes it',
    mutations: [
      mutation(
        'epoch-allocator',
        'is preferred before the disk knows it',
        'return this.#preferred && this.#durable?.preferred === true',
        'return this.#preferred'
      ),
      mutation(
        'epoch-allocator',
        'says it is not preferred while the disk still says so',
        'return this.#preferred || kept || this.#unsure?.preferred === true',
        'return this.#preferred'
      ),
      mutation(
        'extended/partner',
        'takes the preference while the peer still holds it',
        'else if (!trailer.flags.preferred)',
        'else'
      ),
      mutation('extended/partner', 'never gives the preference up', 'm.epochs.setPreferred(false)', 'void 0')
    ]
  },
  {
    rule: 'a grant is taken only if it is new, fresh and for a partner',
    mutations: [
      mutation('extended/passive', 'takes a grant however old it is', 'if (!isBacked(m, sentAtMs))', 'if (false)'),
      mutation(
        'extended/passive',
        'takes a grant of a number that is not above all it knows',
        'if (epoch <= m.epochs.floor || m.own.hostStalled',
        'if (m.own.hostStalled'
      ),
      mutation(
        'extended/passive',
        'takes a grant though its flows hang',
        'epoch <= m.epochs.floor || m.own.hostStalled ||',
        'epoch <= m.epochs.floor || '
      ),
      mutation(
        'extended/passive',
        'takes a grant though an operator forced it to stand by',
        "epoch <= m.epochs.floor || m.own.hostStalled || this.#held === 'forced'",
        'epoch <= m.epochs.floor || m.own.hostStalled'
      ),
      mutation(
        'extended/passive',
        'takes a grant from a side that does not count it as a partner',
        'if (sentAtMs === null || trailer.heardLinks === 0 ||',
        'if (sentAtMs === null || '
      ),
      mutation(
        'extended/passive',
        'does not say that it will never take a grant',
        `m.epochs.hear(epoch)
      m.sender.refuse('not-ready')`,
        'm.epochs.hear(epoch)'
      ),
      mutation(
        'extended/passive',
        'takes later what it refused',
        `m.epochs.hear(epoch)
      m.sender.refuse('not-ready')`,
        "m.sender.refuse('not-ready')"
      )
    ]
  },
  {
    rule: 'whoever grants has stopped, and comes back only as if the other had died',
    mutations: [
      {
        does: 'serves on while its grant is out',
        edits: [
          {
            file: 'extended/active',
            find: `get grantedEpoch(): number | null {
    return null`,
            put: `get grantedEpoch(): number | null {
    return this.granted ?? null`
          },
          {
            file: 'extended/active',
            find: 'm.becomeStandby(reason).grantRole(m, reason, cause.commandId, takenUntilMs)',
            put: `m.epochs.hear((this.granted = m.epochs.nextForPeer()))
    m.sender.ask(m, {})
    m.replyOk(cause.commandId)`
          }
        ],
        caughtBy: 'tests'
      },
      mutation(
        'extended/passive',
        'does not count a granted number as used',
        `m.epochs.nextForPeer()
    m.epochs.hear(epoch)`,
        'm.epochs.nextForPeer()'
      ),
      mutation(
        'extended/passive',
        'grants a number of its own kind',
        `m.epochs.nextForPeer()
    m.epochs.hear(epoch)`,
        `m.epochs.nextOwn()
    m.epochs.hear(epoch)`
      ),
      mutation(
        'extended/passive',
        'keeps its own grant beside a higher one of the peer',
        'if (epoch > m.epochs.floor) {',
        'if (false) {'
      ),
      mutation(
        'extended/passive',
        'takes any refusal for one of its grant',
        '&& trailer.epoch >= grant.epoch && trailer.ack >= grant.firstSeq',
        ''
      ),
      mutation(
        'extended/passive',
        'does not hear the refusal of its grant',
        'if (grant !== null && trailer.flags.refusal',
        'if (false && trailer.flags.refusal'
      ),
      mutation(
        'extended/passive',
        'keeps its grant though the peer restarted',
        `peerRestarted(m: Machine): void {
    this.failGrantCommand(m)
    this.#grant = null`,
        `peerRestarted(m: Machine): void {
    this.failGrantCommand(m)`
      ),
      mutation(
        'extended/passive',
        'keeps its grant though contact is lost',
        `this.#held = 'no'
    this.failGrantCommand(m)
    this.#grant = null`,
        `this.#held = 'no'
    this.failGrantCommand(m)`
      ),
      mutation(
        'extended/passive',
        'does not repeat its grant',
        'return this.#grant !== null || this.#wish',
        'return this.#wish'
      )
    ]
  },
  {
    rule: 'handover: the peer is ready, I stop, I grant, it serves; or nothing changes',
    mutations: [
      mutation(
        'extended/active',
        'hands over to a peer that is not ready',
        'trailer.ack >= this.#handover.firstSeq && trailer.flags.ready',
        'trailer.ack >= this.#handover.firstSeq'
      ),
      mutation(
        'extended/active',
        'hands over on readiness of long ago',
        'trailer.ack >= this.#handover.firstSeq && trailer.flags.ready',
        'trailer.flags.ready'
      ),
      mutation(
        'extended/active',
        'gives the role to a wish that is not ready',
        'if (!trailer.flags.ready) {',
        'if (false) {'
      ),
      mutation(
        'extended/active',
        'gives the role on a wish of long ago',
        'sentAtMs === null || m.nowMs - sentAtMs > m.peer.confirmMs',
        'sentAtMs === null'
      ),
      mutation('extended/active', 'is deaf to wishes', 'else if (trailer.flags.wanted)', 'else if (false)'),
      mutation(
        'extended/timers',
        'waits for ever for a handover',
        "(m, active) => active.abortHandover(m, 'not-ready')",
        '() => { }'
      ),
      mutation(
        'extended/timers',
        'leaves a command without an answer when nobody takes the grant',
        '(m, passive) => passive.failGrantCommand(m)',
        '() => { }'
      ),
      mutation(
        'extended/timers',
        'leaves a command without an answer when its wish is not met',
        "(m, passive) => passive.failWish(m, 'not-confirmed', '')",
        '() => { }'
      )
    ]
  },
  {
    rule: 'two Actives that hear each other end as one: epoch, priority, node id',
    mutations: [
      {
        does: 'decides by node id alone',
        edits: [
          { file: 'extended/policy', find: 'if (mine.epoch !== theirs.epoch)', put: 'if (false)' },
          { file: 'extended/policy', find: 'if (mine.priority !== theirs.priority)', put: 'if (false)' }
        ],
        caughtBy: 'tests'
      },
      mutation('extended/policy', 'leaves the epoch out', 'if (mine.epoch !== theirs.epoch)', 'if (false)'),
      mutation('extended/policy', 'leaves the priority out', 'if (mine.priority !== theirs.priority)', 'if (false)'),
      mutation('extended/active', 'never yields', 'if (!winsConflict(mine, trailer)) {', 'if (false) {'),
      mutation('extended/active', 'always yields', 'if (!winsConflict(mine, trailer)) {', 'if (true) {'),
      mutation(
        'extended/active',
        'keeps the same number as the one that yielded',
        'else if (trailer.epoch === this.#epoch) {',
        'else if (false) {'
      ),
      mutation('extended/active', 'heals without a word', "m.event('conflict',", 'void (')
    ]
  },
  {
    rule: 'two sides without a role agree on one',
    mutations: [
      mutation(
        'extended/passive',
        'grants the role to a peer that is not ready',
        'if (peer.ready && rank(',
        'if (rank('
      ),
      mutation('extended/passive', 'never grants', 'if (peer.ready && rank(', 'if (false && rank('),
      mutation(
        'extended/policy',
        'ranks an Initial like a Standby',
        "Number(a.role === 'standby') - Number(b.role === 'standby') ||",
        ''
      ),
      mutation('extended/policy', 'ranks without regard to who served last', 'a.heldEpoch - b.heldEpoch ||', ''),
      mutation('extended/policy', 'ranks without regard to fitness', 'Number(a.fit) - Number(b.fit) ||', ''),
      mutation(
        'extended/policy',
        'ranks the lower priority first',
        'a.priority - b.priority',
        'b.priority - a.priority'
      ),
      mutation('extended/hearing', 'keeps the identity of a copied disk', 'm.epochs.renumber(m.randomId())', '')
    ]
  },
  {
    rule: 'a side that leaves has stopped, says so, and keeps its word after a restart',
    mutations: [
      {
        does: 'says goodbye and serves on',
        edits: [
          { file: 'extended/machine', find: 'serving: role.isServing', put: "serving: role.name === 'active'" },
          {
            file: 'extended/machine',
            find: "this.#enter(leaving, 'initial', reason)",
            put: 'this.#enter(leaving, left.name, reason)'
          }
        ],
        caughtBy: 'tests'
      },
      mutation(
        'extended/hearing',
        'does not hear a goodbye',
        'if (trailer.flags.goodbye) return onPeerLeft',
        `if (false)
    return onPeerLeft`
      ),
      mutation(
        'extended/leaving',
        'says goodbye before its mark is on disk',
        'const marked = m.epochs.onlineOnDisk',
        'const marked = true'
      ),
      mutation('extended/leaving', 'says goodbye once only', 'this.#sent >= GOODBYES_MAX', 'this.#sent >= 1'),
      mutation(
        'extended/hearing',
        'does not answer a goodbye',
        `m.sender.answer(m, frame)
  peer.sessions`,
        'peer.sessions'
      )
    ]
  },
  {
    rule: 'operators, fail-back and fitness move the role only as documented',
    mutations: [
      mutation(
        'extended/active',
        'asks the peer on though its operator has called that off',
        "this.abortHandover(m, 'operator')",
        ''
      ),
      mutation(
        'extended/active',
        'hands over on though its operator has called that off',
        "this.callOff(m, force ? 'operator-forced' : 'operator')",
        "if (force) this.callOff(m, 'operator-forced')"
      ),
      mutation('extended/failback', 'fails back at once', '+ this.#settings.failbackDelayMs', ''),
      mutation('extended/failback', 'fails back against an operator’s move', 'if (this.held ||', 'if ('),
      mutation(
        'extended/failback',
        'fails back though it is less fit',
        'this.held || fitness < word.fitness',
        'this.held'
      ),
      mutation(
        'extended/failback',
        'fails back right after it lost the role',
        'const stableSinceMs = Math.max(peer.onlineSinceMs, standbySinceMs)',
        'const stableSinceMs = peer.onlineSinceMs'
      ),
      mutation(
        'extended/active',
        'gives the role back, however often it did not last',
        'const damped = m.nowMs < m.sinceMs + m.failback.waitMs(m.peer.peerTimeoutMs)',
        'const damped = false'
      ),
      mutation(
        'extended/failback',
        'never forgives a fail-back that did not last',
        'Math.min(FAILBACK_DAMPING_MAX, this.#damping * 2) : 1',
        'Math.min(FAILBACK_DAMPING_MAX, this.#damping * 2) : this.#damping'
      ),
      mutation(
        'extended/failback',
        'fails back to the lower priority too',
        '|| word.priority >= this.#settings.priority',
        ''
      ),
      mutation(
        'extended/active',
        'hands over on every flicker of fitness',
        'if (m.nowMs - this.#lessFitSinceMs < m.peer.peerTimeoutMs &&',
        'if (false &&'
      ),
      mutation(
        'extended/active',
        'never hands over to a fitter peer',
        "this.#startHandover(m, m.own.hostStalled ? 'host-stalled' : 'less-fit', null)",
        ''
      ),
      mutation(
        'extended/own',
        'serves on though its flows hang',
        'return this.hostStalled ? 0 : this.#fitness',
        'return this.#fitness'
      ),
      mutation(
        'extended/context',
        'says it is ready though its flows hang',
        'm.role.isWilling && !m.own.hostStalled',
        'm.role.isWilling'
      ),
      mutation(
        'extended/passive',
        'stays away for ever after it was told to stand by once',
        "if (this.#held === 'deferring') this.#held = 'no'",
        ''
      ),
      mutation(
        'extended/passive',
        'stays away for ever after it was forced to',
        `this.#held = 'no'
    this.#heldEpoch = 0`,
        'this.#heldEpoch = 0'
      )
    ]
  },
  {
    rule: 'each command gets its own answer, and only a fit side asks for the role',
    mutations: [
      mutation(
        'extended/passive',
        'forgets an open wish for a second one',
        'const busy = this.commandIds.some((open) => open !== null)',
        'const busy = (this.#grant?.commandId ?? null) !== null'
      ),
      mutation(
        'extended/machine',
        'leaves without an answer to what is open',
        "for (const id of role.commandIds) this.replyError(id, 'stopped', '')",
        ''
      ),
      mutation(
        'extended/passive',
        'asks for the role though it is not fit',
        "if (!m.own.isFit) return m.replyError(id, 'refused', 'not-ready')",
        `if (false)
        return m.replyError(id, 'refused', 'not-ready')`
      ),
      mutation(
        'extended/passive',
        'takes a refused grant back on contact that is too old for a lease',
        '&& isReady(m) && isBacked(m, sentAtMs))',
        ' && isReady(m))'
      ),
      mutation(
        'extended/passive',
        'takes a refused grant back though its flows hang',
        '&& isReady(m) && isBacked(m, sentAtMs))',
        ' && isBacked(m, sentAtMs))'
      )
    ]
  },
  {
    rule: 'what was confirmed before a second blow confirms nothing after it',
    mutations: [
      mutation(
        'extended/active',
        'serves again for a peer that does not hear it',
        'this.#pausedAtMs !== null && trailer.heardLinks !== 0 && trailer.ack',
        'this.#pausedAtMs !== null && trailer.ack'
      ),
      mutation(
        'extended/active',
        'serves again on an answer to what it asked before its second stall',
        `this.#pausedAtMs = m.nowMs
    this.#pausedSeq = m`,
        `this.#pausedAtMs = m.nowMs
    this.#pausedSeq ||= m`
      ),
      mutation(
        'extended/takeover',
        'acts at once beside a peer that it has only just heard one way',
        'Math.max(oneWayAtMs, heardForMs, notBeforeMs(m), takenMs)',
        'Math.max(oneWayAtMs, notBeforeMs(m), takenMs)'
      )
    ]
  },
  {
    rule: 'what has to survive a restart is noted',
    mutations: [
      mutation(
        'extended/active',
        'does not note a number that it took anew while serving',
        `const epoch = ownEpoch(m)
    m.epochs.use(epoch)
    this.#epoch`,
        `const epoch = ownEpoch(m)
    this.#epoch`
      ),
      mutation(
        'extended/partner',
        'prefers neither side when both have the same priority',
        ': m.epochs.nodeId > trailer.nodeId',
        ': false'
      ),
      mutation(
        'extended/hearing',
        'believes an epoch that leaves no room for the next',
        'trailer.epoch > EPOCH_MAX ||',
        ''
      )
    ]
  },
  {
    rule: 'what was known of a contact ends with it',
    mutations: [
      mutation(
        'extended/failure-detector',
        'believes that a lost peer still hears it',
        `this.#unansweredSinceMs = -Infinity
    this.#owesNothing = false
    this.#peerHears = 0`,
        ''
      ),
      mutation(
        'extended/failure-detector',
        'hears a new session on links that only the old one used',
        `path.heardAtMs = -Infinity
      path.markedAtMs = -Infinity`,
        'path.heardAtMs = -Infinity'
      ),
      mutation('extended/failure-detector', 'calls a closed link up', '!this.#alive || !path.open)', '!this.#alive)'),
      mutation(
        'extended/failure-detector',
        'does not credit its own stall to the wait for a first word',
        'this.#listeningSinceMs = later(this.#listeningSinceMs)',
        ''
      ),
      mutation(
        'extended/leaving',
        'says no more goodbye after any word of the peer',
        '(this.#sent > 0 && trailer.ack >= this.#firstSeq)',
        'this.#sent > 0'
      )
    ]
  },
  {
    rule: 'readiness counts data only while the serving side has channel users',
    mutations: [
      mutation(
        'extended/data',
        'waits for data that nobody keeps',
        'return hasChannel(m) && m.own.data.users && m.peer.word?.channel',
        'return hasChannel(m) && m.peer.word?.channel'
      ),
      mutation(
        'extended/data',
        'waits for a peer that has no channel',
        'm.own.data.users && m.peer.word?.channel === true',
        'm.own.data.users'
      ),
      mutation(
        'extended/data',
        'believes data that nobody has authenticated',
        "return m.keyed && m.settings.channel === 'auto'",
        "return m.settings.channel === 'auto'"
      ),
      mutation(
        'extended/data',
        'waits for data though its channel is switched off',
        "return m.keyed && m.settings.channel === 'auto'",
        'return m.keyed'
      ),
      mutation('extended/data', 'is behind a peer that does not serve', 'm.peer.isHeardActive &&', ''),
      mutation('extended/data', 'is behind a peer that keeps nothing', '&& m.peer.word?.users === true', ''),
      mutation(
        'extended/data',
        'is in step while its channel is shut',
        'm.own.data.open && m.own.data.inStep',
        'm.own.data.inStep'
      ),
      mutation(
        'extended/data',
        'is in step in the middle of a snapshot',
        'm.own.data.open && m.own.data.inStep',
        'm.own.data.open'
      ),
      mutation('extended/data', 'does not look at its own channel', '(!open || !inStep', '(!inStep'),
      mutation('extended/data', 'does not look how late its peer is', '|| !inStep ||', '||'),
      mutation('extended/data', 'does not hear that the peer is behind', '|| m.peer.word?.behind === true', ''),
      mutation(
        'extended/active',
        'swaps to a peer that is behind',
        'if (isPeerBehind(m)) return this.#refuse',
        `if (false)
      return this.#refuse`
      ),
      mutation('extended/active', 'asks a peer that is behind to be fitter', '(isPeerBehind(m) || m.nowMs', '(m.nowMs'),
      mutation('extended/passive', 'wants the role though it is behind', 'if (isBehind(m) && !force)', 'if (false)'),
      mutation('extended/passive', 'takes no force for its data', 'isBehind(m) && !force', 'isBehind(m)'),
      mutation('extended/passive', 'fails back before it has the data', '|| isBehind(m)', ''),
      mutation(
        'extended/passive',
        'does not tell the peer of its force',
        "force && followsData(m) ? 'operator-forced' : 'operator'",
        "'operator'"
      ),
      mutation(
        'extended/passive',
        'tells its peer of force where no data is kept',
        'force && followsData(m) ?',
        'force ?'
      )
    ]
  },
  {
    rule: 'while nobody serves the fresher data wins, after the held epoch and before role and priority',
    mutations: [
      mutation('extended/policy', 'does not rank by data', 'comparePositions(a.position, b.position) ||', ''),
      {
        does: 'ranks the role before the data',
        edits: [
          { file: 'extended/policy', find: 'comparePositions(a.position, b.position) ||', put: '' },
          {
            file: 'extended/policy',
            find: 'a.priority - b.priority ||',
            put: 'comparePositions(a.position, b.position) || a.priority - b.priority ||'
          }
        ],
        caughtBy: 'tests'
      },
      {
        does: 'ranks the data before the held epoch',
        edits: [
          { file: 'extended/policy', find: 'comparePositions(a.position, b.position) ||', put: '' },
          {
            file: 'extended/policy',
            find: 'a.heldEpoch - b.heldEpoch ||',
            put: 'comparePositions(a.position, b.position) || a.heldEpoch - b.heldEpoch ||'
          }
        ],
        caughtBy: 'tests'
      },
      mutation('position', 'takes the lower number for the newer', 'a.number - b.number', 'b.number - a.number'),
      mutation('position', 'compares the numbers of different epochs', 'a.epoch - b.epoch ||', ''),
      mutation('position', 'believes a position at the end of its range', '&& epoch < STORED_MAX', ''),
      mutation(
        'position',
        'lets a number run over on the wire',
        'Math.min(Math.max(0, number), DATA_NUMBER_MAX)',
        'number'
      ),
      mutation(
        'extended/passive',
        'compares data that a peer without a channel keeps for itself',
        'hasChannel(m) && trailer.flags.channel',
        'true'
      ),
      mutation(
        'extended/passive',
        'does not look at its own data',
        'position: compared ? toldPosition(m)',
        'position: false ? toldPosition(m)'
      ),
      mutation(
        'extended/passive',
        'says nothing where the older data wins',
        'if (isStaler) m.event',
        'if (false) m.event'
      ),
      mutation('extended/data', 'tells of data that stays here', 'return hasChannel(m) ? m.own', 'return true ? m.own'),
      mutation('extended/machine', 'does not hear the epoch of its data', 'this.epochs.hear(epoch)', ''),
      mutation(
        'extended/machine',
        'forgets at its start what it was told of its data',
        'this.epochs.hear(this.own.data.position.epoch)',
        ''
      ),
      mutation(
        'extended/active',
        'serves with an epoch below that of its data',
        'if (epoch > this.#epoch && this.#reassertDue === null)',
        'if (false)'
      ),
      mutation(
        'extended/hearing',
        'believes a position that no side ever states',
        '|| trailer.dataEpoch >= STORED_MAX',
        ''
      )
    ]
  },
  {
    rule: 'a planned swap waits, with the gate shut, until the peer has all that was written',
    mutations: [
      mutation(
        'extended/active',
        'hands over without a barrier',
        'if (!sharesData(m)) return this.#stepDown',
        `if (true)
      return this.#stepDown`
      ),
      mutation(
        'extended/active',
        'serves on in a barrier',
        'this.#pausedAtMs === null && this.#barrier === null',
        'this.#pausedAtMs === null'
      ),
      mutation('extended/active', 'takes a barrier that failed for done', 'if (!ok || m.nowMs', 'if (m.nowMs'),
      mutation('extended/active', 'takes a late answer', 'if (!ok || m.nowMs >= barrier.deadlineMs)', 'if (!ok)'),
      mutation(
        'extended/active',
        'takes the answer to any barrier',
        'if (barrier?.id !== id)',
        'if (barrier === null)'
      ),
      mutation(
        'extended/active',
        'gives the role to a peer that is not ready any more',
        'else if (m.peer.word?.ready === true)',
        'else if (true)'
      ),
      mutation(
        'extended/data',
        'waits in a barrier for as long as it likes',
        'Math.min(BARRIER_MS_MAX, m.peer.peerTimeoutMs / 2)',
        'Infinity'
      ),
      mutation(
        'extended/data',
        'waits for a whole takeover delay',
        'm.peer.peerTimeoutMs / 2)',
        'm.peer.peerTimeoutMs)'
      ),
      mutation(
        'extended/data',
        'waits for long where takeovers take long',
        'Math.min(BARRIER_MS_MAX, m.peer.peerTimeoutMs / 2)',
        'm.peer.peerTimeoutMs / 2'
      ),
      mutation('extended/active', 'waits on for a peer that is lost', "this.callOff(m, 'peer-silent')", ''),
      mutation(
        'extended/active',
        'waits on for a peer that has started again',
        "this.callOff(m, 'peer-restarted')",
        ''
      ),
      mutation('extended/active', 'goes on with a barrier after a pause', 'this.callOff(m, reason)', ''),
      mutation('extended/active', 'goes on with a barrier beside another Active', "this.callOff(m, 'peer-active')", ''),
      mutation(
        'extended/active',
        'waits on though an operator forces it to stay',
        "this.callOff(m, force ? 'operator-forced' : 'operator')",
        "if (!force) this.callOff(m, 'operator')"
      ),
      mutation(
        'extended/active',
        'begins a barrier in another',
        'this.#handover !== null || this.#barrier !== null || trailer.ack',
        'this.#handover !== null || trailer.ack'
      ),
      mutation(
        'extended/active',
        'begins a barrier for a wish that it has just refused',
        '|| trailer.ack < this.#refusedSeq',
        ''
      ),
      mutation(
        'extended/active',
        'tries a barrier again and again',
        "if (because === 'not-synchronised') this.#damping.failed(m.nowMs, m.peer.peerTimeoutMs)",
        ''
      ),
      mutation(
        'extended/active',
        'does not tell the peer that its wish came to nothing',
        'if (wished) m.sender.refuse(because)',
        ''
      ),
      mutation(
        'extended/active',
        'lets an operator wait for a barrier that is called off',
        'm.replyError(commandId, errorOf(because), because)',
        ''
      ),
      mutation(
        'extended/active',
        'leaves a barrier open when its role is lost',
        `if (this.#barrier !== null) m.endBarrier(this.#barrier.id, false)
    this.#barrier = null`,
        ''
      ),
      mutation(
        'extended/active',
        'does not say that a barrier came to its end',
        'if (barrier !== null) m.endBarrier(barrier.id, true)',
        ''
      ),
      mutation(
        'extended/active',
        'makes an operator’s force wait',
        'if (cause.forced || !m.own.isFit)',
        'if (!m.own.isFit)'
      ),
      mutation(
        'extended/active',
        'makes a side that cannot serve wait',
        'if (cause.forced || !m.own.isFit)',
        'if (cause.forced)'
      ),
      mutation(
        'extended/active',
        'waits on for a host that hangs',
        'if (!m.own.isFit) this.#goWithout',
        `if (false)
        this.#goWithout`
      )
    ]
  },
  {
    rule: 'an orderly stop waits for the same barrier, within its bound',
    mutations: [
      mutation(
        'extended/machine',
        'leaves without waiting for the data',
        "role.kind === 'active' && role.waitsToLeave(this, reason)",
        'false'
      ),
      mutation(
        'extended/machine',
        'never leaves after a barrier',
        'if (this.#leaveDue !== null && !waits)',
        'if (false)'
      ),
      mutation(
        'extended/machine',
        'leaves while its barrier is open',
        'if (this.#leaveDue !== null && !waits)',
        'if (this.#leaveDue !== null)'
      ),
      mutation(
        'extended/machine',
        'takes orders while it waits to leave',
        'if (this.started && this.#leaveDue === null)',
        'if (this.started)'
      ),
      mutation(
        'extended/active',
        'waits to leave for a channel that is shut',
        'if (m.own.data.open && m.own.isFit &&',
        'if (m.own.isFit &&'
      ),
      mutation(
        'extended/active',
        'begins again with the barrier that is open already',
        `if (this.#barrier !== null) this.#barrier = { ...this.#barrier, cause: null }
    else if`,
        'if'
      ),
      mutation(
        'extended/active',
        'opens its gate once more before it leaves',
        'if (barrier.cause === null) return this.#leaveWithout(m, because)',
        ''
      )
    ]
  },
  ...WITNESS_RULES
]
