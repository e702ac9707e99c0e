/**
 * Machines that break one promise each: the real one, wrapped. A checker that stays green on its saboteur checks nothing.
 */
import type { Input, MachineView, Output, PairMachine } from '../../../src/protocol/machine'
import type { ProfileName } from './plan'
import type { MachineFactory } from './world'

export interface Saboteur {
  readonly does: string
  /** Any of these may be the first to notice. */
  readonly caughtBy: readonly string[]
  /** Checkers that would be quicker: the run is deaf to them. */
  readonly unheard?: readonly string[]
  readonly profile: ProfileName
  readonly wrap: (factory: MachineFactory) => MachineFactory
}

interface Override {
  step?(real: PairMachine, nowMs: number, input: Input): readonly Output[]
  view?(view: MachineView): MachineView
  deadlineMs?(real: PairMachine): number
}

/** `make` is called once per machine, so that each has a memory of its own. */
function wrapping(make: () => Override): Saboteur['wrap'] {
  return (factory) => (settings, context) => {
    const real = factory(settings, context)
    const override = make()
    return {
      step: (nowMs, input) => override.step?.(real, nowMs, input) ?? real.step(nowMs, input),
      view: () => override.view?.(real.view()) ?? real.view(),
      deadlineMs: () => override.deadlineMs?.(real) ?? real.deadlineMs()
    }
  }
}

