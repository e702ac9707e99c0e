/** A run as lines for people: what was done to the pair, and what it did. */
import type { Frame } from '../../../src/protocol/wire/frame'
import { describeFault, type Fault } from './faults'
import type { EngineProcess, Step } from './process'
import type { Ending, Scene, Watcher } from './watcher'

export class Trace implements Watcher {
  readonly name = 'trace'
  readonly #scene: Scene
  readonly #write: (line: string) => void
  readonly #frames: boolean
  #open: [boolean, boolean] = [false, false]

  constructor(scene: Scene, write: (line: string) => void, frames: boolean) {
    this.#scene = scene
    this.#write = write
    this.#frames = frames
  }

  onStart(process: EngineProcess, storeLost: boolean): void {
    this.#line(process.settings.name, `starts, run ${process.incarnation}${storeLost ? ', store lost' : ''}`)
  }

  onEnd(process: EngineProcess, how: Ending): void {
    this.#line(process.settings.name, `ends: ${how}`)
  }

  onFault(fault: Fault, applied: boolean): void {
    this.#line('*', `${describeFault(fault)}${applied ? '' : ' (nothing to hit)'}`)
  }

  onFaultOver(fault: Fault): void {
    this.#line('*', `over: ${fault.kind} since ${fault.atMs.toFixed(1)} ms`)
  }

  onQuiet(): void {
    this.#line('*', '---- quiet: nothing is disturbed from here on')
  }

  onFinale(): void {
    this.#line('*', '---- finale')
  }

  onStep({ process, localMs, input, facts, before, after, outputs }: Step): void {
    const { name } = process.settings
    if (input.kind === 'frame' && facts !== null) {
      if (this.#frames) {
        const late = (this.#scene.nowMs - facts.sentAtMs).toFixed(1)
        this.#line(
          name,
          `<- ${facts.replayed ? 'REPLAYED ' : ''}${describeFrame(input.frame, input.link)} after ${late} ms`
        )
      }
    } else if (input.kind !== 'tick' && (input.kind !== 'stored' || this.#frames || !input.ok))
      this.#line(name, `<- ${JSON.stringify(input, plain)}`)
    for (const output of outputs) {
      if (output.kind === 'send') {
        if (this.#frames) this.#line(name, `   -> ${describeFrame(output.frame, output.link)}`)
      } else if (output.kind === 'event') {
        this.#line(name, `   ! ${output.event} (${output.reason}) ${JSON.stringify(output.detail, plain)}`)
      } else if (output.kind !== 'drop' && (output.kind !== 'store' || this.#frames))
        this.#line(name, `   = ${JSON.stringify(output, plain)}`)
    }
    if (before.role !== after.role || before.serving !== after.serving || before.epoch !== after.epoch) {
      const lease = after.leaseUntilMs === Infinity ? 'unlimited' : `${(after.leaseUntilMs - localMs).toFixed(1)} ms`
      this.#line(
        name,
        `   ${before.role} ${before.epoch} => ${after.role.toUpperCase()} epoch ${after.epoch} (${after.reason}) serving=${after.serving} online=${after.online} lease=${lease} [on ${input.kind}]`
      )
    }
  }

  onSecondStep(step: Step): void {
    this.onStep(step)
  }

  onMoment(): void {
    for (const host of [0, 1] as const) {
      const open = this.#scene.gateOpen(host)
      if (open !== this.#open[host]) this.#line(host === 0 ? 'A' : 'B', open ? '   gate OPEN' : '   gate closed')
      this.#open[host] = open
    }
  }

  #line(who: string, what: string): void {
    this.#write(`${this.#scene.nowMs.toFixed(2).padStart(11)}  ${who}  ${what}`)
  }
}

function describeFrame(frame: Frame, link: number): string {
  const t = frame.trailer
  if (t === null) return frame.head
  const flags = Object.entries(t.flags)
    .filter(([, on]) => on)
    .map(([flag]) => flag)
    .join(',')
  return `${frame.head} ${frame.state} s${short(t.session)}>${short(t.echo)} seq=${t.seq} ack=${t.ack} epoch=${t.epoch} link=${link} [${flags}] ${t.reason}`
}

function short(id: bigint): string {
  return id.toString(16).padStart(16, '0').slice(0, 4)
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint'
    ? value.toString(16)
    : typeof value === 'number'
      ? Math.round(value * 100) / 100
      : value
}
