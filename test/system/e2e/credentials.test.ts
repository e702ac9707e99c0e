/**
 * What becomes of a pair's key when files are copied between hosts, are lost, or cannot be decrypted: two Node-RED as they come
 * out of the box. The recipe is SETUP.md's 'Copying the flow files', step by step: change both, in both languages.
 */
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ListedPair } from '../../../src/host/pair-registry'
import { EXAMPLES, readExample } from '../../support/examples/files'
import { eventually } from '../../support/eventually'
import { KEY } from '../../support/node-red/flow'
import { placeBuild, removeFolder, scratchFolder } from '../../support/node-red/npm'
import { freePorts } from '../../support/ports'
import { NodeRedProcess } from '../../support/node-red/process'
import { type NodeRed, nodeRed4, nodeRed5 } from '../../support/node-red/versions'
import { ROOT } from '../../support/root'
import { isToldOn, type NodeRedMajor } from '../../support/share'

const STORY_LIMIT_MS = 120_000
const PATIENCE_MS = 30_000
const FLOWS = readExample(EXAMPLES.first)
const PAIR = FLOWS.find(({ type }) => type === 'ha-pair')?.id ?? ''

/** Imports the example, types the key, deploys. */
const deploy = async (host: NodeRedProcess, key: string | null = KEY): Promise<void> => {
  const flows = FLOWS.map((node) => (node.id === PAIR && key !== null ? { ...node, credentials: { key } } : node))
  const { status } = await host.post('/flows', flows)
  assert.equal(status, 204)
}
const pairOf = async (host: NodeRedProcess): Promise<ListedPair | undefined> => {
  const { body } = await host.get('/ha-pair/pairs')
  return (body as { pairs: ListedPair[] }).pairs.find(({ id }) => id === PAIR)
}

