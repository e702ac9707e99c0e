/** Machines with one rule of safety taken out of their compiled text, and the space in which each is caught. */
import type { Mutation } from './transparent'
import type { Configuration } from './world'

interface Sabotage {
  readonly does: string
  readonly mutations: readonly Mutation[]
  readonly configuration: Omit<Configuration, 'name'>
  /** What the model has to say about it. */
  readonly caughtBy: RegExp
}

const FINE = { heartbeatMs: 10, peerTimeoutMs: 40, quantumMs: 2 } as const

export const SABOTAGES: readonly Sabotage[] = [
  {
    does: 'serves on when its lease has ended',
    mutations: [
      {
        file: 'extended/machine.js',
        find: '(0, context_1.leaseUntilMs)(this)',
        replace: 'Infinity'
      },
      { file: 'extended/active.js', find: "m.becomeStandby('lease-expired')", replace: 'void 0' }
    ],
    configuration: { policy: 'preferred', start: 'formed', priorities: [100, 50], budget: { cut: 1, command: 1 } },
    caughtBy: /two serve/
  },
  {
    does: 'has a lease that is twice as long',
    mutations: [
      {
        file: 'extended/lease.js',
        find: 'return (promisedMs / (1 + exports.CLOCK_DRIFT) - slackMs)',
        replace: 'return 2 * (promisedMs / (1 + exports.CLOCK_DRIFT) - slackMs)'
      }
    ],
    configuration: { policy: 'preferred', start: 'formed', priorities: [100, 50], budget: { cut: 1, command: 1 } },
    caughtBy: /two serve/
  },
  {
    does: 'takes the role by timeout and without a lease under every policy',
    mutations: [
      {
        file: 'extended/policy.js',
        find: "return verdict === 'take' || (verdict === 'if-preferred' && preferred)",
        replace: 'return verdict !== undefined'
      },
      {
        file: 'extended/policy.js',
        find: "return underLease === 'both' || (underLease === 'not-preferred' && !preferred)",
        replace: 'return false'
      }
    ],
    configuration: { policy: 'preferred', start: 'formed', budget: { cut: 1 } },
    caughtBy: /two serve/
  },
  {
    does: 'takes every dial for refused',
    mutations: [{ file: 'extended/proof.js', find: 'if (refused)', replace: 'if (true)' }],
    configuration: { policy: 'exclusive', start: 'formed', budget: { cut: 1, fin: 1 }, ...FINE },
    caughtBy: /two serve/
  },
  {
    does: 'serves on when the proof that its role rests on is refuted',
    mutations: [{ file: 'extended/active.js', find: "m.becomeStandby('proof-wrong');", replace: 'void 0;' }],
    configuration: { policy: 'preferred', start: 'formed', budget: { lie: 1, cut: 1 }, ...FINE },
    caughtBy: /two serve/
  },
  {
    does: 'acts alone after a start that found the mark',
    mutations: [
      {
        file: 'extended/takeover.js',
        find: 'return m.peer.uncounted || (online && !m.peer.contactMade) ?',
        replace: 'return m.peer.uncounted ?'
      }
    ],
    configuration: { policy: 'preferred', start: 'formed', budget: { goodbye: 1, cut: 1 } },
    caughtBy: /two serve/
  },
  {
    does: 'lets a second process take the place of a peer that is heard',
    mutations: [{ file: 'extended/sessions.js', find: 'if (guarded && this._p_peer !== null)', replace: 'if (false)' }],
    configuration: { policy: 'exclusive', start: 'formed', budget: { double: 1 } },
    caughtBy: /two serve/
  },
  {
    does: 'hands over without stopping',
    mutations: [
      {
        file: 'extended/active.js',
        find: '_p_lessFitSinceMs = Infinity;\n    constructor',
        replace: '_p_lessFitSinceMs = Infinity;\n    granted = null;\n    constructor'
      },
      {
        file: 'extended/active.js',
        find: 'get grantedEpoch() {\n        return null;',
        replace: 'get grantedEpoch() {\n        return this.granted;'
      },
      {
        file: 'extended/active.js',
        find: 'm.becomeStandby(reason).grantRole(m, reason, cause.commandId, takenUntilMs);',
        replace:
          'm.epochs.hear((this.granted = m.epochs.nextForPeer())); m.sender.ask(m, {}); m.replyOk(cause.commandId);'
      }
    ],
    configuration: { policy: 'exclusive', start: 'formed', budget: { command: 1 } },
    caughtBy: /two serve|never comes to rest/
  },
  {
    does: 'forgets its epochs in a crash',
    mutations: [
      {
        file: 'epoch-allocator.js',
        find: 'record === null ? 0 : Math.max(record.epoch, record.reserved)',
        replace: '0'
      }
    ],
    configuration: { policy: 'availability', start: 'formed', budget: { crash: 2 }, ...FINE },
    caughtBy: /takes epoch|does not settle/
  },
  {
    does: 'never yields to a newer epoch',
    mutations: [{ file: 'extended/policy.js', find: 'return mine.epoch > theirs.epoch', replace: 'return true' }],
    configuration: { policy: 'availability', start: 'formed', budget: { cut: 1 } },
    caughtBy: /does not settle/
  },
  {
    does: 'answers an operator twice',
    mutations: [
      {
        file: 'extended/machine.js',
        find: "this._p_out.push({ kind: 'reply', id, ok: true, role: this.role.name });",
        replace:
          "this._p_out.push({ kind: 'reply', id, ok: true, role: this.role.name }, { kind: 'reply', id, ok: true, role: this.role.name });"
      }
    ],
    configuration: { policy: 'exclusive', start: 'formed', budget: { command: 1 } },
    caughtBy: /twice/
  },
  {
    does: 'forgets the operator when contact is lost',
    mutations: [
      { file: 'extended/active.js', find: 'm.replyError(commandId, errorOf', replace: 'void (commandId, errorOf' }
    ],
    configuration: { policy: 'exclusive', start: 'formed', budget: { command: 1, cut: 1 } },
    caughtBy: /does not settle/
  },
  {
    does: 'gives the role before its peer has the data',
    mutations: [
      {
        file: 'extended/active.js',
        find: 'if (!(0, data_1.sharesData)(m))\n            return this',
        replace: 'if (true)\n            return this'
      }
    ],
    configuration: { policy: 'exclusive', start: 'formed', keepsData: true, budget: { command: 1, data: 1 } },
    caughtBy: /before its peer has the data/
  },
  {
    does: 'takes a barrier that failed for done',
    mutations: [{ file: 'extended/active.js', find: 'if (!ok || m.nowMs', replace: 'if (m.nowMs' }],
    configuration: {
      policy: 'exclusive',
      start: 'formed',
      keepsData: true,
      budget: { command: 1, data: 1, unanswered: 1 }
    },
    caughtBy: /before its peer has the data/
  },
  {
    does: 'serves on in a barrier',
    mutations: [
      {
        file: 'extended/active.js',
        find: 'this._p_pausedAtMs === null && this._p_barrier === null',
        replace: 'this._p_pausedAtMs === null'
      }
    ],
    configuration: { policy: 'exclusive', start: 'formed', keepsData: true, budget: { command: 1, data: 1 } },
    caughtBy: /while its barrier is open/
  },
  {
    does: 'gives the role at rest whatever the data',
    mutations: [
      { file: 'extended/policy.js', find: '(0, position_1.comparePositions)(a.position, b.position) ||', replace: '' }
    ],
    configuration: { policy: 'exclusive', start: 'formed', keepsData: true, budget: { vanish: 2, data: 1 } },
    caughtBy: /staler data/
  },
  {
    does: 'throws at what the peer sends',
    mutations: [
      {
        file: 'extended/active.js',
        find: "m.event('conflict',",
        replace: "throw new Error('conflict'); m.event('conflict',"
      }
    ],
    configuration: { policy: 'availability', start: 'formed', budget: { cut: 1 } },
    caughtBy: /throws/
  }
]
