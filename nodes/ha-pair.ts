/** `ha-pair`: the config node, one side of one pair. It starts the pair, holds it for its users and lets it go. */
import { join } from 'node:path'
import type { NodeAPI, NodeDef } from 'node-red'
import { acquirePair, dismissPair } from '../src/host/hub'
import { roster } from '../src/host/roster'
import { parseSettings, type SettingsProblem } from '../src/host/settings'
import type { Say } from './badge'
import { readKey } from './credentials'
import { onFlowsHash } from './deployed-flows'
import type { PairCredentials, PairNode } from './pair-user'

export default function (RED: NodeAPI): void {
  const say: Say = (key, params) => RED._(key, params)

  function HaPairNode(this: PairNode, def: NodeDef): void {
    RED.nodes.createNode(this, def)
    this.say = say
    this.pair = null
    this.stopped = ''
    const raw = { ...def, key: readKey(RED, this, 'key'), previousKey: readKey(RED, this, 'previousKey') }
    const parsed = parseSettings(raw)
    this.pairName = parsed.ok ? parsed.settings.name : def.name || this.id
    if (!parsed.ok) {
      this.stopped = say('badge.stopped', { problem: describe(parsed.problems.slice(0, 1)) })
      this.error(say('log.stopped', { name: this.pairName, problems: describe(parsed.problems) }))
      dismissPair(this.id)
      const takeBack = roster.stop(this.id, this.pairName, parsed.problems)
      this.on('close', (_removed: boolean, done: () => void) => {
        takeBack()
        done()
      })
      return
    }

    const lease = acquirePair({
      id: this.id,
      settings: parsed.settings,
      keys: parsed.keys,
      storeFile: storeFileOf(this.id),
      log: {
        info: (text) => this.log(text),
        warn: (text) => this.warn(text),
        error: (text) => this.error(text)
      }
    })
    this.pair = lease.pair
    const callOff = onFlowsHash(RED.events, (hash) => lease.pair.setFlowsHash(hash))
    this.on('close', (removed: boolean, done: () => void) => {
      callOff()
      lease.release(removed).then(done, done)
    })
  }

  /** Where the fencing token's high-water mark is kept; null without a user directory. */
  function storeFileOf(id: string): string | null {
    const userDir = RED.settings.userDir
    return userDir ? join(userDir, 'ha-pair', `${id.replace(/[^\w.-]/g, '_')}.json`) : null
  }

  function describe(problems: readonly SettingsProblem[]): string {
    return problems.map(({ field, code, detail }) => say(`problem.${code}`, { field, detail })).join('; ')
  }

  RED.nodes.registerType<PairNode, NodeDef, object, PairCredentials>('ha-pair', HaPairNode, {
    credentials: { key: { type: 'password' }, previousKey: { type: 'password' } }
  })
}
