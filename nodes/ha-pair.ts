/** `ha-pair`: the config node, one side of one pair. It starts the pair, holds it for its users and lets it go. */
import { join } from 'node:path'
import type { NodeAPI, NodeDef } from 'node-red'
import type { HealthReading } from '../src/host/health-reading'
import { oneLine } from '../src/host/report'
import { hub, registry } from '../src/host/root'
import { parseSettings, type SettingsProblem } from '../src/host/settings'
import { HOST } from '../src/host/situation/present'
import { stoppedSituation } from '../src/host/situation/situation'
import { problemText } from '../src/host/texts/problems'
import { spoken, type Say } from './badge'
import { readKey } from './credentials'
import { isDefaultStore } from './default-store'
import { whenFlowsSettled } from './flows-started'
import { HealthRoutes } from './health-routes'
import { onFlowsHash } from './deployed-flows'
import type { PairCredentials, PairNode } from './pair-user'

export default function (RED: NodeAPI): void {
  const say: Say = (key, params) => oneLine(RED._(key, params))
  const routes = HealthRoutes.of(RED)

  function HaPairNode(this: PairNode, def: NodeDef): void {
    RED.nodes.createNode(this, def)
    // Node-RED puts it before each line of the log.
    if (this.name !== undefined) this.name = oneLine(this.name)
    this.say = say
    this.pair = null
    this.observe = () => () => {}
    this.stopped = ''
    const raw = { ...def, key: readKey(RED, this, 'key'), previousKey: readKey(RED, this, 'previousKey') }
    const parsed = parseSettings(raw, asTyped(this))
    this.pairName = parsed.ok ? parsed.settings.name : def.name || this.id
    const taken = pathConflict(parsed.healthPath, this.id)
    if (!parsed.ok || taken !== null) {
      const problems = [...(parsed.ok ? [] : parsed.problems), ...(taken === null ? [] : [taken])]
      const situation = stoppedSituation(HOST, problems)
      this.stopped = oneLine(spoken(situation.short, say))
      const advice = problems.some(({ code }) => code === 'key-missing') ? say('log.key-missing') : ''
      this.error(`${say('log.stopped', { name: this.pairName, problems: describe(problems) })}${advice}`)
      if (taken === null)
        serveHealth(this, parsed.healthPath, () => ({
          at: Date.now(),
          name: this.pairName,
          host: HOST,
          problems
        }))
      const takeBack = registry.stop(this.id, this.pairName, problems)
      this.on('close', (_removed: boolean, done: () => void) => {
        takeBack()
        done()
      })
      return
    }

    const { contextStorage } = RED.settings as { readonly contextStorage?: unknown }
    if (isDefaultStore(contextStorage)) this.warn(say('log.default-store'))
    const lease = hub.acquire({
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
    this.observe = (observer) => lease.observe(observer)
    serveHealth(this, parsed.healthPath, () => lease.pair.vitals())
    const callOff = onFlowsHash(RED.events, (hash) => lease.pair.setFlowsHash(hash))
    this.on('close', (removed: boolean, done: () => void) => {
      callOff()
      lease.release(removed).then(done, done)
      // The node may come back, but with settings that stop the pair, or disabled, or not at all.
      if (!removed) whenFlowsSettled(RED.events, () => lease.expire())
    })
  }

  /** The node as the flow file has it, before its variables are looked up. In a subflow it has another id there. */
  function asTyped(node: PairNode): Readonly<Record<string, unknown>> {
    const id = node._alias ?? node.id
    let found: Readonly<Record<string, unknown>> = {}
    RED.nodes.eachNode((each) => {
      if (each.id === id) found = { ...each }
    })
    return found
  }

  /** Two pairs under one path: nobody could say which of them answers. */
  function pathConflict(path: string, id: string): SettingsProblem | null {
    const name = path === '' ? null : (routes?.takenBy(path, id) ?? null)
    return name === null ? null : { field: 'healthPath', code: 'conflict', detail: `${path}, ${name}` }
  }

  /** The health endpoint, until the node is closed; nowhere without a path. */
  function serveHealth(node: PairNode, path: string, read: () => HealthReading): void {
    if (path === '') return
    if (routes === null) {
      node.warn(say('log.no-http', { name: node.pairName, path }))
      return
    }
    const end = routes.serve(path, node.id, node.pairName, read)
    node.on('close', (removed: boolean, done: () => void) => {
      end(removed)
      done()
    })
  }

  /** Where the fencing token's high-water mark is kept; null without a user directory. */
  function storeFileOf(id: string): string | null {
    const userDir = RED.settings.userDir
    return userDir ? join(userDir, 'ha-pair', `${id.replace(/[^\w.-]/g, '_')}.json`) : null
  }

  function describe(problems: readonly SettingsProblem[]): string {
    return problems.map((problem) => oneLine(spoken(problemText(problem), say))).join('; ')
  }

  RED.nodes.registerType<PairNode, NodeDef, object, PairCredentials>('ha-pair', HaPairNode, {
    credentials: { key: { type: 'password' }, previousKey: { type: 'password' } }
  })
}
