/** The files of docs/operating/deployment, as far as they can be tried without Docker, a cluster or a running systemd. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parse, parseAllDocuments, type YAMLMap } from 'yaml'
import { DEFAULTS } from '../../../src/protocol/settings'
import { removeFolder, scratchFolder } from '../../support/node-red/npm'
import { ROOT } from '../../support/root'
import { readDeployment as read } from './read'

/** What the first example takes from its environment, and the key. */
const VARIABLES = ['HA_LOCAL_PORT', 'HA_PAIR_KEY', 'HA_PEER_HOST', 'HA_PEER_PORT']
/** Node-RED gives every node 15 s to close. */
const CLOSE_SECONDS = 15

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly network_mode: string
        readonly environment: Readonly<Record<string, string>>
        readonly volumes: readonly string[]
        readonly stop_grace_period: string
      }
    >
  >
  readonly volumes: Readonly<Record<string, unknown>>
}

interface StatefulSet {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: {
    readonly template: {
      readonly spec: {
        readonly hostNetwork: boolean
        readonly terminationGracePeriodSeconds: number
        readonly containers: readonly [{ readonly env: readonly { readonly name: string }[] }]
      }
    }
  }
}

describe('the deployment files', () => {
  it('Docker: the host’s network, the variables of the examples, a volume that is there, time for a goodbye', () => {
    const { services, volumes } = parse(read('compose.yaml')) as Compose
    const service = services['node-red']
    assert.ok(service)
    assert.equal(service.network_mode, 'host')
    assert.deepEqual(Object.keys(service.environment).toSorted(), VARIABLES)
    assert.deepEqual(
      service.volumes.map((volume) => volume.split(':')),
      Object.keys(volumes).map((name) => [name, '/data'])
    )
    assert.ok(Number.parseInt(service.stop_grace_period, 10) > CLOSE_SECONDS)
  })

  it('Kubernetes: two sides that differ in the side only, each with the address of the other one', () => {
    const documents = parseAllDocuments(read('kubernetes.yaml'))
    for (const { errors } of documents) assert.deepEqual(errors, [])
    const [map, a, b] = documents.map((document) => document.toJS() as StatefulSet)
    assert.deepEqual(Object.keys(map?.data ?? {}), ['side-a', 'side-b'])
    assert.deepEqual([a?.kind, b?.kind], ['StatefulSet', 'StatefulSet'])
    for (const side of [a, b]) {
      const spec = side?.spec?.template.spec
      assert.ok(spec)
      assert.equal(spec.hostNetwork, true)
      assert.ok(spec.terminationGracePeriodSeconds > CLOSE_SECONDS)
      assert.deepEqual(spec.containers[0].env.map(({ name }) => name).toSorted(), VARIABLES)
    }
    const swapped = JSON.stringify(a)
      .replaceAll(/"side":"a"|"ha-pair":"a"/g, (text) => text.replace('"a"', '"b"'))
      .replaceAll('node-red-a', 'node-red-b')
      .replace('side-b', 'side-a')
    assert.equal(swapped, JSON.stringify(b))
  })

  it('Kubernetes: the probe that is prepared asks whether a side is alive, and is slower than a handover', () => {
    const prepared = read('kubernetes.yaml').replaceAll(/^( +)#(livenessProbe:| +\w+: )/gm, '$1$2')
    const probes = parseAllDocuments(prepared)
      .slice(1)
      .map((document) => document.getIn(['spec', 'template', 'spec', 'containers', 0, 'livenessProbe']) as YAMLMap)
    assert.equal(probes.length, 2)
    for (const probe of probes) {
      assert.equal(probe.getIn(['httpGet', 'path']), '/ha-pair/live')
      const patienceMs = 1000 * Number(probe.get('periodSeconds')) * Number(probe.get('failureThreshold'))
      assert.ok(patienceMs > 2 * DEFAULTS.stallLimitMs)
    }
    assert.doesNotMatch(prepared, /\/active/)
  })

  it('systemd: accepts the unit with its drop-in', function () {
    if (spawnSync('systemd-analyze', ['--version']).error !== undefined) {
      console.log('# the units were not verified: systemd-analyze is not installed')
      this.skip()
    }
    const folder = scratchFolder('units')
    try {
      // Only the path of Node-RED and its user are another machine's.
      const unit = read('nodered.service').replace('/usr/bin/node-red', process.execPath).replace('User=nodered\n', '')
      writeFileSync(join(folder, 'nodered.service'), unit)
      mkdirSync(join(folder, 'nodered.service.d'))
      writeFileSync(join(folder, 'nodered.service.d', 'ha-pair.conf'), read('ha-pair.conf'))
      const verify = (): { readonly status: number | null; readonly stderr: string } =>
        spawnSync('systemd-analyze', ['verify', 'nodered.service'], {
          encoding: 'utf8',
          env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` }
        })
      const { status, stderr } = verify()
      assert.deepEqual([status, stderr.trim()], [0, ''])
      writeFileSync(join(folder, 'nodered.service.d', 'ha-pair.conf'), read('ha-pair.conf').replace('Sec=2', 'Sec=two'))
      assert.match(verify().stderr, /ha-pair\.conf:\d+/, 'it would not notice a mistake in the drop-in')
    } finally {
      removeFolder(folder)
    }
  })

  it('systemd: the unit of the witness is right', function () {
    if (spawnSync('systemd-analyze', ['--version']).error !== undefined) {
      console.log('# the unit of the witness was not verified: systemd-analyze is not installed')
      this.skip()
    }
    const folder = scratchFolder('units')
    try {
      const unit = read('ha-pair-witness.service').replace('/usr/bin/ha-pair-witness', process.execPath)
      const verify = (text: string): { readonly status: number | null; readonly stderr: string } => {
        writeFileSync(join(folder, 'ha-pair-witness.service'), text)
        return spawnSync('systemd-analyze', ['verify', 'ha-pair-witness.service'], {
          encoding: 'utf8',
          env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` }
        })
      }
      const { status, stderr } = verify(unit)
      assert.deepEqual([status, stderr.trim()], [0, ''])
      assert.match(verify(unit.replace('Sec=1', 'Sec=one')).stderr, /ha-pair-witness\.service:\d+/)
    } finally {
      removeFolder(folder)
    }
  })

  it('the witness is called as its program takes it, and keeps its folder', () => {
    const unit = read('ha-pair-witness.service')
    const image = read('witness.Dockerfile')
    const [, call = ''] = /^ExecStart=\S+ (.*)$/m.exec(unit) ?? []
    const [, entry = '[]'] = /^ENTRYPOINT (.*)$/m.exec(image) ?? []
    const [, command = '[]'] = /^CMD (.*)$/m.exec(image) ?? []
    const fromImage = [...(JSON.parse(entry) as string[]).slice(1), ...(JSON.parse(command) as string[])]
    for (const args of [call.split(' '), fromImage]) {
      const options = Object.fromEntries(
        ['key-file', 'data', 'port'].map((name) => [name, { type: 'string' as const }])
      )
      const { values } = parseArgs({ args, options })
      assert.deepEqual(Object.keys(values).toSorted(), ['data', 'key-file', 'port'])
    }
    assert.match(unit, /--data \/var\/lib\/ha-pair-witness .*[^]*^StateDirectory=ha-pair-witness$/m)
    assert.match(image, /^VOLUME \/data$/m)
  })

  it('the page links to each of them', () => {
    const page = readFileSync(join(ROOT, 'docs', 'operating', 'DEPLOYMENT.md'), 'utf8')
    const files = ['compose.yaml', 'ha-pair.conf', 'nodered.service', 'kubernetes.yaml']
    for (const name of [...files, 'ha-pair-witness.service', 'witness.Dockerfile']) {
      assert.ok(page.includes(`(deployment/${name})`), name)
    }
  })
})
