/** The examples as Node-RED's import menu has them: the files of `examples/`, by their names there. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FlowNode } from '../node-red/flow'
import { ROOT } from '../root'

const FOLDER = join(ROOT, 'examples')

export const EXAMPLES = {
  first: '1 - First pair',
  mqtt: '2 - MQTT only on the Active',
  polling: '3 - Polling behind the gate',
  operator: '4 - Switch-over by an operator',
  watchdog: '5 - Flow watchdog',
  page: '6 - Switch-over from a web page',
  address: '7 - Virtual address on the Active',
  alert: '8 - Alert on split brain'
} as const

export function exampleNames(): string[] {
  return readdirSync(FOLDER)
    .map((file) => file.replace(/\.json$/, ''))
    .toSorted()
}

export function readExample(name: string): FlowNode[] {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as FlowNode[]
}
