/**
 * A start of Node-RED without its own nodes that take long to load. Given to Node.js with `--require` it does
 * this for a process that others start, with all but those of HA_PAIR_HEAVY_USED.
 */
import { basename } from 'node:path'
import type { FlowNode } from './flow'

/** All of them or none: some refer to others in the editor. */
const TOGETHER = {
  files: [
    '05-tls.js',
    '06-httpproxy.js',
    '10-mqtt.js',
    '21-httprequest.js',
    '22-websocket.js',
    '31-tcpin.js',
    '70-CSV.js',
    '70-HTML.js',
    '70-XML.js',
    '70-YAML.js',
    '23-watch.js'
  ],
  types: /^(tls-config|http (proxy|request)|mqtt.*|websocket.*|tcp .*|csv|html|xml|yaml|watch)$/
} as const
/** It compiles a schema when it is loaded: a third of what is left. */
const JSON_NODE = { files: ['70-JSON.js'], types: /^json$/ } as const

/** For `nodesExcludes`: files of nodes that no flow has. */
export function heavyUnusedBy(flows: readonly FlowNode[]): string[] {
  const unused = [TOGETHER, JSON_NODE].filter(({ types }) => !flows.some(({ type }) => types.test(type)))
  return unused.flatMap(({ files }) => files)
}

/** The same where no editor is opened: all but these. */
export const heavyBut = (...used: readonly string[]): string[] =>
  [...TOGETHER.files, ...JSON_NODE.files].filter((file) => !used.includes(file))

const used = process.env['HA_PAIR_HEAVY_USED']
if (used !== undefined && basename(process.argv[1] ?? '') === 'red.js') {
  process.argv.push('--define', `nodesExcludes=${JSON.stringify(heavyBut(...used.split(',')))}`)
}