const isStopped = async (host: NodeRedProcess, logFrom: number): Promise<void> => {
  await eventually(`${host.name} says that it has no key`, PATIENCE_MS, async () => {
    const pair = await pairOf(host)
    return pair?.running === null && pair.problems.map(({ field, code }) => `${field} ${code}`).join()
  })
  const pair = await pairOf(host)
  assert.deepEqual(
    pair?.problems.map(({ field, code }) => [field, code]),
    [['key', 'key-missing']]
  )
  assert.deepEqual(
    pair?.events.map(({ event, reason }) => [event, reason]),
    [['stopped', 'key-missing']]
  )
  assert.match(host.log.slice(logFrom), /\[error\] \[ha-pair:.*stays stopped: Key is missing\. .*credentialSecret/)
  assert.equal(host.resources()?.udpSockets ?? 0, 0, 'no socket is open')
}
const fileOf = (host: NodeRedProcess, name: string): string => join(host.userDirectory, name)
const setSecret = (host: NodeRedProcess, secret: string): void => {
  const file = fileOf(host, 'settings.js')
  const line = `credentialSecret: ${JSON.stringify(secret)},`
  const settings = readFileSync(file, 'utf8').replace(/^ *(?:\/\/)?credentialSecret: .*$/m, line)
  assert.ok(settings.includes(line), 'settings.js of Node-RED has the line')
  writeFileSync(file, settings)
}
const restart = async (host: NodeRedProcess): Promise<number> => {
  const logFrom = host.log.length
  await host.stop()
  await host.start()
  return logFrom
}

/** The steps of the recipe, each with what it sets in code type. */
function recipeIn(file: 'SETUP.md' | 'SETUP.zh-CN.md', title: string): string[][] {
  const [, after = ''] = readFileSync(join(ROOT, 'docs', 'operating', file), 'utf8').split(`\n## ${title}\n`)
  const [own = ''] = after.split('\n## ')
  const steps = own.split(/\n(?=\d+\. )/).slice(1)
  return steps.map((step) => [...step.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code))
}
const RECIPE = recipeIn('SETUP.md', 'Copying the flow files')

describe('the recipe for copying the flow files', () => {
  it('has the same steps in both languages, and these are the ones that are walked here', () => {
    assert.deepEqual(RECIPE, recipeIn('SETUP.zh-CN.md', '复制流程文件'))
    assert.deepEqual(RECIPE, [
      ["credentialSecret: '...',", 'settings.js'],
      [],
      ['.config.runtime.json'],
      ['flows.json', 'flows_cred.json', 'ha-pair/'],
      []
    ])
  })
})

function tellOfCredentials(version: () => NodeRed, major: NodeRedMajor): void {
  let folder = ''
  let a: NodeRedProcess
  let b: NodeRedProcess
  const hosts: NodeRedProcess[] = []

  const fresh = async (): Promise<void> => {
    await leave()
    folder = scratchFolder('credentials')
    const [portA, portB] = (await freePorts(2)).map(String) as [string, string]
    const make = async (name: string, localPort: string, peerPort: string): Promise<NodeRedProcess> => {
      const userDirectory = join(folder, name)
      mkdirSync(userDirectory)
      placeBuild(userDirectory)
      const environment = { HA_PEER_HOST: '127.0.0.1', HA_PEER_PORT: peerPort, HA_LOCAL_PORT: localPort }
      const host = new NodeRedProcess({ name, version: version(), userDirectory, environment, flows: [], stock: true })
      hosts.push(host)
      await host.start()
      return host
    }
    ;[a, b] = await Promise.all([make('a', portA, portB), make('b', portB, portA)])
  }
  /** Ends what ran before. */
  const leave = async (): Promise<void> => {
    await Promise.allSettled(hosts.splice(0).map((host) => host.kill()))
    if (folder !== '') removeFolder(folder)
    folder = ''
  }
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(hosts.map((host) => host.logTail()).join('\n'))
  })
  after(async function () {
    this.timeout(STORY_LIMIT_MS)
    await leave()
  })

  /** `only`: the version on which `npm test` tells it. */
  const story = (title: string, only: NodeRedMajor, tell: () => Promise<void>): void => {
    if (isToldOn(major, only)) it(title, tell).timeout(STORY_LIMIT_MS)
  }
  const isWhole = (): Promise<unknown> =>
    eventually('the two are a pair, with a key', PATIENCE_MS, async () => {
      const both = (await Promise.all([a, b].map(pairOf))).map((pair) => pair?.running?.status)
      const roles = both.map((status) => String(status?.role)).toSorted()
      return both.every((status) => status?.online && status.authenticated) && roles.join() === 'active,standby'
    })
  story('copied as the page says, the key works on B, which has run with another key before', 5, async () => {
    await fresh()
    await deploy(a)
    await deploy(b, 'the key of another pair, long forgotten')
    await eventually('b has files of its own', PATIENCE_MS, () => existsSync(fileOf(b, 'flows_cred.json')))
    assert.ok(existsSync(fileOf(b, '.config.runtime.json')))
    const [, , [made = ''] = [], copied = []] = RECIPE

    for (const host of [a, b]) setSecret(host, 'the same on both')
    await restart(a)
    await deploy(a, null)
    await b.stop()
    rmSync(fileOf(b, made))
    for (const name of copied.slice(0, 2)) cpSync(fileOf(a, name), fileOf(b, name))
    await b.start()
    await isWhole()
    await restart(b)
    await isWhole()
  })

  // On the two that have just become a pair.
  story(
    'with another credentialSecret, or without the file: stopped; with the right one it runs again',
    5,
    async () => {
      await isWhole()
      setSecret(b, 'another one')
      await isStopped(b, await restart(b))
      setSecret(b, 'the same on both')
      await restart(b)
      await isWhole()
      await b.stop()
      rmSync(fileOf(b, 'flows_cred.json'))
      const logFrom = b.log.length
      await b.start()
      await isStopped(b, logFrom)
      await deploy(b)
      await isWhole()
    }
  )

  story(
    'copied while B still has a secret that Node-RED made up: B stays stopped and says why, at each start',
    4,
    async () => {
      await fresh()
      await deploy(a)
      await deploy(b)
      await isWhole()
      for (const host of [a, b]) setSecret(host, 'the same on both')
      await restart(a)
      await deploy(a, null)
      await b.stop()
      for (const name of ['flows.json', 'flows_cred.json']) cpSync(fileOf(a, name), fileOf(b, name))
      const logFrom = b.log.length
      await b.start()
      await isStopped(b, logFrom)
      await isStopped(b, await restart(b))
      // It has been restarted, and listens for a while first.
      await eventually('a goes on', PATIENCE_MS, async () => (await pairOf(a))?.running?.status.role === 'active')
    }
  )
}

describe('credentials with Node-RED 4', () => tellOfCredentials(nodeRed4, 4))
describe('credentials with Node-RED 5', () => tellOfCredentials(nodeRed5, 5))
