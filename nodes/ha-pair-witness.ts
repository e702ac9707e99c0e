/** `ha-pair-witness`: the config node that is the third voice for pairs of other hosts, as `npx ha-pair-witness` is without Node-RED. */
import { join } from 'node:path'
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { oneLine } from '../src/host/report'
import { WITNESS_PORT } from '../src/rules/properties'
import { isWholeVariable, wholeNumber } from '../src/rules/values'
import { keyLineText, parseKeyLines, type KeyLine } from '../src/witness/keys'
import { witnesses } from '../src/witness/root'
import { problemText } from '../src/witness/texts'
import { Witness } from '../src/witness/witness'
import { BadgeSign, spoken, stoppedBadge, type Badge, type Say } from './badge'
import { readSecret } from './credentials'

interface WitnessDef extends NodeDef {
  readonly port?: number | string
  readonly host?: string
}
interface WitnessCredentials {
  keys?: string
}
type WitnessNode = Node<WitnessCredentials>
type Settings =
  | {
      readonly ok: true
      readonly port: number
      readonly host: string
      readonly data: string
      readonly keys: readonly KeyLine[]
    }
  | { readonly ok: false; readonly problem: string }

export default function (RED: NodeAPI): void {
  const say: Say = (key, params) => oneLine(RED._(key, params))

  function HaPairWitnessNode(this: WitnessNode, def: WitnessDef): void {
    RED.nodes.createNode(this, def)
    const name = oneLine(def.name || say('label.witness'))
    const sign = new BadgeSign(this)
    const settings = readSettings(this, def)
    if (!settings.ok) {
      const { problem } = settings
      this.error(say('log.stopped', { problem }))
      sign.show(stoppedBadge(problem))
      const leave = witnesses.enter(() => ({ id: this.id, name, state: null, problem: { en: problem, zh: problem } }))
      this.on('close', (_removed: boolean, done: () => void) => {
        leave()
        done()
      })
      return
    }

    const { port, host, data, keys } = settings
    const onChange = (): void => {
      sign.show(badgeOf(witness))
      witnesses.changed()
    }
    const log = {
      info: (line: string) => this.log(oneLine(line)),
      warn: (line: string) => this.warn(oneLine(line)),
      error: (line: string) => this.error(oneLine(line))
    }
    const witness = new Witness({ port, host, data, log, onChange }, keys)
    sign.show(badgeOf(witness))
    const leave = witnesses.enter(() => {
      const { state } = witness
      return { id: this.id, name, state, problem: state.problem === null ? null : problemText(state.problem) }
    })
    this.on('close', (_removed: boolean, done: () => void) => {
      leave()
      sign.takeDown()
      // What was promised stays on disk: the next start keeps it by waiting.
      witness.close().then(done, done)
    })
  }

  function badgeOf(witness: Witness): Badge {
    const { open, problem, pairs } = witness.state
    if (problem !== null) return stoppedBadge(oneLine(spoken(problemText(problem), say)))
    if (!open) return { fill: 'yellow', shape: 'ring', text: say('badge.opening') }
    return { fill: 'green', shape: 'dot', text: say('badge.open', { pairs: pairs.length }) }
  }

  function readSettings(node: WitnessNode, def: WitnessDef): Settings {
    const stopped = (key: string, params?: Record<string, string | number>): Settings => ({
      ok: false,
      problem: say(`wrong.${key}`, params)
    })
    const { userDir } = RED.settings
    if (!userDir) return stopped('no-user-directory')
    const host = (def.host ?? '').trim()
    const typedPort = def.port ?? WITNESS_PORT.byDefault
    for (const text of [host, String(typedPort).trim()]) {
      if (isWholeVariable(text)) return stopped('unset', { variable: text })
    }
    const port = wholeNumber(typedPort)
    if (port === null || port < WITNESS_PORT.min || port > WITNESS_PORT.max) return stopped('port')
    const text = readSecret(RED, node, 'keys')
    if (isWholeVariable(text.trim())) return stopped('unset', { variable: text.trim() })
    const { keys, error } = parseKeyLines(text)
    if (error !== null) return stopped('keys', { line: spoken(keyLineText(error), say) })
    if (keys.length === 0) return stopped('no-keys')
    return { ok: true, port, host, data: join(userDir, 'ha-pair-witness', node.id.replace(/[^\w.-]/g, '_')), keys }
  }

  RED.nodes.registerType<WitnessNode, WitnessDef, object, WitnessCredentials>('ha-pair-witness', HaPairWitnessNode, {
    credentials: { keys: { type: 'password' } }
  })
}
