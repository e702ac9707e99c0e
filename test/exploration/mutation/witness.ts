/** The rules of the third voice, and what breaks each: the machine, the voice, how two agree on a witness, and the lender. */
import { mutation, type Rule } from './mutation'

const MINE = 'extended/third-voice'
const VOICE = 'extended/voice'
const LENDER = 'witness/lender'

export const WITNESS_RULES: readonly Rule[] = [
  {
    rule: 'under witness nobody serves without a lease, of the peer or of the voice; no proof counts',
    mutations: [
      mutation(
        'extended/context',
        'serves on the peer alone',
        'Math.max(m.lease.untilMs, m.third.voice.untilMs)',
        'm.lease.untilMs'
      ),
      mutation(
        'extended/context',
        'serves on the voice alone',
        'Math.max(m.lease.untilMs, m.third.voice.untilMs)',
        'm.third.voice.untilMs'
      ),
      mutation(
        'extended/policy',
        'takes the role without the voice',
        "(verdict === 'with-voice' && voice)",
        "verdict === 'with-voice'"
      ),
      mutation(
        'extended/policy',
        'serves on after its lease under witness',
        `    underLease: 'both',
    neverBoth: true,
    prefersOne: false,
    goesOnInMemory: false,
    asksWitness: true`,
        `    underLease: 'nobody',
    neverBoth: true,
    prefersOne: false,
    goesOnInMemory: false,
    asksWitness: true`
      ),
      mutation(
        'extended/policy',
        'does not bound its right under witness',
        `    neverBoth: true,
    prefersOne: false,
    goesOnInMemory: false,
    asksWitness: true`,
        `    neverBoth: false,
    prefersOne: false,
    goesOnInMemory: false,
    asksWitness: true`
      ),
      mutation(
        'extended/policy',
        'believes a proof under witness',
        `    asksWitness: true,
    provesCrashes: false`,
        `    asksWitness: true,
    provesCrashes: true`
      ),
      mutation(
        'extended/machine',
        'forgets the promise of its former life',
        'this.own.promisedBeforeMs = record?.promisedMs ?? 0',
        'this.own.promisedBeforeMs = 0'
      ),
      mutation('extended/machine', 'keeps its voice over a sleep', '    this.third.voice.suspended(ms)\n', ''),
      mutation(
        'extended/active',
        'serves after a pause on an answer of before',
        'm.third.voice.answeredSentAtMs > (this.#pausedAtMs ?? Infinity)',
        'this.#pausedAtMs !== null'
      )
    ]
  },
  {
    rule: 'a goodbye lends the voice of who leaves until contact, and is on disk before it is said',
    mutations: [
      mutation('extended/leaving', 'says goodbye without a mark', "(mark === 'goodbye' || ", '('),
      mutation(
        'extended/partner',
        'clears its mark while it leaves',
        "else if (m.role.kind !== 'leaving') m.epochs.setOnline(false)",
        'else m.epochs.setOnline(false)'
      ),
      mutation(
        'extended/partner',
        'never has its voice back',
        "else if (m.role.kind !== 'leaving') m.epochs.setOnline(false)",
        ''
      ),
      mutation('extended/leaving', 'says nothing to one that leaves too', 'if (this.#sent === 0) this.#say(m)', '')
    ]
  },
  {
    rule: 'the voice is asked for when all else allows the role, and given back with it',
    mutations: [
      mutation(
        'extended/passive',
        'wants the voice at once',
        'mayTakeWithVoice(m, known.evidence) ? known.fromMs - voiceLeadMs(m) : Infinity',
        'mayTakeWithVoice(m, known.evidence) ? -Infinity : Infinity'
      ),
      mutation(
        'extended/passive',
        'wants the voice only when all else is complete',
        'known.fromMs - voiceLeadMs(m)',
        'known.fromMs'
      ),
      mutation(
        'extended/passive',
        'stands by for one that stands by',
        "    if (!force && word?.role === 'standby' && !word.ready) return m.replyError(id, 'refused', 'not-ready')\n",
        ''
      ),
      mutation(
        MINE,
        'keeps the voice as Standby',
        "if (m.role.kind !== 'active' && m.nowMs < m.role.voiceWantedFromMs(m)) this.voice.release()",
        ''
      ),
      mutation(
        MINE,
        'gives the voice back that it is about to use',
        "if (m.role.kind !== 'active' && m.nowMs < m.role.voiceWantedFromMs(m))",
        "if (m.role.kind !== 'active')"
      ),
      mutation(MINE, 'does not ask as Active', "(m.role.kind === 'active' || ", '('),
      mutation(MINE, 'wants a voice that does not count', 'wants: this.#counts(m) && (', 'wants: ('),
      mutation(MINE, 'asks again when its lease is over', 'Math.max(ASK_MS_MIN, leftMs / ASKS_LEFT)', 'lasts'),
      mutation(
        MINE,
        'renews its loan when it is over',
        'voice.renewedSentAtMs + lasts - leftMs',
        'voice.renewedSentAtMs + lasts'
      ),
      mutation(
        MINE,
        'takes its own stall for a silence of the witness',
        'Math.max(silentMs, this.#unansweredSinceMs + peerTimeoutMs / 2)',
        'silentMs'
      ),
      mutation(
        MINE,
        'asks for a voice that another one has as if it were free',
        'if (freeFromMs > askedAtMs) {',
        'if (false) {'
      ),
      mutation(
        MINE,
        'does not say that it releases when it leaves',
        'this.voice.releasing && this.#farewells',
        'false && this.#farewells'
      ),
      mutation(
        'extended/takeover',
        'takes a role beside another session that has the voice',
        'if (known || otherHeardAtMs',
        'if (true || otherHeardAtMs'
      ),
      mutation(
        'extended/takeover',
        'waits for the peer’s own session that has the voice',
        'otherHolder === 0n || otherHolder === sessions.peer?.session ||',
        'otherHolder === 0n ||'
      )
    ]
  },
  {
    rule: 'a witness counts once both state it, on disk, and nothing else',
    mutations: [
      mutation(
        MINE,
        'counts any witness',
        'const counted = m.epochs.countedWitness === answer.witnessId',
        'const counted = true'
      ),
      mutation(MINE, 'states it too seldom for the other side', 'standby: 1.5', 'standby: 1'),
      mutation(MINE, 'agrees alone', 'if (this.voice.stating !== peer.sessions.peer?.session) return\n', ''),
      mutation(
        MINE,
        'goes by what the peer stated before it went over itself',
        'if (this.voice.answeredSentAtMs <= sinceMs + peer.peerTimeoutMs * (1 + 2 * CLOCK_DRIFT)) return\n',
        ''
      ),
      mutation(
        MINE,
        'keeps the voice of a witness that it leaves',
        '      this.voice.giveUp()\n      this.#went',
        '      this.#went'
      ),
      mutation(
        MINE,
        'goes over at the first word of another one',
        'if (epochs.witnessId !== null && m.nowMs < this.#heardSinceMs + peer.peerTimeoutMs) return\n',
        ''
      ),
      mutation(
        MINE,
        'states what is not on disk',
        'm.epochs.statedWitness === this.#heardId',
        'm.epochs.witnessId === this.#heardId'
      ),
      mutation(
        'extended/machine',
        'comes back from another policy with the witness of before',
        'if (!rulesOf(this).asksWitness) this.epochs.setWitness(null, false)',
        ''
      ),
      mutation(
        LENDER,
        'tells of statements of long ago',
        'otherStates: side.states && nowMs < side.saidAtMs + ask.promiseMs',
        'otherStates: side.states'
      ),
      mutation(LENDER, 'names the holder as any other session', 'if (this.#isHeldBy(nowMs, session)) {', 'if (false) {')
    ]
  },
  {
    rule: 'the right to serve on the voice counts from sending, ends with its number, and is one session’s',
    mutations: [
      mutation(
        VOICE,
        'has the voice from the receipt',
        'const untilMs = sentAtMs + leaseMs(answer.promisedMs)',
        'const untilMs = nowMs + leaseMs(answer.promisedMs)'
      ),
      mutation(VOICE, 'uses the whole promise', 'leaseMs(answer.promisedMs)', 'answer.promisedMs'),
      mutation(VOICE, 'uses a number that is over', 'answer.loan <= this.#spent || ', ''),
      mutation(VOICE, 'uses an older number', ' || answer.loan < (this.#loan?.number ?? 0)', ''),
      mutation(
        VOICE,
        'holds a loan that has lapsed',
        'if (this.#loan !== null && nowMs >= this.#loan.untilMs) this.giveUp()',
        ''
      ),
      mutation(VOICE, 'hears what is for another session', "if (answer.echo !== this.session) return 'session'\n", ''),
      mutation(VOICE, 'hears an answer twice', "if (answer.ack <= this.#answeredSeq) return 'replayed'\n", ''),
      mutation(VOICE, 'does not know itself a copy', "if (answer.ack > this.#seq) return 'beyond'\n", ''),
      mutation(
        VOICE,
        'keeps what it releases',
        '    this.giveUp()\n    this.#releaseSeq = Infinity',
        '    this.#releaseSeq = Infinity'
      )
    ]
  },
  {
    rule: 'a witness lends to one session at a time, and waits its promise before another one',
    mutations: [
      mutation(
        LENDER,
        'waits for nobody',
        'return Math.max(this.#startedAtMs, this.#renewedAtMs) + promisedMs',
        'return -Infinity'
      ),
      mutation(
        LENDER,
        'waits not after its start',
        'return Math.max(this.#startedAtMs, this.#renewedAtMs) + promisedMs',
        'return this.#renewedAtMs + promisedMs'
      ),
      mutation(
        LENDER,
        'waits not after a renewal',
        'return Math.max(this.#startedAtMs, this.#renewedAtMs) + promisedMs',
        'return this.#startedAtMs + promisedMs'
      ),
      mutation(
        LENDER,
        'forgets a longer promise on disk',
        'Math.max(this.#record?.promisedMs ?? 0, promiseMs)',
        'promiseMs'
      ),
      mutation(
        LENDER,
        'forgets that the disk may know less than is asked for',
        'Math.max(this.#record?.promisedMs ?? 0, promiseMs)',
        '(this.#record?.promisedMs ?? 0)'
      ),
      mutation(
        LENDER,
        'lends anew to the stored holder right after its start',
        'record?.holderSession === ask.session && this.#renewedAtMs !== -Infinity',
        'record?.holderSession === ask.session'
      ),
      mutation(
        LENDER,
        'lends to the holder’s node at once',
        'record?.holderSession === ask.session && this.#renewedAtMs',
        'record?.holderNode === ask.nodeId && this.#renewedAtMs'
      ),
      mutation(
        LENDER,
        'believes a holder at any time',
        'return this.#renewedAtMs === -Infinity && this.#adopt(nowMs, ask)',
        'return this.#adopt(nowMs, ask)'
      ),
      mutation(
        LENDER,
        'is released by an old number',
        `if (record.holderSession !== ask.session || record.loan !== ask.loan) return
    this.#released`,
        `if (record.holderSession !== ask.session) return
    this.#released`
      ),
      mutation(
        LENDER,
        'is released by anybody',
        `if (record.holderSession !== ask.session || record.loan !== ask.loan) return
    this.#released`,
        'this.#released'
      ),
      mutation(
        LENDER,
        'renews for another session',
        'if (this.#released || record.holderSession !== ask.session || record.loan !== ask.loan) return false',
        'if (this.#released) return false'
      ),
      mutation(
        LENDER,
        'renews an old number',
        'if (this.#released || record.holderSession !== ask.session || record.loan !== ask.loan) return false',
        'if (this.#released || record.holderSession !== ask.session) return false'
      ),
      mutation(
        LENDER,
        'renews what was released',
        'if (this.#released || record.holderSession !== ask.session',
        'if (record.holderSession !== ask.session'
      ),
      mutation(LENDER, 'renews without a promise', '    this.#renewedAtMs = nowMs\n    return true', '    return true'),
      mutation(LENDER, 'renews while the disk takes another loan', 'if (this.#pending !== null) return false\n', ''),
      mutation(
        LENDER,
        'renews for one that hears nothing',
        'if (nowMs - side.ackedAtMs >= promisedMs) return false\n',
        ''
      ),
      mutation(
        LENDER,
        'lends to one that hears nothing',
        ' || nowMs - side.ackedAtMs >= ask.promiseMs) return false',
        ') return false'
      ),
      mutation(
        LENDER,
        'takes a session that it does not know for one that has just heard it',
        ' || this.#isFresh(nowMs, ask))',
        ' || true)'
      ),
      mutation(
        LENDER,
        'takes what was said long ago for fresh',
        'ack > 0 && this.#saidAtMs(ack) > nowMs - promiseMs',
        'ack > 0'
      ),
      mutation(
        LENDER,
        'answers all that it does not know with one number',
        '1 + NUMBERS_PER_MS * Math.floor(nowMs - this.#startedAtMs)',
        '1'
      ),
      mutation(LENDER, 'hears an ask twice', 'if (ask.seq <= side.seq) return\n', ''),
      mutation(
        LENDER,
        'hears who does not know this start',
        'const isMet = ask.echo === this.#session &&',
        'const isMet ='
      ),
      mutation(
        LENDER,
        'gives a number again',
        'Math.max(record?.loan ?? 0, ask.loan) + LOAN_STEP',
        'Math.max(record?.loan ?? 0, ask.loan)'
      ),
      mutation(
        LENDER,
        'lends to both of two copies',
        '!this.#fenced && !side.copied && this.#lends',
        '!this.#fenced && this.#lends'
      ),
      mutation(
        LENDER,
        'takes back what one of two copies releases',
        'if (ask.releases && !side.copied)',
        'if (ask.releases)'
      ),
      mutation(
        LENDER,
        'lends beside another start',
        '!this.#fenced && !side.copied && this.#lends',
        '!side.copied && this.#lends'
      ),
      mutation(
        LENDER,
        'lends what the disk did not take',
        'const lent = ok && !this.#fenced',
        'const lent = !this.#fenced'
      ),
      mutation(
        LENDER,
        'takes a side that was at another witness for a copy',
        '(side ?? this.#sides.get(ask.session))?.answers ?? this.#numberAt(nowMs)',
        'side?.answers ?? 1'
      ),
      mutation(LENDER, 'forgets the holder for others', 'session === this.#record?.holderSession || ', '')
    ]
  },
  {
    rule: 'an epoch that is taken with the voice is above all that anybody served on before',
    mutations: [
      mutation(
        LENDER,
        'gives the next number and not one well above',
        'Math.max(record?.loan ?? 0, ask.loan) + LOAN_STEP',
        'Math.max(record?.loan ?? 0, ask.loan) + 1'
      ),
      mutation(
        LENDER,
        'counts on from its own numbers only',
        'Math.max(record?.loan ?? 0, ask.loan) + LOAN_STEP',
        '(record?.loan ?? 0) + LOAN_STEP'
      ),
      mutation(
        LENDER,
        'counts on from what the borrower knows only',
        'Math.max(record?.loan ?? 0, ask.loan) + LOAN_STEP',
        'ask.loan + LOAN_STEP'
      ),
      mutation(LENDER, 'lends beyond the end of the numbers', '    if (loan >= STORED_MAX) return false\n', ''),
      mutation(
        LENDER,
        'tells its latest number only to who has the loan',
        '      loan: record?.loan ?? 0,\n      promisedMs: lent',
        '      loan: lent ? (record?.loan ?? 0) : 0,\n      promisedMs: lent'
      ),
      mutation(
        VOICE,
        'does not say which epochs the side knows',
        'Math.max(this.#spent, wantsNow ? epoch : 0)',
        'this.#spent'
      ),
      mutation(
        VOICE,
        'says its epoch in the place of the loan that it gives back',
        'Math.max(this.#spent, wantsNow ? epoch : 0)',
        'Math.max(this.#spent, epoch)'
      ),
      mutation(
        'epoch-allocator',
        'takes an epoch below its loan',
        'nextWithParity(Math.max(this.#floor, least - 1), this.#parity)',
        'nextWithParity(this.#floor, this.#parity)'
      ),
      mutation(
        'epoch-allocator',
        'has nothing on disk for the next loan',
        '    if (this.#reserved < this.#nextLoaned()) this.reserve(top + LOANS_AHEAD * LOAN_STEP)\n',
        ''
      ),
      mutation(
        'epoch-allocator',
        'has no more on disk than one loan needs',
        'this.reserve(top + LOANS_AHEAD * LOAN_STEP)',
        'this.reserve(this.#nextLoaned())'
      ),
      mutation(
        'epoch-allocator',
        'goes by a number at the end of the range',
        '    if (top + LOANS_AHEAD * LOAN_STEP >= STORED_MAX) return\n',
        ''
      ),
      mutation(
        'extended/passive',
        'wants the voice with less on disk than the next loan needs',
        'm.own.hostStalled || !m.epochs.isReadyForLoan()',
        'm.own.hostStalled || !hasOwnEpoch(m)'
      ),
      mutation(
        'extended/partner',
        'backs the peer on a number that only its memory has',
        'return !asksWitness || m.epochs.isFloorOnDisk',
        'return true'
      ),
      mutation(
        'extended/active',
        'hands the role to one that it cannot back',
        "    if (!canBack(m) && !isDiskAnswering(m)) return this.#refuse(m, cause, 'store-failed')\n",
        ''
      ),
      mutation(
        'extended/takeover',
        'waits for ever for an Active that it heard in its start',
        'const lapsed = asksWitness &&',
        'const lapsed = false &&'
      ),
      mutation(
        'extended/sender',
        'speaks under another policy while its disk still has the witness',
        '    if (rulesOf(m).neverBoth && epochs.hasFormerWitness) return\n',
        ''
      ),
      mutation(
        MINE,
        'goes by the numbers of a witness that does not count',
        'if (counted) m.epochs.hearLoan',
        'm.epochs.hearLoan'
      ),
      mutation(
        'wire/witness-frame',
        'hears an ask for a number that nobody could use',
        ' && ask.loan < STORED_MAX',
        ''
      ),
      mutation(
        'wire/witness-frame',
        'hears of a loan with a number that nobody could use',
        ' && answer.loan < STORED_MAX',
        ''
      )
    ]
  }
]
