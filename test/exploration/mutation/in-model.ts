/** Mutations that the model has to find, each in a space of its own. */
import type { Configuration } from '../model/world'
import type { Mutation, Rule } from './mutation'

const FINE = { heartbeatMs: 10, peerTimeoutMs: 40, quantumMs: 2 } as const

/** Caught when the search of this space says so. */
function inModel(does: string, space: Omit<Configuration, 'name'>, says: RegExp, edits: Mutation['edits']): Mutation {
  return { does, edits, caughtBy: { space: { ...space, name: does }, says } }
}

export const IN_MODEL: Rule = {
  rule: 'whatever two machines and their network do in a small space',
  mutations: [
    inModel(
      'serves on when its lease has ended',
      { policy: 'preferred', start: 'formed', priorities: [100, 50], budget: { cut: 1, command: 1 } },
      /two serve/,
      [
        { file: 'extended/machine', find: 'leaseUntilMs(this)', put: 'Infinity' },
        { file: 'extended/active', find: "m.becomeStandby('lease-expired')", put: 'void 0' }
      ]
    ),
    inModel(
      'has a lease that is twice as long',
      { policy: 'preferred', start: 'formed', priorities: [100, 50], budget: { cut: 1, command: 1 } },
      /two serve/,
      [
        {
          file: 'extended/lease',
          find: 'return (promisedMs / (1 + CLOCK_DRIFT) - slackMs)',
          put: 'return 2 * (promisedMs / (1 + CLOCK_DRIFT) - slackMs)'
        }
      ]
    ),
    inModel(
      'takes the role by timeout and without a lease under every policy',
      { policy: 'preferred', start: 'formed', budget: { cut: 1 } },
      /two serve/,
      [
        {
          file: 'extended/policy',
          find: "return verdict === 'take' || (verdict === 'if-preferred' && preferred)",
          put: 'return verdict !== undefined'
        },
        {
          file: 'extended/policy',
          find: "return underLease === 'both' || (underLease === 'not-preferred' && !preferred)",
          put: 'return false'
        }
      ]
    ),
    inModel(
      'takes every dial for refused',
      { policy: 'exclusive', start: 'formed', budget: { cut: 1, fin: 1 }, ...FINE },
      /two serve/,
      [{ file: 'extended/proof', find: 'if (refused)', put: 'if (true)' }]
    ),
    inModel(
      'serves on when the proof that its role rests on is refuted',
      { policy: 'preferred', start: 'formed', budget: { lie: 1, cut: 1 }, ...FINE },
      /two serve/,
      [{ file: 'extended/active', find: "m.becomeStandby('proof-wrong')", put: 'void 0' }]
    ),
    inModel(
      'acts alone after a start that found the mark',
      { policy: 'preferred', start: 'formed', budget: { goodbye: 1, cut: 1 } },
      /two serve/,
      [
        {
          file: 'extended/takeover',
          find: 'return (uncounted && !lapsed) || (online && !contactMade) ?',
          put: 'return uncounted && !lapsed ?'
        }
      ]
    ),
    inModel(
      'lets a second process take the place of a peer that is heard, and which goes on',
      { policy: 'exclusive', start: 'formed', budget: { double: 1 } },
      /two serve/,
      [
        { file: 'extended/sessions', find: 'if (guarded && this.#peer !== null)', put: 'if (false)' },
        { file: 'extended/sessions', find: 'return news && (left || replaced)', put: 'return news && left' }
      ]
    ),
    inModel(
      'hands over without stopping',
      { policy: 'exclusive', start: 'formed', budget: { command: 1 } },
      /two serve|never comes to rest/,
      [
        {
          file: 'extended/active',
          find: `#lessFitSinceMs = Infinity

  constructor`,
          put: `#lessFitSinceMs = Infinity
  granted = null
  constructor`
        },
        {
          file: 'extended/active',
          find: `get grantedEpoch(): number | null {
    return null`,
          put: `get grantedEpoch(): number | null {
    return this.granted`
        },
        {
          file: 'extended/active',
          find: 'm.becomeStandby(reason).grantRole(m, reason, cause.commandId, takenUntilMs)',
          put: 'm.epochs.hear((this.granted = m.epochs.nextForPeer())); m.sender.ask(m, {}); m.replyOk(cause.commandId)'
        }
      ]
    ),
    inModel(
      'forgets its epochs in a crash',
      { policy: 'availability', start: 'formed', budget: { crash: 2 }, ...FINE },
      /takes epoch|does not settle/,
      [{ file: 'epoch-allocator', find: 'record === null ? 0 : Math.max(record.epoch, record.reserved)', put: '0' }]
    ),
    inModel(
      'never yields to a newer epoch',
      { policy: 'availability', start: 'formed', budget: { cut: 1 } },
      /does not settle/,
      [{ file: 'extended/policy', find: 'return mine.epoch > theirs.epoch', put: 'return true' }]
    ),
    inModel('answers an operator twice', { policy: 'exclusive', start: 'formed', budget: { command: 1 } }, /twice/, [
      {
        file: 'extended/machine',
        find: "this.#out.push({ kind: 'reply', id, ok: true, role: this.role.name })",
        put: "this.#out.push({ kind: 'reply', id, ok: true, role: this.role.name }, { kind: 'reply', id, ok: true, role: this.role.name })"
      }
    ]),
    inModel(
      'forgets the operator when contact is lost',
      { policy: 'exclusive', start: 'formed', budget: { command: 1, cut: 1 } },
      /does not settle/,
      [{ file: 'extended/active', find: 'm.replyError(commandId, errorOf', put: 'void (commandId, errorOf' }]
    ),
    inModel(
      'gives the role before its peer has the data',
      { policy: 'exclusive', start: 'formed', keepsData: true, budget: { command: 1, data: 1 } },
      /before its peer has the data/,
      [
        {
          file: 'extended/active',
          find: 'if (!sharesData(m)) return this',
          put: `if (true)
      return this`
        }
      ]
    ),
    inModel(
      'takes a barrier that failed for done',
      { policy: 'exclusive', start: 'formed', keepsData: true, budget: { command: 1, data: 1, unanswered: 1 } },
      /before its peer has the data/,
      [{ file: 'extended/active', find: 'if (!ok || m.nowMs', put: 'if (m.nowMs' }]
    ),
    inModel(
      'serves on in a barrier',
      { policy: 'exclusive', start: 'formed', keepsData: true, budget: { command: 1, data: 1 } },
      /while its barrier is open/,
      [
        {
          file: 'extended/active',
          find: 'this.#pausedAtMs === null && this.#barrier === null',
          put: 'this.#pausedAtMs === null'
        }
      ]
    ),
    inModel(
      'gives the role at rest whatever the data',
      { policy: 'exclusive', start: 'formed', keepsData: true, budget: { vanish: 2, data: 1 } },
      /staler data/,
      [{ file: 'extended/policy', find: 'comparePositions(a.position, b.position) ||', put: '' }]
    ),
    inModel(
      'throws at what the peer sends',
      { policy: 'availability', start: 'formed', budget: { cut: 1 } },
      /throws/,
      [
        {
          file: 'extended/active',
          find: "m.event('conflict',",
          put: "throw new Error('conflict'); m.event('conflict',"
        }
      ]
    ),
    inModel(
      'lends the third voice while it is promised to another',
      { policy: 'witness', start: 'formed', budget: { cut: 1 }, depthMax: 40 },
      /two serve/,
      [{ file: 'witness/lender', find: 'if (!mine && nowMs < this.#freeFromMs(ask.promiseMs)) return false', put: '' }]
    ),
    inModel(
      'forgets at the start of a witness what it had promised',
      { policy: 'witness', start: 'formed', budget: { cut: 1, lenderEnds: 1 }, depthMax: 40 },
      /two serve/,
      [{ file: 'witness/lender', find: 'Math.max(this.#startedAtMs, this.#renewedAtMs)', put: 'this.#renewedAtMs' }]
    )
  ]
}
