/** The environment that the files of docs/operating/deployment make, at work: two real Node-RED with these addresses and ports. */
import assert from 'node:assert/strict'
import { parse, parseAllDocuments } from 'yaml'
import { eventually } from '../../support/eventually'
import { EXAMPLES } from '../../support/examples/files'
import { ExampleHosts, PATIENCE_MS } from '../../support/examples/hosts'
import { Segment, whyNoSegment } from '../../support/examples/segment'
import { readDeployment } from './read'

const SECRET = 'of the deployment tests'
/** Addresses of documentation (RFC 5737), as in the files. */
const ADDRESSES = { a: '192.0.2.11', b: '192.0.2.12', neighbour: '192.0.2.1' } as const

type Environment = Record<string, string>

/** The `.env` that the head of the file describes, with a secret in it. */
function dotEnv(file: string): Environment {
  const lines = [...file.matchAll(/^# {2,}(HA_\w+)=(\S+)/gm)]
  return Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value === '...' ? SECRET : value]))
}

/** As Compose does it: `${X:-otherwise}` and `${X:?why}`. */
function interpolated(value: string, env: Environment): string {
  return value.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind: string, rest: string) => {
    const found = env[name] ?? ''
    if (found === '' && kind === '?') throw new Error(`${name}: ${rest}`)
    return found === '' && kind === '-' ? rest : found
  })
}

function composeEnvironment(env: Environment): Environment {
  const { services } = parse(readDeployment('compose.yaml')) as {
    services: Record<string, { environment: Environment }>
  }
  const own = services['node-red']?.environment ?? {}
  return Object.fromEntries(Object.entries(own).map(([name, value]) => [name, interpolated(value, env)]))
}

interface EnvironmentEntry {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly configMapKeyRef?: { readonly name: string; readonly key: string }
    readonly secretKeyRef?: { readonly name: string; readonly key: string }
  }
}

/** As the kubelet does it, with the secret that the head of the file tells to make. */
function kubernetesEnvironment(side: 'a' | 'b'): Environment {
  const file = readDeployment('kubernetes.yaml')
  const [, secret, key] = /create secret generic (\S+) --from-literal=(\w+)=/.exec(file) ?? []
  const documents = parseAllDocuments(file)
  const map = documents[0]?.toJS() as { metadata: { name: string }; data: Environment }
  const set = documents.find((document) => document.getIn(['metadata', 'name']) === `node-red-${side}`)
  assert.ok(set)
  const { spec } = set.toJS() as { spec: { template: { spec: { containers: [{ env: EnvironmentEntry[] }] } } } }
  const { env } = spec.template.spec.containers[0]
  return Object.fromEntries(
    env.map(({ name, value, valueFrom: { configMapKeyRef, secretKeyRef } = {} }) => {
      const mapped = configMapKeyRef?.name === map.metadata.name ? map.data[configMapKeyRef.key] : undefined
      const hidden = secretKeyRef?.name === secret && secretKeyRef?.key === key ? SECRET : undefined
      const found = value ?? mapped ?? hidden
      assert.ok(found, `${name} comes from nowhere`)
      return [name, found]
    })
  )
}

describe('what the deployment files set', () => {
  it('is refused by Compose as long as the address or the key is missing', () => {
    const whole = dotEnv(readDeployment('compose.yaml'))
    assert.deepEqual(Object.keys(whole).toSorted(), ['HA_PAIR_KEY', 'HA_PEER_HOST'])
    for (const name of Object.keys(whole)) {
      assert.throws(() => composeEnvironment({ ...whole, [name]: '' }), new RegExp(`^Error: ${name}: `))
    }
  })

  describe('on two hosts with these addresses', () => {
    let segment: Segment | null = null
    let hosts: ExampleHosts | null = null

    before(function () {
      const why = whyNoSegment()
      if (why === null) return
      console.log(`# the deployment files were not put to work: ${why}`)
      this.skip()
    })
    afterEach(async () => {
      await hosts?.remove()
      segment?.remove()
      hosts = segment = null
    })

    it('makes a pair of a container and a pod, and both are stopped in order within their grace', async function () {
      this.timeout(60_000 + 4 * PATIENCE_MS)
      const environment = {
        a: composeEnvironment(dotEnv(readDeployment('compose.yaml'))),
        b: kubernetesEnvironment('b')
      }
      assert.equal(environment.a['HA_PEER_HOST'], ADDRESSES.b)
      assert.equal(environment.b['HA_PEER_HOST'], ADDRESSES.a)
      const net = (segment = new Segment(ADDRESSES))
      const both = (hosts = await ExampleHosts.start(EXAMPLES.first, environment, { places: net.places }))
      const { active, standby } = await both.oneActs((host) => both.shown(host, 'acted').length > 0)
      await both.shows(standby, 'peer online', /^true$/)
      await both.shows(active, 'peer online', /^true$/)

      const { code, tookMs } = await active.stop()
      assert.equal(code, 0)
      assert.ok(tookMs < graceMs(), `${tookMs} ms`)
      await both.shows(standby, 'role of this side', /^active$/)
      await eventually('the other one acts', PATIENCE_MS, () => both.shown(standby, 'acted').length > 0)
      assert.match(
        both.shown(standby, 'events').join('\n'),
        /event: 'role',\n  reason: 'peer-left'/,
        'by a goodbye, not by a timeout'
      )
    })
  })
})

/** The least of what the files give a process between SIGTERM and SIGKILL. */
function graceMs(): number {
  const said = ['compose.yaml', 'kubernetes.yaml', 'ha-pair.conf'].flatMap((file) => [
    ...readDeployment(file).matchAll(/(?:stop_grace_period: |terminationGracePeriodSeconds: |TimeoutStopSec=)(\d+)/g)
  ])
  assert.equal(said.length, 4)
  return 1000 * Math.min(...said.map(([, seconds]) => Number(seconds)))
}
