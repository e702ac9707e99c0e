/** `ha-pair-designate`: an operator's word on which side is Active. Ends when the change is confirmed, or in an error. */
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { PairError } from '../src/host/pair-error'
import { pairBadge } from './badge'
import { readCommand } from './command'
import { usePair } from './pair-user'

interface DesignateDef extends NodeDef {
  readonly pair: string
  /** "payload", or the word that any message triggers. */
  readonly command?: string
}

export default function (RED: NodeAPI): void {
  function HaPairDesignateNode(this: Node, def: DesignateDef): void {
    RED.nodes.createNode(this, def)
    const user = usePair(RED, this, def.pair, pairBadge)
    user.observe({})

    this.on('input', (msg, send, done) => {
      if (user.running === null) {
        const { code, text } = user.absence
        done(new PairError(code, '', code === 'stopped' ? RED._('error.stopped', { detail: text }) : text))
        return
      }
      const { pair } = user.running
      const command = readCommand(def.command ?? 'payload', msg.payload)
      if (!command.ok) {
        msg.pair = pair.status()
        const { detail } = command
        done(new PairError('unknown-command', detail, RED._('error.unknown-command', { detail })))
        return
      }
      pair.designate(command.designate, command.force).then(
        (role) => {
          msg.payload = role
          msg.pair = pair.status()
          send(msg)
          done()
        },
        (error: unknown) => {
          msg.pair = pair.status()
          done(translated(error))
        }
      )
    })

    this.on('close', (_removed: boolean, done: () => void) => {
      user.close()
      done()
    })
  }

  function translated(error: unknown): Error {
    if (!(error instanceof PairError)) return error instanceof Error ? error : new Error(String(error))
    const { code, detail } = error
    return new PairError(code, detail, RED._(`error.${code}`, { detail }))
  }

  RED.nodes.registerType('ha-pair-designate', HaPairDesignateNode)
}
