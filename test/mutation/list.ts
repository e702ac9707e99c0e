/**
 * Named mutations of the machine, each of them breaking one rule: `find` is text of the compiled file, there exactly
 * once, and `put` takes its place. `run.ts` says what catches each; `list.test.ts` keeps the list true.
 */

export type MutatedFile = 'extended' | 'contact' | 'conversation' | 'ledger' | 'lease' | 'paths' | 'policy' | 'proof'

export interface Edit {
  readonly find: string
  readonly put: string
}

export interface Mutation {
  /** What the mutated machine does: 'a machine that ...'. */
  readonly does: string
  readonly file: MutatedFile
  readonly edits: readonly Edit[]
}

export interface Rule {
  /** In the words of docs/reference/PROTOCOL.md. */
  readonly rule: string
  readonly mutations: readonly Mutation[]
}

/** One place changed. */
function mutation(file: MutatedFile, does: string, find: string, put: string): Mutation {
  return { does, file, edits: [{ find, put }] }
}

export const RULES: readonly Rule[] = [
  {
    rule: 'frames go to the configured address, and to the one that is heard; only a new number moves that',
    mutations: [
      mutation('paths', 'follows recordings', 'if (word !== null && !this.#isNew(word))', 'if (false)'),
      mutation(
        'paths',
        'gives up the configured address',
        '[configured] : [configured, heard]',
        '[configured] : [heard]'
      ),
      mutation(
        'paths',
        'does not follow a peer that moves',
        '[configured] : [configured, heard]',
        '[configured] : [configured]'
      ),
      mutation(
        'paths',
        'hears any host without a key',
        'return this.#keyed || this.isConfigured(ip);',
        'return this.#keyed || ip !== "";'
      ),
      mutation('paths', 'answers any port without a key', 'this.#keyed && port !== 0 ? port', 'port !== 0 ? port'),
      mutation('paths', 'writes to port 0', 'this.#keyed && port !== 0 ? port', 'this.#keyed ? port'),
      mutation(
        'paths',
        'is pointed by a name away from what it hears',
        'if (this.#configured.length > 0 && nowMs < this.silentAtMs)',
        'if (false)'
      ),
      mutation('paths', 'tries one address of a name only', '(this.#turn + 1) % this.#configured.length', 'this.#turn'),
      mutation(
        'paths',
        'keeps what a socket of the other family heard',
        'return this.counts(heard.ip) && (first',
        'return this.counts(heard.ip) || (first'
      ),
      mutation('paths', 'takes any old number for a copy', ' && word.seq > this.#seq - REPEATS_KEPT', ''),
      mutation(
        'paths',
        'calls a link with nothing but recordings alive',
        'if (word !== null && !this.#isNew(word))',
        'this.#heardAtMs = nowMs;\n        if (word !== null && !this.#isNew(word))'
      )
    ]
  },
  {
    rule: 'a lease ends before the peer may take over',
    mutations: [
      mutation('lease', 'leaves the drift of the clocks out', '(promisedMs / (1 + exports.CLOCK_DRIFT)', '(promisedMs'),
      mutation('lease', 'keeps no slack from the gate to the effect', '- slackMs)', ')'),
      mutation(
        'extended',
        'counts the lease from the receipt',
        'this.#extendLease(ackedAtMs)',
        'this.#extendLease(this.#nowMs)'
      ),
      mutation(
        'extended',
        'renews the lease on any word, acknowledged or not',
        `        if (ackedAtMs === null)
            return;
        this.#contact.answered`,
        `        if (ackedAtMs === null)
            ackedAtMs = this.#nowMs;
        this.#contact.answered`
      ),
      mutation(
        'extended',
        'stays Active when the lease has run out',
        'this.#sole || this.#nowMs < this.#leaseUntilMs)',
        'true)'
      ),
      mutation(
        'extended',
        'tells the gate of no lease',
        'leaseUntilMs: this.#underLease && !this.#sole ? this.#leaseUntilMs : Infinity',
        'leaseUntilMs: Infinity'
      ),
      mutation(
        'extended',
        'acts on a lease that ran out, for the length of one input',
        "if (input.kind !== 'frame')",
        'if (false)'
      ),
      mutation(
        'extended',
        'keeps the lease of the peer’s former session',
        `if (!this.#leaseIsOfThisSession)
            this.#leaseUntilMs = -Infinity;`,
        ''
      ),
      mutation('extended', 'does not shorten the lease by a suspend', 'this.#leaseUntilMs -= ms;', ''),
      mutation(
        'extended',
        'counts a lease from before a suspend after it',
        `this.#conversation.forgetSendTimes();
        this.#proof.drop();`,
        'this.#proof.drop();'
      ),
      mutation(
        'extended',
        'moves the lease by its own stall',
        'this.#contact.wasDeaf(this.#nowMs, lateMs);',
        '(this.#contact.wasDeaf(this.#nowMs, lateMs), (this.#leaseUntilMs += lateMs));'
      ),
      mutation(
        'extended',
        'counts the lease from its own setting, not from the promise',
        'return this.#peer?.promisedMs ?? this.#settings.peerTimeoutMs',
        'return this.#settings.peerTimeoutMs * 1.5'
      ),
      mutation(
        'policy',
        'lets both sides of `preferred` serve without a lease',
        "return policy === 'exclusive' || (policy === 'preferred' && !preferred)",
        "return policy === 'exclusive'"
      ),
      mutation(
        'policy',
        'knows no lease under `exclusive`',
        "return policy === 'exclusive' || (policy === 'preferred' && !preferred)",
        "return policy === 'preferred' && !preferred"
      )
    ]
  },
  {
    rule: 'a sole right is bounded by the first frame that counts a peer that has settled',
    mutations: [
      mutation(
        'extended',
        'stops at the lease’s end after a goodbye',
        "this.#sole = known.evidence === 'goodbye' || this.#restsOnProof",
        'this.#sole = this.#restsOnProof'
      ),
      mutation(
        'extended',
        'stops at the lease’s end though the peer left',
        `            return this.#take();
        this.#sole = true;`,
        `            return this.#take();`
      ),
      mutation(
        'extended',
        'counts a peer without bounding its own right',
        `this.#sole = false;
            this.#leaseUntilMs = boundMs;`,
        ''
      ),
      mutation(
        'extended',
        'gives up its sole right without a lease',
        `this.#sole = false;
            this.#leaseUntilMs = boundMs;`,
        'this.#sole = false;'
      ),
      mutation(
        'extended',
        'extends its right by each frame that counts the peer',
        'this.#leaseUntilMs = Math.min(this.#leaseUntilMs, boundMs)',
        'this.#leaseUntilMs = boundMs'
      ),
      mutation(
        'extended',
        'serves on the lease of the session before while it counts the new one',
        `else if (!this.#leaseIsOfThisSession)
            this.#leaseUntilMs = Math.min(this.#leaseUntilMs, boundMs);`,
        ''
      ),
      mutation(
        'extended',
        'counts a peer that may die again right after its start',
        'if (this.#underLease && !this.#hasSettled)',
        'if (false)'
      ),
      mutation(
        'extended',
        'never counts a peer that has no tether',
        `if (this.#contact.heardAtMs >= this.#contact.sinceMs + this.#peerTimeoutMs)
            return true;`,
        ''
      ),
      mutation(
        'extended',
        'counts a peer that is not marked',
        'return this.#proof.provable === true && this.#peer?.marked === true',
        'return this.#proof.provable === true'
      ),
      mutation(
        'extended',
        'counts a peer that has no provable tether',
        'return this.#proof.provable === true && this.#peer?.marked === true',
        'return this.#peer?.marked === true'
      )
    ]
  },
  {
    rule: 'taking over without contact follows the table of the policies',
    mutations: [
      mutation(
        'policy',
        'takes over on silence on both sides of `preferred`',
        "verdict === 'take' || (verdict === 'if-preferred' && preferred)",
        "verdict === 'take' || verdict === 'if-preferred'"
      ),
      mutation('policy', 'takes over on silence under `exclusive`', "silence: 'wait'", "silence: 'take'"),
      mutation(
        'extended',
        'takes over from an Active that is heard but does not hear it',
        "if (this.#peer?.role === 'active')\n                return null;",
        ''
      ),
      mutation(
        'extended',
        'takes over though an operator forced it to stand by',
        "if (this.#held !== 'no' || this.#hostStalled)",
        'if (this.#hostStalled)'
      ),
      mutation(
        'extended',
        'takes over though its flows hang',
        "if (this.#held !== 'no' || this.#hostStalled)",
        "if (this.#held !== 'no')"
      ),
      mutation(
        'extended',
        'takes back what it granted while the peer is heard',
        "if (this.#role === 'active' || this.#grantIsOpen)",
        "if (this.#role === 'active')"
      ),
      mutation(
        'extended',
        'takes over at once when forced, though the peer may hold a lease',
        'leased ? Math.max(this.#nowMs, waitedMs) : this.#nowMs',
        'this.#nowMs'
      )
    ]
  },
  {
    rule: 'nobody takes over before the promise has run out',
    mutations: [
      mutation(
        'contact',
        'calls the peer lost after half the time',
        '? this.#heardAtMs + peerTimeoutMs : Infinity',
        '? this.#heardAtMs + peerTimeoutMs / 2 : Infinity'
      ),
      mutation(
        'extended',
        'forgets after a restart what it promised before',
        'return sinceMs + Math.max(this.#peerTimeoutMs, this.#promisedBeforeMs)',
        'return sinceMs + this.#peerTimeoutMs'
      ),
      mutation(
        'extended',
        'wakes up for its own word though it answered in between',
        'return answers ? Math.max(this.#nextSendAtMs, ',
        'return answers ? Math.min(this.#nextSendAtMs, '
      ),
      mutation(
        'extended',
        'keeps for ever what it promised before its restart',
        'return this.#promisedBeforeMs > this.#peerTimeoutMs ?',
        'return false ?'
      ),
      mutation(
        'extended',
        'waits for its own peerTimeout only, not for the slower side’s',
        'return Math.max(this.#settings.peerTimeoutMs, this.#peer?.peerTimeoutMs ?? 0)',
        'return this.#settings.peerTimeoutMs'
      ),
      mutation(
        'extended',
        'waits for its own heartbeat only, not for the slower side’s',
        'return Math.max(this.#settings.heartbeatMs, this.#peer?.heartbeatMs ?? 0)',
        'return this.#settings.heartbeatMs'
      ),
      mutation(
        'extended',
        'takes the role alone though the peer answers and is about to be met',
        "this.#settings.policy === 'availability' ? -Infinity",
        'true ? -Infinity'
      )
    ]
  },
  {
    rule: 'nobody is declared dead for one’s own deafness',
    mutations: [
      mutation('extended', 'does not credit its own stall', 'this.#contact.wasDeaf(this.#nowMs, lateMs);', ';'),
      mutation(
        'extended',
        'takes the role in the moment it wakes from its own stall',
        'this.#notAloneBeforeMs = this.#nowMs + this.#heartbeatMs',
        'this.#notAloneBeforeMs = this.#nowMs'
      ),
      mutation(
        'extended',
        'never takes the role while it runs late',
        'if (this.#nowMs >= this.#notAloneBeforeMs + this.#peerTimeoutMs)',
        'if (true)'
      ),
      mutation(
        'extended',
        'waits from its start, though its socket opened long after that',
        'const sinceMs = listeningSinceMs === Infinity ? this.#startedAtMs : listeningSinceMs',
        'const sinceMs = this.#startedAtMs'
      ),
      mutation('conversation', 'never learns a new node id of its peer', 'peer.nodeId = trailer.nodeId;', ''),
      mutation('extended', 'does not credit a suspend', 'if (lateMs < ms)', 'if (false)'),
      mutation(
        'contact',
        'judges the peer though all its sockets are closed',
        'return this.#alive && this.#listeningSinceMs !== Infinity ? ',
        'return this.#alive ? '
      ),
      mutation(
        'contact',
        'counts the silence from before its socket was open again',
        'this.#heardAtMs = Math.max(this.#heardAtMs, nowMs);',
        ';'
      ),
      mutation(
        'extended',
        'judges a peer it met before its sockets were closed',
        `if (listeningSinceMs === Infinity)
            return null;`,
        ''
      ),
      mutation('contact', 'moves deadlines past now', 'Math.min(nowMs, atMs + lateMs)', 'atMs + lateMs'),
      mutation(
        'extended',
        'believes in a word from before it was deaf',
        'Math.max(this.#contact.sinceMs, listeningSinceMs) + peerTimeoutMs',
        'this.#contact.sinceMs + peerTimeoutMs'
      )
    ]
  },
  {
    rule: 'own stalls and suspends stop the serving until contact is confirmed',
    mutations: [
      mutation('extended', 'serves on after its own stall', "this.#pause('own-stall', ", 'void ('),
      mutation('extended', 'serves on after a suspend', "this.#pause('suspended', ms);", ''),
      mutation(
        'extended',
        'takes up serving on an acknowledgement from before the pause',
        'trailer.ack >= this.#pausedSeq)',
        'true)'
      ),
      mutation('extended', 'never takes up serving by itself', 'if (now >= this.#pausedUntilMs())', 'if (false)'),
      mutation(
        'lease',
        'lets the gate trust a dead engine for the whole peerTimeout',
        '/ (1 + exports.CLOCK_DRIFT) - heartbeatMs',
        '/ (1 - exports.CLOCK_DRIFT)'
      ),
      mutation(
        'extended',
        'stays paused though an operator forces it to serve',
        `if (force && this.#pausedAtMs !== null)
                this.#resume('operator-forced')`,
        ''
      )
    ]
  },
  {
    rule: 'a suspect is asked',
    mutations: [
      mutation(
        'extended',
        'does not probe a suspect',
        `            this.#probe();
        }
        if (now >= this.#urgeAtMs)`,
        `            if (now >= this.#proof.nextProbeAtMs(this.#quietMs)) this.#probe();
            else this.#contact.probed(now);
        }
        if (now >= this.#urgeAtMs)`
      ),
      mutation(
        'contact',
        'waits for a late heartbeat for a quarter of its distance, however long',
        'Math.min(heartbeatMs / 4, LATE_MS_MAX)',
        'heartbeatMs / 4'
      )
    ]
  },
  {
    rule: 'the proof of a crash: a provable tether ends with a FIN, a dial is refused, probes stay unanswered',
    mutations: [
      mutation('extended', 'proves crashes though `crashProof` is off', '!this.#settings.crashProof || ', ''),
      mutation(
        'proof',
        'proves a crash by a tether between addresses that differ',
        'if (!fin || !tether.provable)',
        'if (!fin)'
      ),
      mutation(
        'proof',
        'proves a crash by a reset or a farewell',
        'if (!fin || !tether.provable)',
        'if (!tether.provable)'
      ),
      mutation(
        'proof',
        'proves a crash by the end of a tether that was replaced',
        'if (tether?.id !== id)',
        'if (tether === null)'
      ),
      mutation('extended', 'proves a crash by a tether of another session', 'if (living)', 'if (true)'),
      mutation(
        'proof',
        'asks twice about one end',
        `this.#tether = null;
        if (!fin`,
        'if (!fin'
      ),
      mutation(
        'proof',
        'goes on asking though a new tether is up',
        `this.#tether = { id, provable };
        this.#asking = null;`,
        'this.#tether = { id, provable };'
      ),
      mutation(
        'proof',
        'goes on asking though its dial was answered',
        `else
            this.#asking = null;`,
        ''
      ),
      mutation(
        'proof',
        'counts the dial that followed another end',
        'if (this.#asking?.id !== id)',
        'if (this.#asking === null)'
      ),
      mutation('proof', 'needs no refused dial', 'asking?.refused !== true', 'asking == null'),
      mutation(
        'proof',
        'proves a crash by a silence in which it asked nothing',
        ' || asking.unanswered < PROBES_MIN',
        ''
      ),
      mutation(
        'proof',
        'counts probes from before the last word',
        `this.#asking.quietSinceMs = nowMs;
        this.#asking.unanswered = 0;`,
        'this.#asking.quietSinceMs = nowMs;'
      ),
      mutation(
        'proof',
        'proves the crash of a peer that acknowledged what was sent after the FIN',
        'if (ack >= this.#asking.firstSeq)',
        'if (false)'
      ),
      mutation(
        'proof',
        'takes frames of before the FIN for no frames',
        `else
            this.disturbed(nowMs);`,
        ''
      ),
      mutation('proof', 'waits less than two round trips', 'Math.min(2 * roundTripMs, peerTimeoutMs / 4)', '0'),
      mutation(
        'proof',
        'waits for more than the peer may be silent',
        'Math.min(2 * roundTripMs, peerTimeoutMs / 4)',
        '2 * roundTripMs'
      ),
      mutation(
        'proof',
        'waits 25 ms between heartbeats that are shorter',
        'Math.min(QUIET_MS, heartbeatMs)',
        'QUIET_MS'
      ),
      mutation(
        'contact',
        'knows no bound of the round trip until it is measured',
        'return this.#samples === 0 ? this.#ackedWithinMs',
        'return this.#samples === 0 ? Infinity'
      ),
      mutation(
        'contact',
        'asks on some links only',
        `if (!contact.open)
                return false`,
        ''
      ),
      mutation('contact', 'asks on no link', 'return open > 0', 'return true'),
      mutation(
        'extended',
        'counts a probe that could not be sent',
        `if (this.#contact.isHeardOn(this.#nowMs, input.link, this.#peerTimeoutMs))
                    this.#proof.disturbed(this.#nowMs)`,
        ''
      ),
      mutation(
        'extended',
        'counts silence from before a link opened or closed',
        `this.#contact.setOpen(this.#nowMs, link, open);
        this.#proof.disturbed(this.#nowMs);`,
        'this.#contact.setOpen(this.#nowMs, link, open);'
      ),
      mutation(
        'extended',
        'counts its own stall as silence',
        `if (lateMs > this.#quietMs / 4)
            this.#proof.disturbed(nowMs)`,
        ''
      ),
      mutation(
        'extended',
        'goes on asking after a suspend',
        `this.#conversation.forgetSendTimes();
        this.#proof.drop();`,
        'this.#conversation.forgetSendTimes();'
      ),
      mutation(
        'extended',
        'forgets its tether in a suspend',
        `this.#conversation.forgetSendTimes();
        this.#proof.drop();`,
        `this.#conversation.forgetSendTimes();
        this.#proof.forget();`
      ),
      mutation(
        'extended',
        'proves the crash of a peer that it does not hear anyway',
        ` || !this.#contact.alive) {
            this.#proof.ended`,
        `) {
            this.#proof.ended`
      ),
      mutation(
        'extended',
        'goes on asking when the peer is lost',
        `this.#ledger.hear(this.#helloEpoch);
        this.#proof.drop();`,
        'this.#ledger.hear(this.#helloEpoch);'
      ),
      mutation(
        'extended',
        'does not ask at once',
        `if (this.#proof.ended(this.#nowMs, id, fin, this.#conversation.lastSentSeq + 1))
            this.#probe();`,
        'this.#proof.ended(this.#nowMs, id, fin, this.#conversation.lastSentSeq + 1);'
      ),
      mutation(
        'extended',
        'needs a lease after a proof of a crash',
        "this.#sole = known.evidence === 'goodbye' || this.#restsOnProof",
        "this.#sole = known.evidence === 'goodbye'"
      ),
      mutation(
        'extended',
        'serves under a lease on after a proof of a crash',
        `            return;
        this.#sole = true;
        this.#restsOnProof = true;`,
        '            return;'
      ),
      mutation(
        'extended',
        'keeps the tether of the session before',
        `this.#proof.forget();
        this.#proofUntilMs = -Infinity;
        this.#restsOnProof = false;`,
        `this.#proofUntilMs = -Infinity;
        this.#restsOnProof = false;`
      )
    ]
  },
  {
    rule: 'a proof of a crash can be refuted',
    mutations: [
      mutation(
        'extended',
        'never hears that its proof was wrong',
        `if (departed?.evidence !== 'crash')
            return true;`,
        `if (departed?.evidence !== 'crash')
            return true;
        if (departed !== null)
            return false;`
      ),
      mutation(
        'extended',
        'takes what was on its way for a refutation',
        'if (trailer.ack < departed.firstSeq) {',
        'if (false) {'
      ),
      mutation(
        'extended',
        'takes one late frame for a refutation',
        'if (departed.lateFrames < LATE_FRAMES_REFUTE)',
        'if (departed.lateFrames < 1)'
      ),
      mutation(
        'extended',
        'is never refuted by a peer that speaks on and hears nothing',
        'if (departed.lateFrames < LATE_FRAMES_REFUTE)',
        'if (true)'
      ),
      mutation(
        'extended',
        'counts frames that are not late',
        'if (this.#nowMs >= departed.atMs + this.#peerTimeoutMs)',
        'if (true)'
      ),
      mutation(
        'extended',
        'serves on though its proof was wrong',
        `if (this.#restsOnProof && this.#role === 'active')
            this.#becomeStandby('proof-wrong')`,
        ''
      ),
      mutation(
        'extended',
        'gives up a role that does not rest on the proof',
        `if (this.#restsOnProof && this.#role === 'active')
            this.#becomeStandby('proof-wrong')`,
        `if (this.#role === 'active')
            this.#becomeStandby('proof-wrong')`
      )
    ]
  },
  {
    rule: 'the mark: a side keeps on disk that its peer is online, and then takes no role alone',
    mutations: [
      mutation(
        'extended',
        'takes the role alone though its disk says that the peer was online',
        "return this.#uncounted || (online && !this.#contactMade) ? 'peer-may-serve' : null",
        "return this.#uncounted ? 'peer-may-serve' : null"
      ),
      mutation(
        'extended',
        'takes the role alone beside an Active that does not count it',
        "return this.#uncounted || (online && !this.#contactMade) ? 'peer-may-serve' : null",
        "return online && !this.#contactMade ? 'peer-may-serve' : null"
      ),
      mutation(
        'extended',
        'makes contact by hearing',
        "this.#uncounted = !partner && frame.state === 'active';",
        "(this.#uncounted = !partner && frame.state === 'active'), (this.#contactMade = true);"
      ),
      mutation(
        'extended',
        'clears the mark at the first silence',
        'return silent ? this.#contact.heardAtMs + this.#peerTimeoutMs : Infinity',
        'return silent ? this.#contact.heardAtMs : Infinity'
      ),
      mutation(
        'extended',
        'clears the mark without contact',
        'const silent = this.#contactMade && this.#ledger.online',
        'const silent = this.#ledger.online'
      ),
      mutation('extended', 'never clears the mark', 'if (now >= this.#clearMarkAtMs)', 'if (false)'),
      mutation(
        'extended',
        'keeps the mark after a goodbye',
        `firstSeq: 0, lateFrames: 0 };
        this.#ledger.setOnline(false);`,
        'firstSeq: 0, lateFrames: 0 };'
      ),
      mutation(
        'extended',
        'keeps the mark when both leave',
        `if (trailer.flags.goodbye)
            this.#ledger.setOnline(false)`,
        ''
      ),
      mutation(
        'extended',
        'never sets the mark',
        `this.#ledger.setOnline(true);
        if (this.#doubt`,
        'if (this.#doubt'
      ),
      mutation(
        'extended',
        'says that it is marked before the disk knows it',
        'marked: this.#ledger.onlineOnDisk',
        'marked: this.#ledger.online'
      ),
      mutation(
        'ledger',
        'says that it is marked while a write may clear the mark',
        'this.#writing?.record.online !== false && ',
        ''
      ),
      mutation(
        'ledger',
        'says that it is marked though a failed write may have cleared the mark',
        'this.#writing?.record.online !== false && this.#unsure?.online !== false',
        'this.#writing?.record.online !== false'
      ),
      mutation(
        'extended',
        'does not act on a proof because of its mark',
        " && !(evidence === 'crash' && bar === 'peer-may-serve')",
        ''
      ),
      mutation(
        'extended',
        'takes an answer of long ago for a sign of life',
        `if (sentAtMs === null || this.#nowMs >= sentAtMs + this.#peerTimeoutMs)
            return`,
        ''
      )
    ]
  },
  {
    rule: 'the window: the side that is not preferred uses a proof only while the dead one must have counted it as online',
    mutations: [
      mutation(
        'extended',
        'uses a proof at any time',
        "return this.#settings.policy !== 'preferred' || this.#ledger.preferred || this.#nowMs < this.#proofUntilMs",
        'return true'
      ),
      mutation(
        'extended',
        'opens the window by frames that are not marked',
        'if (trailer.flags.marked) {',
        'if (true) {'
      ),
      mutation('extended', 'does not shorten the window by a suspend', 'this.#proofUntilMs -= ms;', ''),
      mutation(
        'extended',
        'keeps the window of the session before',
        `this.#proofUntilMs = -Infinity;
        this.#restsOnProof = false;`,
        'this.#restsOnProof = false;'
      ),
      mutation(
        'extended',
        'serves without a lease on a proof that it may not use',
        'if (!this.#underLease || !this.#mayUseProof || ',
        'if (!this.#underLease || '
      ),
      mutation(
        'extended',
        'serves without a lease on a proof though it may take no role alone',
        " || this.#isBarred('crash'))",
        ')'
      ),
      mutation(
        'extended',
        'closes the window while it serves alone',
        `if (this.#sole && this.#settings.policy !== 'availability')
            this.#readProofWindow(trailer, ackedAtMs);
        else`,
        `if (this.#sole && this.#settings.policy !== 'availability')
            ;
        else`
      )
    ]
  },
  {
    rule: 'what a side believes of itself',
    mutations: [
      mutation(
        'extended',
        'acts alone though it is in doubt of itself',
        `if (this.#doubt !== null)
            return this.#doubt`,
        ''
      ),
      mutation(
        'extended',
        'acts alone though its policy is not the peer’s',
        'if (peerPolicy !== null && peerPolicy !== policy)',
        'if (false)'
      ),
      mutation(
        'extended',
        'forgets that another process writes its file',
        "if (this.#doubt !== 'foreign-record' && this.#ledger.isSettled())",
        'if (this.#ledger.isSettled())'
      ),
      mutation(
        'extended',
        'is healed before the newer record is on disk',
        "if (this.#doubt !== 'foreign-record' && this.#ledger.isSettled())",
        "if (this.#doubt !== 'foreign-record')"
      ),
      mutation('extended', 'does not notice that its disk was set back', "this.#cast('rolled-back');", ''),
      mutation(
        'extended',
        'counts records from where its disk was set back to',
        'this.#ledger.raiseNumber(trailer.peerRecord);',
        ''
      ),
      mutation(
        'extended',
        'serves on though it is a copy',
        `if (this.#role === 'active')
            this.#becomeStandby('restored-copy')`,
        ''
      ),
      mutation(
        'conversation',
        'does not notice that another copy of it makes contact',
        'if (trailer.echo === this.session && trailer.ack > this.#seq)',
        'if (false)'
      ),
      mutation(
        'conversation',
        'does not notice that a copy of it took leave',
        'const left = trailer.echo === 0n && trailer.seq > peer.lastSeq',
        'const left = false'
      ),
      mutation(
        'extended',
        'tells the number of a record that is not on disk',
        'record: this.#ledger.numberOnDisk',
        'record: this.#ledger.number'
      ),
      mutation(
        'extended',
        'tells the record number of another node',
        'this.#peerRecord.nodeId === this.#conversation.nodeId(toHello) ? this.#peerRecord.number : 0',
        'this.#peerRecord.number'
      ),
      mutation(
        'extended',
        'is barred by nothing at the end of its numbers',
        `if (this.#ledger.exhausted)
            return 'numbers-exhausted'`,
        ''
      ),
      mutation(
        'ledger',
        'takes a role at the end of its numbers',
        'if (this.exhausted || epoch > exports.EPOCH_MAX)',
        'if (epoch > exports.EPOCH_MAX)'
      ),
      mutation(
        'ledger',
        'takes a role with a number above the range',
        'if (this.exhausted || epoch > exports.EPOCH_MAX)',
        'if (this.exhausted)'
      )
    ]
  },
  {
    rule: 'only frames of the living conversation count',
    mutations: [
      mutation(
        'extended',
        'forgets the number of a session that it has not adopted',
        'this.#ledger.hear(this.#helloEpoch);\n        this.#proof.drop();',
        'this.#proof.drop();'
      ),
      mutation(
        'extended',
        'follows the number of a session while the living one is heard',
        'if (!this.#contact.alive)\n            this.#ledger.hear(this.#helloEpoch);',
        'this.#ledger.hear(this.#helloEpoch);'
      ),
      mutation(
        'extended',
        'answers recorded openings from the ration of those that echo its session',
        'acquainted ? this.#helloAnswers.acquainted : this.#helloAnswers.stranger',
        'this.#helloAnswers.stranger'
      ),
      mutation(
        'extended',
        'is as sparing with answers to openings without contact as with it',
        'if (!this.#contact.alive)\n            return HELLO_ANSWERS_ALONE',
        'if (false)\n            return HELLO_ANSWERS_ALONE'
      ),
      mutation(
        'conversation',
        'forgets when it sent what is not acknowledged yet',
        'oldestSeq < this.#peer.ackedSeq)',
        'this.#peer !== null)'
      ),
      mutation(
        'conversation',
        'takes the same frame twice',
        'if (trailer.seq <= (peer.lastSeqByLink[trailer.link] ?? 0))',
        'if (false)'
      ),
      mutation('conversation', 'takes copies for news', 'if (trailer.seq <= peer.lastSeq)', 'if (false)'),
      mutation(
        'conversation',
        'lets a replaced session come back',
        'if (this.#retired.includes(trailer.session))',
        'if (false)'
      ),
      mutation(
        'conversation',
        'adopts a session without a fresh acknowledgement',
        'if (!this.#isConfirmedBy(trailer)) {',
        'if (false) {'
      ),
      mutation(
        'conversation',
        'adopts a session on an acknowledgement of what was sent before it was heard',
        'return trailer.ack > seenAtSeq',
        'return true'
      ),
      mutation(
        'conversation',
        'adopts a session that echoes another one of mine',
        `if (trailer.echo !== this.session)
            return false;`,
        ''
      ),
      mutation(
        'conversation',
        'hears frames that echo a former session of its own',
        'if (trailer.echo !== this.session) {',
        'if (false) {'
      ),
      mutation(
        'conversation',
        'believes an acknowledgement of what it never sent',
        `if (trailer.ack > this.#seq)
            return { kind: 'beyond' };
        if (trailer.seq <=`,
        'if (trailer.seq <='
      ),
      mutation('conversation', 'talks to its own mirror', 'if (trailer.session === this.session)', 'if (false)'),
      mutation(
        'conversation',
        'lets another session take the place of a living peer',
        'if (guarded && ',
        'if (false && '
      ),
      mutation(
        'extended',
        'guards the place of a peer that is silent',
        'this.#contact.alive && this.#nowMs < this.#contact.heardAtMs + this.#heartbeatMs * 2',
        'this.#contact.alive'
      ),
      mutation('extended', 'hears on from a peer that left', 'this.#conversation.retirePeer();', ''),
      mutation(
        'extended',
        'answers every opening, as many as come',
        'if (!ration.take(this.#nowMs, this.#helloAllowance))',
        'if (false)'
      )
    ]
  },
  {
    rule: 'a new session of the peer',
    mutations: [
      mutation(
        'extended',
        'forgets that a former session may serve',
        'this.#formerUntilMs = this.#contact.heardAtMs + this.#peerTimeoutMs;',
        ''
      ),
      mutation(
        'extended',
        'takes a grant while a former session may serve',
        ` || this.#nowMs < this.#formerUntilMs)
            return;
        if (this.#nowMs >= sentAtMs`,
        `)
            return;
        if (this.#nowMs >= sentAtMs`
      ),
      mutation(
        'extended',
        'grants the role while a former session may serve',
        `        if (this.#nowMs < this.#formerUntilMs)
            return;
`,
        ''
      ),
      mutation(
        'extended',
        'tells of a second peer with each of its frames',
        'if (this.#rival.told || now <',
        'if (now <'
      ),
      mutation('extended', 'never tells of a second peer', 'if (this.#rival.told || now <', 'if (true || now <'),
      mutation(
        'conversation',
        'takes a session that it refused on an old confirmation',
        'this.#candidates?.set(trailer.session, this.#seq);',
        ''
      ),
      mutation(
        'extended',
        'does not ask a refused session to confirm anew',
        'probe: this.#rival?.session === session',
        'probe: false'
      ),
      mutation(
        'extended',
        'calls a peer lost that has acknowledged all it was told',
        'if (trailer.ack >= this.#toldSeq)',
        'if (trailer.ack === this.#conversation.lastSentSeq)'
      )
    ]
  },
  {
    rule: 'hearing works both ways or it is no contact',
    mutations: [
      mutation('extended', 'counts a peer that does not hear it', 'if (partner)', 'if (true)'),
      mutation(
        'contact',
        'is online as long as it hears',
        'return this.#alive && nowMs < this.oneWayAtMs(peerTimeoutMs)',
        'return this.#alive'
      ),
      mutation(
        'extended',
        'agrees on roles with a peer that does not hear it',
        'if (trailer.heardLinks === 0 || !this.#contact.isTwoWay(this.#nowMs, this.#peerTimeoutMs))',
        'if (false)'
      ),
      mutation(
        'extended',
        'counts as a partner before its parity is on disk',
        'if (!this.#ledger.hasMet && ',
        'if (false && '
      )
    ]
  },
  {
    rule: 'an epoch is on disk before its role is taken, and never comes again',
    mutations: [
      mutation(
        'ledger',
        'takes a role before the disk has answered',
        'return epoch <= (this.#durable?.reserved ?? 0)',
        'return true'
      ),
      mutation(
        'extended',
        'takes a role in memory under every policy',
        "this.#ledger.isReserved(this.#ledger.nextOwn(), this.#settings.policy === 'availability')",
        'this.#ledger.isReserved(this.#ledger.nextOwn(), true)'
      ),
      mutation(
        'extended',
        'takes a grant that is not on disk under every policy',
        "this.#ledger.isReserved(epoch, this.#settings.policy === 'availability')",
        'true'
      ),
      mutation(
        'ledger',
        'forgets a reserved number in a crash',
        'Math.max(record.epoch, record.reserved)',
        'record.epoch'
      ),
      mutation(
        'ledger',
        'knows no parity',
        'return parity === null || next % 2 === parity ? next : next + 1',
        'return next'
      ),
      mutation('ledger', 'forgets its parity in a restart', 'this.#parity = record?.parity ?? null;', ''),
      mutation(
        'ledger',
        'believes the disk’s answer to another write',
        'if (this.#writing === null || this.#writing.ticket !== ticket)',
        'if (this.#writing === null)'
      ),
      mutation(
        'ledger',
        'does not write a number that it heard of while a higher one is reserved',
        '            disk.epoch !== this.#floor ||\n',
        ''
      ),
      mutation('ledger', 'does not write its new identity', 'BigInt(`0x${disk.nodeId}`) !== this.#nodeId', 'false'),
      mutation(
        'ledger',
        'does not try a failed disk again',
        'this.#notBeforeMs = nowMs + this.#retryMs',
        'this.#notBeforeMs = Infinity'
      ),
      mutation(
        'extended',
        'serves on with an epoch below what the peer knows',
        `if (trailer.epoch > this.#epoch)
            this.#reassert('peer-behind');
        if (this.#handover`,
        'if (this.#handover'
      ),
      mutation(
        'extended',
        'serves on with an epoch below what the peer knew when it left',
        `this.#sole = true;
        if (trailer.epoch > this.#epoch)`,
        `this.#sole = true;
        if (false)`
      ),
      mutation(
        'extended',
        'forgets that it has to take a newer epoch when the disk was busy',
        'if (this.#reassertDue !== null)',
        'if (false)'
      ),
      mutation(
        'extended',
        'does not note the epochs that it hears of',
        "if (this.#role === 'active' || !isGrant(frame))",
        'if (false)'
      )
    ]
  },
  {
    rule: 'promises on disk',
    mutations: [
      mutation(
        'extended',
        'promises more than its disk would keep',
        ': this.#ledger.promisedMs;',
        ': Math.max(this.#ledger.promisedMs, peerTimeoutMs);'
      ),
      mutation(
        'ledger',
        'promises what the write under way takes back',
        'this.#writing?.record.promisedMs ?? Infinity',
        'Infinity'
      ),
      mutation(
        'ledger',
        'promises what a failed write may have taken back',
        'this.#writing?.record.promisedMs ?? Infinity, this.#unsure?.promisedMs ?? Infinity',
        'this.#writing?.record.promisedMs ?? Infinity'
      ),
      mutation(
        'ledger',
        'forgets the worst of the writes that failed',
        'Math.min(record.promisedMs, this.#unsure?.promisedMs ?? Infinity)',
        'record.promisedMs'
      ),
      mutation(
        'ledger',
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
        'ledger',
        'is preferred before the disk knows it',
        'return this.#preferred && this.#durable?.preferred === true',
        'return this.#preferred'
      ),
      mutation(
        'ledger',
        'says it is not preferred while the disk still says so',
        'return this.#preferred || kept || this.#unsure?.preferred === true',
        'return this.#preferred'
      ),
      mutation(
        'extended',
        'takes the preference while the peer still holds it',
        'else if (!trailer.flags.preferred)',
        'else'
      ),
      mutation('extended', 'never gives the preference up', 'this.#ledger.setPreferred(false);', ';')
    ]
  },
  {
    rule: 'a grant is taken only if it is new, fresh and for a partner',
    mutations: [
      mutation(
        'extended',
        'takes a grant however old it is',
        'if (this.#nowMs >= sentAtMs + ',
        'if (false && this.#nowMs >= sentAtMs + '
      ),
      mutation(
        'extended',
        'takes a grant of a number that is not above all it knows',
        'if (epoch <= this.#ledger.floor || this.#hostStalled',
        'if (this.#hostStalled'
      ),
      mutation(
        'extended',
        'takes a grant though its flows hang',
        'epoch <= this.#ledger.floor || this.#hostStalled || ',
        'epoch <= this.#ledger.floor || '
      ),
      mutation(
        'extended',
        'takes a grant though an operator forced it to stand by',
        "epoch <= this.#ledger.floor || this.#hostStalled || this.#held === 'forced'",
        'epoch <= this.#ledger.floor || this.#hostStalled'
      ),
      mutation(
        'extended',
        'takes a grant from a side that does not count it as a partner',
        'if (sentAtMs === null || trailer.heardLinks === 0 || ',
        'if (sentAtMs === null || '
      ),
      mutation(
        'extended',
        'does not say that it will never take a grant',
        `this.#ledger.hear(epoch);
            this.#refusal = 'not-ready';`,
        'this.#ledger.hear(epoch);'
      ),
      mutation(
        'extended',
        'takes later what it refused',
        `this.#ledger.hear(epoch);
            this.#refusal = 'not-ready';`,
        "this.#refusal = 'not-ready';"
      )
    ]
  },
  {
    rule: 'whoever grants has stopped, and comes back only as if the other had died',
    mutations: [
      {
        does: 'serves on while its grant is out',
        file: 'extended',
        edits: [
          { find: 'this.#becomeStandby(handover.reason);', put: '' },
          { find: `if (this.#role !== 'standby')\n            this.#becomeStandby(reason);`, put: '' }
        ]
      },
      mutation(
        'extended',
        'does not count a granted number as used',
        `this.#ledger.nextForPeer();
        this.#ledger.hear(epoch);`,
        'this.#ledger.nextForPeer();'
      ),
      mutation(
        'extended',
        'grants a number of its own kind',
        `this.#ledger.nextForPeer();
        this.#ledger.hear(epoch);`,
        `this.#ledger.nextOwn();
        this.#ledger.hear(epoch);`
      ),
      mutation(
        'extended',
        'keeps its own grant beside a higher one of the peer',
        'if (epoch > this.#ledger.floor) {',
        'if (false) {'
      ),
      mutation(
        'extended',
        'takes any refusal for one of its grant',
        ' && trailer.epoch >= grant.epoch && trailer.ack >= grant.firstSeq',
        ''
      ),
      mutation(
        'extended',
        'does not hear the refusal of its grant',
        'if (grant !== null && trailer.flags.refusal',
        'if (false && trailer.flags.refusal'
      ),
      mutation(
        'extended',
        'keeps its grant though the peer restarted',
        `this.#grant = null;
        this.#departed = null;`,
        'this.#departed = null;'
      ),
      mutation(
        'extended',
        'keeps its grant though contact is lost',
        `this.#grant = null;
        if (this.#handover !== null)`,
        'if (this.#handover !== null)'
      ),
      mutation('extended', 'does not repeat its grant', 'const waiting = this.#grant !== null || ', 'const waiting = ')
    ]
  },
  {
    rule: 'handover: the peer is ready, I stop, I grant, it serves; or nothing changes',
    mutations: [
      mutation(
        'extended',
        'hands over to a peer that is not ready',
        'trailer.ack >= this.#handover.firstSeq && trailer.flags.ready',
        'trailer.ack >= this.#handover.firstSeq'
      ),
      mutation(
        'extended',
        'hands over on readiness of long ago',
        'trailer.ack >= this.#handover.firstSeq && trailer.flags.ready',
        'trailer.flags.ready'
      ),
      mutation('extended', 'gives the role to a wish that is not ready', 'if (!trailer.flags.ready) {', 'if (false) {'),
      mutation(
        'extended',
        'gives the role on a wish of long ago',
        'sentAtMs === null || this.#nowMs - sentAtMs > this.#confirmMs',
        'sentAtMs === null'
      ),
      mutation('extended', 'is deaf to wishes', 'else if (trailer.flags.wanted)', 'else if (false)'),
      mutation(
        'extended',
        'waits for ever for a handover',
        'if (this.#handover !== null && now >= this.#handover.deadlineMs)',
        'if (false)'
      ),
      mutation(
        'extended',
        'leaves a command without an answer when nobody takes the grant',
        'if (this.#grant !== null && now >= this.#grant.deadlineMs)',
        'if (false)'
      ),
      mutation(
        'extended',
        'leaves a command without an answer when its wish is not met',
        'if (this.#wanting !== null && now >= this.#wanting.deadlineMs)',
        'if (false)'
      )
    ]
  },
  {
    rule: 'two Actives that hear each other end as one: epoch, priority, node id',
    mutations: [
      {
        does: 'decides by node id alone',
        file: 'policy',
        edits: [
          { find: 'if (mine.epoch !== theirs.epoch)', put: 'if (false)' },
          { find: 'if (mine.priority !== theirs.priority)', put: 'if (false)' }
        ]
      },
      mutation('policy', 'leaves the epoch out', 'if (mine.epoch !== theirs.epoch)', 'if (false)'),
      mutation('policy', 'leaves the priority out', 'if (mine.priority !== theirs.priority)', 'if (false)'),
      mutation('extended', 'never yields', 'if (!(0, policy_1.winsConflict)(mine, trailer)) {', 'if (false) {'),
      mutation('extended', 'always yields', 'if (!(0, policy_1.winsConflict)(mine, trailer)) {', 'if (true) {'),
      mutation(
        'extended',
        'keeps the same number as the one that yielded',
        'else if (trailer.epoch === this.#epoch) {',
        'else if (false) {'
      ),
      mutation('extended', 'heals without a word', "this.#event('conflict',", 'void (')
    ]
  },
  {
    rule: 'two sides without a role agree on one',
    mutations: [
      mutation('extended', 'grants the role to a peer that is not ready', 'if (peer.ready && (0,', 'if ((0,'),
      mutation('extended', 'never grants', 'if (peer.ready && (0,', 'if (false && (0,'),
      mutation(
        'policy',
        'ranks an Initial like a Standby',
        "Number(a.role === 'standby') - Number(b.role === 'standby') ||",
        ''
      ),
      mutation('policy', 'ranks without regard to who served last', 'a.heldEpoch - b.heldEpoch ||', ''),
      mutation('policy', 'ranks without regard to fitness', 'Number(a.fit) - Number(b.fit) ||', ''),
      mutation('policy', 'ranks the lower priority first', 'a.priority - b.priority', 'b.priority - a.priority'),
      mutation('extended', 'keeps the identity of a copied disk', 'this.#ledger.renumber(this.#randomId());', '')
    ]
  },
  {
    rule: 'a side that leaves has stopped, says so, and keeps its word after a restart',
    mutations: [
      {
        does: 'says goodbye and serves on',
        file: 'extended',
        edits: [
          { find: 'this.#pausedAtMs === null && this.#leaving === null', put: 'this.#pausedAtMs === null' },
          { find: "if (this.#role !== 'initial') {", put: 'if (false) {' }
        ]
      },
      mutation(
        'extended',
        'does not hear a goodbye',
        'if (trailer.flags.goodbye)\n            return this.#onPeerLeft',
        'if (false)\n            return this.#onPeerLeft'
      ),
      mutation(
        'extended',
        'says goodbye before its mark is on disk',
        'const marked = this.#ledger.onlineOnDisk;',
        'const marked = true;'
      ),
      mutation('extended', 'says goodbye once only', 'leaving.sent >= GOODBYES_MAX', 'leaving.sent >= 1'),
      mutation(
        'extended',
        'does not answer a goodbye',
        'this.#answer(frame);\n        this.#conversation',
        'this.#conversation'
      )
    ]
  },
  {
    rule: 'operators, fail-back and fitness move the role only as documented',
    mutations: [
      mutation('extended', 'fails back at once', '+ this.#settings.failbackDelayMs', ''),
      mutation('extended', 'fails back against an operator’s move', 'if (this.#failbackHeld || ', 'if ('),
      mutation(
        'extended',
        'fails back though it is less fit',
        'this.#failbackHeld || this.#ownFitness < peer.fitness',
        'this.#failbackHeld'
      ),
      mutation(
        'extended',
        'fails back right after it lost the role',
        'const stableSinceMs = Math.max(this.#onlineSinceMs, this.#sinceMs)',
        'const stableSinceMs = this.#onlineSinceMs'
      ),
      mutation(
        'extended',
        'gives the role back, however often it did not last',
        'if (failback && this.#nowMs < this.#sinceMs + this.#failbackWaitMs)',
        'if (false)'
      ),
      mutation(
        'extended',
        'never forgives a fail-back that did not last',
        'Math.min(FAILBACK_DAMPING_MAX, this.#failbackDamping * 2) : 1',
        'Math.min(FAILBACK_DAMPING_MAX, this.#failbackDamping * 2) : this.#failbackDamping'
      ),
      mutation('extended', 'fails back to the lower priority too', 'peer.priority >= this.#settings.priority || ', ''),
      mutation(
        'extended',
        'hands over on every flicker of fitness',
        'if (this.#nowMs - this.#lessFitSinceMs < this.#peerTimeoutMs &&',
        'if (false &&'
      ),
      mutation(
        'extended',
        'never hands over to a fitter peer',
        "this.#startHandover(this.#hostStalled ? 'host-stalled' : 'less-fit', null);",
        ''
      ),
      mutation(
        'extended',
        'serves on though its flows hang',
        'return this.#hostStalled ? 0 : this.#fitness',
        'return this.#fitness'
      ),
      mutation(
        'extended',
        'says it is ready though its flows hang',
        "this.#held === 'no' && !this.#hostStalled",
        "this.#held === 'no'"
      ),
      mutation(
        'extended',
        'stays away for ever after it was told to stand by once',
        "if (this.#held === 'deferring')\n            this.#held = 'no';",
        ''
      ),
      mutation(
        'extended',
        'stays away for ever after it was forced to',
        "this.#held = 'no';\n        this.#heldEpoch = 0;",
        'this.#heldEpoch = 0;'
      )
    ]
  },
  {
    rule: 'each command gets its own answer, and only a fit side asks for the role',
    mutations: [
      mutation('extended', 'forgets an open wish for a second one', ' || this.#wanting?.commandId != null;', ';'),
      mutation(
        'extended',
        'leaves without an answer to what is open',
        `if (id != null)
                this.#replyError(id, 'stopped', '')`,
        `if (false)
                this.#replyError(id, 'stopped', '')`
      ),
      mutation(
        'extended',
        'asks for the role though it is not fit',
        `if (!this.#isFit)
                return this.#replyError(id, 'refused', 'not-ready')`,
        `if (false)
                return this.#replyError(id, 'refused', 'not-ready')`
      ),
      mutation(
        'extended',
        'takes a refused grant back on contact that is too old for a lease',
        'this.#isReady && this.#nowMs < sentAtMs + (0, lease_1.leaseMs)(this.#promisedMs)) {\n            this.#promote',
        'this.#isReady) {\n            this.#promote'
      ),
      mutation(
        'extended',
        'takes a refused grant back though its flows hang',
        'if (sentAtMs !== null && this.#isReady && this',
        'if (sentAtMs !== null && this'
      )
    ]
  },
  {
    rule: 'what was confirmed before a second blow confirms nothing after it',
    mutations: [
      mutation(
        'extended',
        'serves again for a peer that does not hear it',
        'this.#pausedAtMs !== null && trailer.heardLinks !== 0 && trailer.ack',
        'this.#pausedAtMs !== null && trailer.ack'
      ),
      mutation(
        'extended',
        'serves again on an answer to what it asked before its second stall',
        `this.#pausedAtMs = this.#nowMs;
        this.#pausedSeq = this`,
        `this.#pausedAtMs = this.#nowMs;
        this.#pausedSeq ||= this`
      ),
      mutation(
        'extended',
        'acts at once beside a peer that it has only just heard one way',
        'Math.max(oneWayAtMs, heardForMs, notBeforeMs)',
        'Math.max(oneWayAtMs, notBeforeMs)'
      )
    ]
  },
  {
    rule: 'what has to survive a restart is noted',
    mutations: [
      mutation(
        'extended',
        'does not note a number that it took anew while serving',
        `const epoch = this.#ledger.nextOwn();
        this.#ledger.use(epoch);
        this.#epoch`,
        `const epoch = this.#ledger.nextOwn();
        this.#epoch`
      ),
      mutation(
        'extended',
        'prefers neither side when both have the same priority',
        ': this.#ledger.nodeId > trailer.nodeId;',
        ': false;'
      ),
      mutation(
        'extended',
        'believes an epoch that leaves no room for the next',
        'if (trailer.epoch > ledger_1.EPOCH_MAX)',
        'if (false)'
      )
    ]
  },
  {
    rule: 'what was known of a contact ends with it',
    mutations: [
      mutation(
        'contact',
        'believes that a lost peer still hears it',
        `this.#answeredAtMs = -Infinity;
        this.#peerHears = 0;`,
        ''
      ),
      mutation(
        'contact',
        'hears a new session on links that only the old one used',
        `contact.heardAtMs = -Infinity;
            contact.markedAtMs = -Infinity;`,
        'contact.heardAtMs = -Infinity;'
      ),
      mutation('contact', 'calls a closed link up', '!this.#alive || !contact.open)', '!this.#alive)'),
      mutation(
        'contact',
        'does not credit its own stall to the wait for a first word',
        'this.#listeningSinceMs = later(this.#listeningSinceMs);',
        ';'
      ),
      mutation(
        'extended',
        'says no more goodbye after any word of the peer',
        '(leaving.sent > 0 && trailer.ack >= leaving.firstSeq)',
        'leaving.sent > 0'
      )
    ]
  }
]
