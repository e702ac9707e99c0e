/**
 * Named mutations of the machine, each of them breaking one rule: `find` is text of the compiled file, there exactly
 * once, and `put` takes its place. `run.ts` says what catches each; `list.test.ts` keeps the list true.
 */

export type MutatedFile = 'extended' | 'contact' | 'conversation' | 'ledger' | 'lease' | 'paths' | 'policy'

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
  /** In the words of docs/PROTOCOL.md. */
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
    rule: 'a lease ends before the brother may take over',
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
        'keeps the lease of the brother’s former session',
        'if (!this.#leaseIsOfThisSession)',
        'if (false)'
      ),
      mutation('extended', 'does not shorten the lease by a suspend', 'this.#leaseUntilMs -= ms;', ''),
      mutation(
        'extended',
        'counts a lease from before a suspend after it',
        `this.#leaseUntilMs -= ms;
        this.#conversation.forgetSendTimes();`,
        'this.#leaseUntilMs -= ms;'
      ),
      mutation(
        'extended',
        'moves the lease by its own stall',
        'this.#contact.wasDeaf(lateMs);',
        '(this.#contact.wasDeaf(lateMs), (this.#leaseUntilMs += lateMs));'
      ),
      mutation(
        'extended',
        'counts the lease from its own setting, not from the promise',
        'return this.#brother?.promisedMs ?? this.#settings.peerTimeoutMs',
        'return this.#settings.peerTimeoutMs * 1.5'
      ),
      mutation(
        'policy',
        'lets both sides of `preferred` serve without a lease',
        "return policy === 'safety' || (policy === 'preferred' && !preferred)",
        "return policy === 'safety'"
      ),
      mutation(
        'policy',
        'knows no lease under `safety`',
        "return policy === 'safety' || (policy === 'preferred' && !preferred)",
        "return policy === 'preferred' && !preferred"
      )
    ]
  },
  {
    rule: 'a survivor alone needs no lease only where nobody can come back alone',
    mutations: [
      mutation(
        'extended',
        'serves without a lease after a proof of a crash under `preferred`',
        "(known.evidence === 'crash' && this.#settings.policy === 'safety')",
        "known.evidence === 'crash'"
      ),
      mutation(
        'extended',
        'stays without a lease when the brother is heard again',
        "if (this.#settings.policy !== 'safety' || this.#nowMs < this.#leaseUntilMs)",
        'if (false)'
      ),
      mutation(
        'extended',
        'stops at the lease’s end after a goodbye',
        "const sole = known.evidence === 'goodbye' || ",
        'const sole = '
      ),
      mutation(
        'extended',
        'stops at the lease’s end though the brother left',
        `            return this.#take();
        this.#sole = true;`,
        `            return this.#take();`
      ),
      mutation(
        'extended',
        'lets the refusals of a link that did not carry renew the lease',
        'this.#contact.carried(link)) {',
        'this.#metInThisSession) {'
      ),
      mutation(
        'extended',
        'lets refused probes renew nothing',
        'if (!this.#contact.alive && this.#contact.carried(link)) {',
        'if (false) {'
      ),
      mutation(
        'contact',
        'credits a refused probe with the present',
        'return Math.min(sentAtMs, ',
        'return Math.max(sentAtMs, nowMs, '
      ),
      mutation(
        'extended',
        'serves without a lease beside a preferred brother that is back and may never be heard again',
        `        if (adopted)
            this.#endSole();`,
        ''
      ),
      mutation(
        'extended',
        'serves on a lease that ends with the contact’s first word',
        `this.#sole = false;
        this.#extendLease(this.#nowMs);`,
        'this.#sole = false;'
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
      mutation('policy', 'takes over on silence under `safety`', "silence: 'wait'", "silence: 'take'"),
      mutation(
        'extended',
        'takes over from an Active that is heard but does not hear it',
        "if (this.#brother?.role === 'active')\n                return null;",
        ''
      ),
      mutation(
        'extended',
        'takes over alone after it released the role',
        "if (alone && this.#ledger.released && this.#settings.policy !== 'availability')",
        'if (false)'
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
        'takes back what it granted while the brother is heard',
        "if (this.#role === 'active' || this.#grantIsOpen)",
        "if (this.#role === 'active')"
      ),
      mutation(
        'extended',
        'takes over at once when forced, though the brother may hold a lease',
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
        'calls the brother lost after half the time',
        '? this.#heardAtMs + peerTimeoutMs : Infinity',
        '? this.#heardAtMs + peerTimeoutMs / 2 : Infinity'
      ),
      mutation(
        'extended',
        'forgets after a restart what it promised before',
        'return sinceMs + Math.max(this.#returnMs, this.#promisedBeforeMs)',
        'return sinceMs + this.#returnMs'
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
        'return Math.max(this.#settings.peerTimeoutMs, this.#brother?.peerTimeoutMs ?? 0)',
        'return this.#settings.peerTimeoutMs'
      ),
      mutation(
        'extended',
        'waits for its own heartbeat only, not for the slower side’s',
        'return Math.max(this.#settings.heartbeatMs, this.#brother?.heartbeatMs ?? 0)',
        'return this.#settings.heartbeatMs'
      ),
      mutation(
        'extended',
        'promises more than its disk would keep',
        'Math.max(this.#ledger.promisedMs, this.#settings.peerTimeoutMs)',
        'Infinity'
      ),
      mutation(
        'extended',
        'takes over alone right after its own socket was closed',
        "this.#settings.policy === 'availability' ? -Infinity",
        'true ? -Infinity'
      ),
      mutation('extended', 'serves on when its last socket closes', "this.#pause('link-failed', 0);", ';'),
      mutation(
        'extended',
        'counts a lease from before its socket closed',
        `this.#conversation.forgetSendTimes();
            if (this.#departed`,
        'if (this.#departed'
      )
    ]
  },
  {
    rule: 'nobody is declared dead for one’s own deafness',
    mutations: [
      mutation('extended', 'does not credit its own stall', 'this.#contact.wasDeaf(lateMs);', ';'),
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
        'serves on alone after its last link was closed, though its brother may have taken that for a crash',
        "if (this.#departed?.evidence !== 'goodbye')",
        'if (false)'
      ),
      mutation(
        'extended',
        'takes a role whose lease is over already',
        "if (known.evidence === 'crash' && !this.#wouldServeOnCrash)",
        'if (false)'
      ),
      mutation(
        'extended',
        'asks a dead brother’s port seldom although it waits for the proof',
        "if (this.#role !== 'active' && this.#mayTakeOn('crash') && !this.#mayTakeOn('silence'))",
        'if (false)'
      ),
      mutation(
        'extended',
        'returns alone while its brother may serve on a refusal: at the start',
        'return sinceMs + Math.max(this.#returnMs, this.#promisedBeforeMs)',
        'return sinceMs + Math.max(this.#peerTimeoutMs, this.#promisedBeforeMs)'
      ),
      mutation(
        'extended',
        'returns alone while its brother may serve on a refusal: after its socket opened late',
        'const sinceMs = listeningSinceMs === Infinity ? this.#startedAtMs : listeningSinceMs',
        'const sinceMs = this.#startedAtMs'
      ),
      mutation(
        'contact',
        'returns alone while its brother may serve on a refusal: of a link that did not open again',
        'l.open || (this.#counted && l.heardAtMs === -Infinity)',
        'l.open || l.heardAtMs === -Infinity'
      ),
      mutation(
        'contact',
        'never returns alone while a link is closed that has not carried anything',
        'l.open || (this.#counted && l.heardAtMs === -Infinity)',
        'l.open'
      ),
      mutation(
        'extended',
        'serves on while its brother may serve on the refusals of the link that carried',
        'refuses ? this.#contact.soundSinceMs : this.#contact.listeningSinceMs',
        'this.#contact.listeningSinceMs'
      ),
      mutation(
        'extended',
        'waits for its closed link though its brother left',
        " && this.#departed?.evidence !== 'goodbye';\n        const openSinceMs",
        ';\n        const openSinceMs'
      ),
      mutation(
        'extended',
        'returns alone while its brother may serve on a refusal: after a closed link',
        'this.#contact.soundSinceMs + this.#returnMs',
        'this.#contact.soundSinceMs + peerTimeoutMs'
      ),
      mutation(
        'extended',
        'returns alone while its brother may serve on a refusal: after a pause',
        'this.#peerTimeoutMs : this.#returnMs)',
        'this.#peerTimeoutMs : this.#peerTimeoutMs)'
      ),
      mutation(
        'extended',
        'serves on a refusal no longer than on an acknowledgement',
        'this.#extendLease(sentAtMs, this.#refusedLeaseMs)',
        'this.#extendLease(sentAtMs)'
      ),
      mutation(
        'extended',
        'spends the kernel’s answers on a brother that is gone',
        'Math.max(this.#heartbeatMs, REFUSED_SEND_MS)',
        'this.#heartbeatMs'
      ),
      mutation(
        'extended',
        'speaks slowly to a brother that refuses nothing',
        'const refused = this.#contact.refusedAtMs > this.#lastSentAtMs',
        "const refused = this.#role === 'active'"
      ),
      mutation('conversation', 'never learns a new node id of its brother', 'peer.nodeId = trailer.nodeId;', ''),
      mutation('extended', 'does not credit a suspend', 'if (lateMs < ms)', 'if (false)'),
      mutation(
        'contact',
        'judges the brother though all its sockets are closed',
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
        'judges a brother it met before its sockets were closed',
        `if (this.#contact.listeningSinceMs === Infinity)
            return null;`,
        ''
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
      )
    ]
  },
  {
    rule: 'proof of a crash: three refusals on every link that carried, after silence',
    mutations: [
      mutation('contact', 'believes one refusal', 'exports.REFUSALS_FOR_PROOF = 3', 'exports.REFUSALS_FOR_PROOF = 1'),
      mutation(
        'contact',
        'counts refusals before a heartbeat is overdue',
        'Math.max(this.suspectAtMs(heartbeatMs), this.#heardAtMs',
        'Math.max(0 * this.suspectAtMs(heartbeatMs), this.#heardAtMs'
      ),
      mutation(
        'contact',
        'counts refusals of what was sent before the last word',
        'this.#heardAtMs + this.#answerMs(peerTimeoutMs))',
        'this.#heardAtMs)'
      ),
      mutation(
        'contact',
        'keeps counting refusals though the brother was heard',
        `contact.refusals = 0;
            if (contact.heardAtMs`,
        'if (contact.heardAtMs'
      ),
      mutation('contact', 'believes the refusal of one link of several', 'heard.every(', 'heard.some('),
      mutation(
        'contact',
        'believes the refusal of a link on which the brother never heard anything',
        'l.carried && l.refusals',
        'l.refusals'
      ),
      mutation(
        'contact',
        'asks only the links that it has open itself',
        'filter((l) => l.heardAtMs > -Infinity)',
        'filter((l) => l.open && l.heardAtMs > -Infinity)'
      ),
      mutation(
        'extended',
        'believes for ever what was proven once',
        "if (this.#departed?.evidence === 'crash' && now >= this.#crashProofEndsMs())",
        'if (false)'
      ),
      mutation(
        'extended',
        'believes no refusal',
        'const proven = this.#contact.refused(',
        'const proven = false && this.#contact.refused('
      ),
      mutation(
        'extended',
        'does not probe a suspect',
        `if (now >= this.#contact.nextProbeAtMs(this.#heartbeatMs))
            this.#probe();`,
        'if (now >= this.#contact.nextProbeAtMs(this.#heartbeatMs)) this.#contact.probed(now);'
      ),
      mutation(
        'extended',
        'does not ask again at once where it is refused',
        'this.#contact.proofBegun(link))',
        'false)'
      ),
      mutation(
        'contact',
        'waits for a late heartbeat for a quarter of its distance, however long',
        'Math.min(heartbeatMs / 4, LATE_MS_MAX)',
        'heartbeatMs / 4'
      ),
      mutation(
        'contact',
        'goes on with a proof that was half done when it was deaf',
        'contact.refusals = 0;\n        }\n    }\n    /** When the brother counts',
        '}\n    }\n    /** When the brother counts'
      ),
      mutation(
        'contact',
        'asks for more answers than a proof takes',
        'return refusals > 0 && refusals < exports.REFUSALS_FOR_PROOF;',
        'return refusals > 0;'
      ),
      mutation(
        'contact',
        'asks again at once where an answer proves nothing',
        'return refusals > 0 && refusals < exports.REFUSALS_FOR_PROOF;',
        'return refusals < exports.REFUSALS_FOR_PROOF;'
      )
    ]
  },
  {
    rule: 'only frames of the living conversation count',
    mutations: [
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
        'if (trailer.echo !== this.session || trailer.ack > this.#seq)',
        'if (trailer.ack > this.#seq)'
      ),
      mutation(
        'conversation',
        'hears frames that echo a former session of its own',
        'if (trailer.echo !== this.session)\n',
        'if (false)\n'
      ),
      mutation(
        'conversation',
        'believes an acknowledgement of what it never sent',
        `if (trailer.ack > this.#seq)
            return { kind: 'drop'`,
        `if (false)
            return { kind: 'drop'`
      ),
      mutation('conversation', 'talks to its own mirror', 'if (trailer.session === this.session)', 'if (false)'),
      mutation(
        'conversation',
        'lets a third node take the place of a living brother',
        'if (guarded && ',
        'if (false && '
      ),
      mutation(
        'extended',
        'guards the place of a brother that is silent',
        'this.#contact.alive && this.#nowMs < this.#contact.heardAtMs + this.#heartbeatMs * 2',
        'this.#contact.alive'
      ),
      mutation('extended', 'hears on from a brother that left', 'this.#conversation.retirePeer();', ''),
      mutation('extended', 'answers every opening, as many as come', 'if (ration.take(', 'if (true || ration.take(')
    ]
  },
  {
    rule: 'hearing works both ways or it is no contact',
    mutations: [
      mutation('extended', 'counts a brother that does not hear it', 'if (partner)', 'if (true)'),
      mutation(
        'contact',
        'is online as long as it hears',
        'return this.#alive && nowMs < this.oneWayAtMs(peerTimeoutMs)',
        'return this.#alive'
      ),
      mutation(
        'extended',
        'agrees on roles with a brother that does not hear it',
        'if (trailer.heardLinks === 0 || !this.#contact.isTwoWay(this.#nowMs, this.#peerTimeoutMs))',
        'if (false)'
      ),
      mutation(
        'extended',
        'counts as a partner before its parity is on disk',
        'const isPartner = this.#ledger.hasMet ||',
        'const isPartner = true ||'
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
        'serves on with an epoch below what the brother knows',
        `if (trailer.epoch > this.#epoch)
            this.#reassert('brother-behind');
        if (this.#handover`,
        'if (this.#handover'
      ),
      mutation(
        'extended',
        'serves on with an epoch below what the brother knew when it left',
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
        'return this.#preferred || this.#durable?.preferred === true',
        'return this.#preferred'
      ),
      mutation(
        'extended',
        'takes the preference while the brother still holds it',
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
        'if (sentAtMs === null || trailer.heardLinks === 0)',
        'if (sentAtMs === null)'
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
        `this.#ledger.nextForBrother();
        this.#ledger.hear(epoch);`,
        'this.#ledger.nextForBrother();'
      ),
      mutation(
        'extended',
        'grants a number of its own kind',
        `this.#ledger.nextForBrother();
        this.#ledger.hear(epoch);`,
        `this.#ledger.nextOwn();
        this.#ledger.hear(epoch);`
      ),
      mutation(
        'extended',
        'keeps its own grant beside a higher one of the brother',
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
        'keeps its grant though the brother restarted',
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
    rule: 'handover: the brother is ready, I stop, I grant, it serves; or nothing changes',
    mutations: [
      mutation(
        'extended',
        'hands over to a brother that is not ready',
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
      mutation('extended', 'grants the role to a brother that is not ready', 'if (brother.ready && (0,', 'if ((0,'),
      mutation('extended', 'never grants', 'if (brother.ready && (0,', 'if (false && (0,'),
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
        'if (trailer.flags.goodbye)\n            return this.#onBrotherLeft',
        'if (false)\n            return this.#onBrotherLeft'
      ),
      mutation('extended', 'forgets to store that it released the role', 'this.#ledger.setReleased(true);', ''),
      mutation(
        'extended',
        'says goodbye before the release is on disk',
        'const released = this.#ledger.isSettled();',
        'const released = true;'
      ),
      mutation(
        'extended',
        'is released for ever',
        'if (this.#ledger.released && this.#leaving === null)',
        'if (false)'
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
        'this.#failbackHeld || this.#ownFitness < brother.fitness',
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
      mutation(
        'extended',
        'fails back to the lower priority too',
        'brother.priority >= this.#settings.priority || ',
        ''
      ),
      mutation(
        'extended',
        'hands over on every flicker of fitness',
        'if (this.#nowMs - this.#lessFitSinceMs < this.#peerTimeoutMs &&',
        'if (false &&'
      ),
      mutation(
        'extended',
        'never hands over to a fitter brother',
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
        'serves again for a brother that does not hear it',
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
        'needs a lease again when its socket was closed, though its brother left',
        `if (this.#departed?.evidence !== 'goodbye')
                this.#sole = false`,
        'this.#sole = false'
      ),
      mutation(
        'extended',
        'acts at once beside a brother that it has only just heard one way',
        'Math.max(oneWayAtMs, this.#contact.sinceMs + peerTimeoutMs, notBeforeMs)',
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
        'stays released though an operator forced it to serve',
        `this.#ledger.setReleased(false);
        this.#epoch = epoch`,
        'this.#epoch = epoch'
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
        'if (trailer.epoch > frame_1.UINT48_MAX - 2 ** 16)',
        'if (false)'
      )
    ]
  },
  {
    rule: 'what was known of a contact ends with it',
    mutations: [
      mutation(
        'contact',
        'believes that a lost brother still hears it',
        `this.#answeredAtMs = -Infinity;
        this.#brotherHears = 0;`,
        ''
      ),
      mutation(
        'contact',
        'hears a new session on links that only the old one used',
        `contact.heardAtMs = -Infinity;
            contact.markedAtMs = -Infinity;`,
        'contact.heardAtMs = -Infinity;'
      ),
      mutation(
        'contact',
        'counts refusals from before its own socket was closed',
        `contact.open = open;
        contact.refusals = 0;`,
        'contact.open = open;'
      ),
      mutation('contact', 'calls a closed link up', '!this.#alive || !contact.open)', '!this.#alive)'),
      mutation(
        'contact',
        'does not credit its own stall to the wait for a first word',
        'this.#listeningSinceMs += lateMs;',
        ';'
      ),
      mutation(
        'extended',
        'says no more goodbye after any word of the brother',
        'if (leaving.sent > 0 && trailer.ack >= leaving.firstSeq)',
        'if (leaving.sent > 0)'
      )
    ]
  }
]