export const SABOTEURS: readonly Saboteur[] = [
  {
    does: 'serves whatever its role, without end',
    caughtBy: ['overlap'],
    profile: 'calm',
    wrap: wrapping(() => ({
      view: (view) => ({
        ...view,
        role: 'active',
        serving: true,
        epoch: view.epoch + 1,
        leaseUntilMs: Infinity,
        freshForMs: Infinity
      })
    }))
  },
  {
    does: 'acts on when its lease has ended',
    caughtBy: ['overlap'],
    profile: 'cuts',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) =>
        real
          .step(nowMs, input)
          .filter((output) => output.kind !== 'event' || output.event !== 'role' || output.reason !== 'lease-expired'),
      view: (view) =>
        view.role === 'standby' && view.reason === 'lease-expired'
          ? { ...view, role: 'active', serving: true, leaseUntilMs: Infinity }
          : view
    }))
  },
  {
    does: 'takes every policy for availability',
    caughtBy: ['overlap'],
    profile: 'cuts',
    wrap: (factory) => (settings, context) => factory({ ...settings, policy: 'availability' }, context)
  },
  {
    does: 'lets its gate trust an engine that does not run',
    caughtBy: ['overlap'],
    profile: 'stalls',
    wrap: wrapping(() => ({ view: (view) => ({ ...view, freshForMs: Infinity }) }))
  },
  {
    does: 'does not notice a suspend',
    caughtBy: ['overlap'],
    profile: 'stalls',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) => real.step(nowMs, input.kind === 'suspended' ? { kind: 'tick' } : input)
    }))
  },
  {
    does: 'is deaf to another Active while it is one',
    caughtBy: ['heal'],
    profile: 'cuts',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) =>
        input.kind === 'frame' && input.frame.state === 'active' && real.view().role === 'active'
          ? []
          : real.step(nowMs, input)
    }))
  },
  {
    does: 'never serves',
    caughtBy: ['liveness'],
    profile: 'calm',
    wrap: wrapping(() => ({ view: (view) => ({ ...view, serving: false }) }))
  },
  {
    does: 'ignores that its tether has ended',
    caughtBy: ['liveness'],
    profile: 'calm',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) => (input.kind === 'tetherEnded' ? [] : real.step(nowMs, input))
    }))
  },
  {
    does: 'leaves without a goodbye',
    caughtBy: ['liveness'],
    profile: 'calm',
    wrap: wrapping(() => ({ step: (real, nowMs, input) => (input.kind === 'goodbye' ? [] : real.step(nowMs, input)) }))
  },
  {
    does: 'forgets its epochs at every start',
    caughtBy: ['epochs'],
    profile: 'restarts',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) =>
        real.step(
          nowMs,
          input.kind === 'start' && input.record !== null
            ? { kind: 'start', record: { ...input.record, epoch: 0, reserved: 0 } }
            : input
        )
    }))
  },
  {
    does: 'takes a role before the store has answered',
    // What it says of its marks is found first, and at once.
    unheard: ['marks'],
    caughtBy: ['epochs'],
    profile: 'stores',
    wrap: wrapping(() => ({
      step(real, nowMs, input) {
        const outputs = real.step(nowMs, input.kind === 'stored' ? { ...input, ok: true } : input)
        const store = outputs.find((output) => output.kind === 'store')
        return store === undefined
          ? outputs
          : [...outputs, ...real.step(nowMs, { kind: 'stored', ticket: store.ticket, ok: true })]
      }
    }))
  },
  {
    does: 'uses every number twice',
    caughtBy: ['epochs'],
    profile: 'calm',
    wrap: wrapping(() => ({ view: (view) => ({ ...view, epoch: Math.ceil(view.epoch / 2) }) }))
  },
  {
    does: 'takes recordings for news',
    caughtBy: ['causes'],
    profile: 'replay',
    wrap: wrapping(() => {
      let duped = false
      return {
        step(real, nowMs, input) {
          const outputs = real.step(nowMs, input)
          if (outputs.some((output) => output.kind === 'drop' && output.cause === 'replayed')) duped = true
          return outputs
        },
        view: (view) => (duped ? { ...view, online: true, leaseUntilMs: view.leaseUntilMs + 1 } : view)
      }
    })
  },
  {
    does: 'calls its peer lost after half the time',
    caughtBy: ['causes'],
    profile: 'lossy',
    wrap: (factory) => (settings, context) =>
      factory({ ...settings, peerTimeoutMs: settings.peerTimeoutMs / 2 }, context)
  },
  {
    does: 'takes every end of a tether for a FIN and a refusal',
    caughtBy: ['proofs', 'overlap'],
    profile: 'tether',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) =>
        input.kind === 'tetherEnded'
          ? [
              ...real.step(nowMs, { ...input, fin: true }),
              ...real.step(nowMs, { kind: 'redialled', id: input.id, refused: true })
            ]
          : real.step(nowMs, input)
    }))
  },
  {
    does: 'takes every dial for refused',
    caughtBy: ['proofs', 'overlap'],
    profile: 'tether',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) => real.step(nowMs, input.kind === 'redialled' ? { ...input, refused: true } : input)
    }))
  },
  {
    does: 'takes every tether for provable',
    caughtBy: ['proofs', 'liveness'],
    profile: 'addresses',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) => real.step(nowMs, input.kind === 'tether' ? { ...input, provable: true } : input)
    }))
  },
  {
    does: 'forgets at every start that its peer was online',
    caughtBy: ['marks', 'overlap'],
    profile: 'restarts',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) =>
        real.step(
          nowMs,
          input.kind === 'start' && input.record !== null
            ? { kind: 'start', record: { ...input.record, online: false } }
            : input
        )
    }))
  },
  {
    does: 'believes that every write is on disk at once',
    caughtBy: ['marks', 'epochs'],
    profile: 'stores',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) => real.step(nowMs, input.kind === 'stored' ? { ...input, ok: true } : input)
    }))
  },
  {
    does: 'does not hear that its record is another one’s',
    caughtBy: ['marks'],
    profile: 'files',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) => (input.kind === 'foreignRecord' ? [] : real.step(nowMs, input))
    }))
  },
  {
    does: 'drops the answers that refute its proof',
    caughtBy: ['overlap', 'proofs', 'heal', 'liveness'],
    profile: 'liar',
    wrap: wrapping(() => {
      let claimed = false
      return {
        step(real, nowMs, input) {
          if (claimed && input.kind === 'frame') return []
          const outputs = real.step(nowMs, input)
          if (outputs.some((o) => o.kind === 'event' && o.reason === 'peer-crashed')) claimed = true
          return outputs
        }
      }
    })
  },
  {
    does: 'falls for a reset',
    caughtBy: ['still'],
    profile: 'forged',
    wrap: wrapping(() => {
      let fell = false
      return {
        step(real, nowMs, input) {
          if (input.kind === 'tetherEnded') fell = true
          return real.step(nowMs, input)
        },
        view: (view) => (fell ? { ...view, serving: false } : view)
      }
    })
  },
  {
    does: 'shifts its wait by as much as the wall clock jumped',
    caughtBy: ['alone'],
    profile: 'alone',
    wrap: wrapping(() => {
      let untilMs = -Infinity
      return {
        step(real, nowMs, input) {
          if (input.kind === 'suspended') untilMs = nowMs + input.ms
          return real.step(nowMs, input)
        },
        view: (view) => (view.sinceMs < untilMs ? { ...view, serving: false } : view)
      }
    })
  },
  {
    does: 'loses its peer when an address changes',
    caughtBy: ['contact', 'liveness'],
    profile: 'addresses',
    wrap: wrapping(() => {
      let frames = 0
      return {
        step(real, nowMs, input) {
          // As if every hundredth frame had come from elsewhere, and nothing from there counted.
          if (input.kind === 'frame' && ++frames % 400 > 200) return []
          return real.step(nowMs, input)
        }
      }
    })
  },
  {
    does: 'answers no command',
    caughtBy: ['commands', 'liveness'],
    profile: 'calm',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) => real.step(nowMs, input).filter((output) => output.kind !== 'reply')
    }))
  },
  {
    does: 'answers every command twice',
    caughtBy: ['commands'],
    profile: 'calm',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) =>
        real.step(nowMs, input).flatMap((output): Output[] => (output.kind === 'reply' ? [output, output] : [output]))
    }))
  },
  {
    does: 'says ok to everything at once',
    caughtBy: ['commands'],
    profile: 'calm',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) =>
        input.kind === 'command' ? [{ kind: 'reply', id: input.id, ok: true, role: 'active' }] : real.step(nowMs, input)
    }))
  },
  {
    does: 'changes roles in silence',
    caughtBy: ['manners'],
    profile: 'calm',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) =>
        real.step(nowMs, input).filter((output) => output.kind !== 'event' || output.event !== 'role')
    }))
  },
  {
    does: 'serves as Standby',
    caughtBy: ['manners'],
    profile: 'calm',
    wrap: wrapping(() => ({ view: (view) => ({ ...view, serving: view.role !== 'initial' }) }))
  },
  {
    does: 'answers each frame with a hundred',
    caughtBy: ['manners'],
    profile: 'calm',
    wrap: wrapping(() => ({
      step(real, nowMs, input) {
        const outputs = real.step(nowMs, input)
        return input.kind === 'frame'
          ? outputs.flatMap((o) => (o.kind === 'send' ? new Array<Output>(100).fill(o) : [o]))
          : outputs
      }
    }))
  },
  {
    does: 'wants to be called a thousand times a second',
    caughtBy: ['manners'],
    profile: 'calm',
    wrap: wrapping(() => {
      let lastMs = 0
      return {
        step(real, nowMs, input) {
          lastMs = nowMs
          return real.step(nowMs, input)
        },
        deadlineMs: (real) => Math.min(real.deadlineMs(), lastMs + 0.01)
      }
    })
  },
  {
    does: 'keeps a deadline that has passed',
    caughtBy: ['deadline'],
    profile: 'calm',
    wrap: wrapping(() => ({ deadlineMs: (real) => (Number.isFinite(real.deadlineMs()) ? 0 : Infinity) }))
  },
  {
    does: 'hands over without waiting for the data',
    caughtBy: ['data'],
    profile: 'data',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) => real.step(nowMs, input.kind === 'data' ? { ...input, users: false } : input)
    }))
  },
  {
    does: 'takes a barrier that failed for one that is done',
    caughtBy: ['data'],
    profile: 'data',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) => real.step(nowMs, input.kind === 'barrierDone' ? { ...input, ok: true } : input)
    }))
  },
  {
    does: 'answers its barriers itself',
    caughtBy: ['data'],
    profile: 'data',
    wrap: wrapping(() => ({
      step(real, nowMs, input) {
        const outputs = real.step(nowMs, input)
        const barrier = outputs.find((output) => output.kind === 'barrier')
        if (barrier === undefined) return outputs
        return [...outputs, ...real.step(nowMs, { kind: 'barrierDone', id: barrier.id, ok: true })]
      }
    }))
  },
  {
    does: 'serves on in a barrier',
    caughtBy: ['data'],
    profile: 'data',
    wrap: wrapping(() => {
      let open = false
      return {
        step(real, nowMs, input) {
          const outputs = real.step(nowMs, input)
          for (const { kind } of outputs) if (kind === 'barrier' || kind === 'barrierOver') open = kind === 'barrier'
          return outputs
        },
        view: (view) => ({ ...view, serving: view.serving || open })
      }
    })
  },
  {
    does: 'tells nobody that a barrier is over',
    caughtBy: ['data'],
    profile: 'data',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) => real.step(nowMs, input).filter((output) => output.kind !== 'barrierOver')
    }))
  },
  {
    does: 'gives the role at rest whatever the data',
    caughtBy: ['data'],
    profile: 'data',
    wrap: wrapping(() => ({
      step: (real, nowMs, input) =>
        real.step(nowMs, input.kind === 'data' ? { ...input, position: { epoch: 0, number: 0 } } : input)
    }))
  },
  {
    does: 'throws at what the peer sends',
    caughtBy: ['throws'],
    profile: 'calm',
    wrap: wrapping(() => {
      let frames = 0
      return {
        step(real, nowMs, input) {
          if (input.kind === 'frame' && ++frames > 20) throw new Error('sabotage')
          return real.step(nowMs, input)
        }
      }
    })
  }
]
