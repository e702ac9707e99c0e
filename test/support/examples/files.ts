/** The examples as Node-RED's import menu has them: the files of `examples/`, by their paths there. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FlowNode } from '../node-red/flow'
import { ROOT } from '../root'

const FOLDER = join(ROOT, 'examples')
const OTHER_NODES = { en: 'With other nodes', zh: '需要其他节点' } as const
const STATE = { en: 'State that moves', zh: '随角色转移的状态' } as const
const FOLDERS = [OTHER_NODES, STATE] as const
const CHINESE = '中文'

/** With core nodes and our own only. */
export const EXAMPLES = {
  first: '1 - First pair',
  mqtt: '2 - MQTT only on the Active',
  polling: '3 - Polling behind the gate',
  operator: '4 - Switch-over by an operator',
  watchdog: '5 - Flow watchdog',
  page: '6 - Switch-over from a web page',
  address: '7 - Virtual address on the Active',
  alert: '8 - Alert on split brain',
  service: '9 - HTTP service behind HAProxy'
} as const

/** With a pair of its own, which has another policy. */
export const WITNESS_EXAMPLE = '10 - A witness on a third host'

/** For other nodes: those that Node-RED offers to install on import, or that connect by themselves. */
export const FURTHER_EXAMPLES = {
  modbus: `${OTHER_NODES.en}/1 - Modbus`,
  s7: `${OTHER_NODES.en}/2 - S7`,
  relay: `${OTHER_NODES.en}/3 - One connection to a device`,
  dashboard: `${OTHER_NODES.en}/4 - Dashboard tile and switch`,
  database: `${OTHER_NODES.en}/5 - Database writes guarded by the epoch`,
  mail: `${OTHER_NODES.en}/6 - Alert by mail and web hook`
} as const

/** What moves with the role: context store, timer, numbered items, what nodes hide. */
export const STATE_EXAMPLES = {
  counter: `${STATE.en}/1 - A counter that survives`,
  timer: `${STATE.en}/2 - A timer that goes on`,
  line: `${STATE.en}/3 - A numbered line without loss`,
  pid: `${STATE.en}/4 - Priming a PID controller`
} as const

/** Every example, by its path in the menu. */
export function exampleNames(): string[] {
  return readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.replaceAll('\\', '/').replace(/\.json$/, ''))
    .toSorted()
}

export function isChinese(name: string): boolean {
  return name.startsWith(`${CHINESE}/`)
}

/** Where the same example is in Chinese: the one with its number. */
export function inChinese(name: string): string | undefined {
  const number = /(\d+) - [^/]+$/.exec(name)?.[1]
  const inFolder = FOLDERS.find(({ en }) => name.startsWith(`${en}/`))
  const folder = inFolder === undefined ? CHINESE : `${CHINESE}/${inFolder.zh}`
  return exampleNames().find((candidate) => candidate.startsWith(`${folder}/${number} - `))
}

export function readExample(name: string): FlowNode[] {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as FlowNode[]
}
