/**
 * The runtime's side of the sidebar tab 'HA pair': what the editor asks, and the hint that asking is worth while.
 *
 *   GET  ha-pair/pairs                   every pair, what it is and what happened to it   (ha-pair.read)
 *   GET  ha-pair/catalogue               the texts of events and reasons                  (ha-pair.read)
 *   POST ha-pair/pairs/:id/designate     { designate, force }                             (ha-pair.write)
 *   POST ha-pair/pairs/:id/witness-key   { key }: the witness key of this key, of the stored one for null (ha-pair.write)
 *   comms `ha-pair/changed`              { n }: ask again
 *
 * The editor's WebSocket tells everybody with `status.read` everything; so the hint carries a number and no more.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { NodeAPI } from 'node-red'
import { PairError, type PairErrorCode } from '../src/host/pair-error'
import { registry } from '../src/host/root'
import type { ListedPair } from '../src/host/pair-registry'
import { HOST } from '../src/host/situation/present'
import { EVENTS } from '../src/host/texts/events'
import { REASONS } from '../src/host/texts/reasons'
import { problemText } from '../src/host/texts/problems'
import { warningText } from '../src/host/texts/happened'
import { witnesses } from '../src/witness/root'
import { pairBadge, stoppedBadge, type Badge } from './badge'
import { readCommand } from './command'
import { throttle } from './throttle'
import { witnessKeyFor } from './witness-key'

const HINT_EVERY_MS = 500
const BODY_BYTES_MAX = 1024
const FIELDS = ['designate', 'force']

/** As much of Express as is used here. */
interface Request extends IncomingMessage {
  readonly params: Readonly<Record<string, string>>
  readonly body: unknown
  is(type: string): string | false | null
}
interface Response {
  status(code: number): Response
  set(name: string, value: string): Response
  json(body: unknown): void
}
type Next = () => void

/** Of answers that are no success; a command that came to nothing is a conflict. */
const STATUS: Readonly<Partial<Record<PairErrorCode, number>>> = {
  'unknown-command': 400,
  'other-site': 403,
  'unknown-pair': 404,
  'too-large': 413,
  'not-json': 415
}

export default function (RED: NodeAPI): void {
  let hints = 0
  const hint = throttle(HINT_EVERY_MS, () => RED.comms.publish('ha-pair/changed', { n: ++hints }, false))
  const endWatches = [registry.watch(() => hint.touch()), witnesses.watch(() => hint.touch())]
  let removed = false

  const plugin = {
    type: 'node-red-ha-pair-sidebar',
    // Node-RED cannot take routes back: those of a package that was uninstalled step aside.
    onremove: () => {
      removed = true
      for (const end of endWatches) end()
      hint.end()
    }
  }
  RED.plugins.registerPlugin('ha-pair-sidebar', plugin)

  /** A route that answers with JSON, whatever happens. */
  const answering =
    (answer: (request: Request) => unknown) =>
    (request: Request, response: Response, next: Next): void => {
      if (removed) return next()
      response.set('Cache-Control', 'no-store')
      Promise.resolve()
        .then(() => answer(request))
        .then(
          (body) => response.json(body),
          (error: unknown) => {
            const { status, body } = answerTo(error)
            response.status(status).json(body)
          }
        )
    }

  const read = RED.auth.needsPermission('ha-pair.read')
  const write = RED.auth.needsPermission('ha-pair.write')
  const app = RED.httpAdmin as unknown as {
    get(path: string, ...handlers: unknown[]): void
    post(path: string, ...handlers: unknown[]): void
  }

  app.get(
    '/ha-pair/pairs',
    read,
    answering(() => ({
      at: Date.now(),
      host: HOST,
      n: hints,
      pairs: registry.list().map(shownPair),
      witnesses: witnesses.list()
    }))
  )
  app.get(
    '/ha-pair/catalogue',
    read,
    answering(() => ({ events: EVENTS, reasons: REASONS }))
  )
  app.post('/ha-pair/pairs/:id/designate', write, answering(designate))
  app.post('/ha-pair/pairs/:id/witness-key', write, answering(witnessKey))

  function witnessKey(request: Request): unknown {
    const { key = null } = readBody(request, ['key'])
    if (key !== null && typeof key !== 'string') throw new PairError('unknown-command', 'key', 'a key is text, or null')
    const id = request.params['id'] ?? ''
    const entry = { level: RED.log.AUDIT, event: 'ha-pair.witness-key', id }
    RED.log.audit(entry, request)
    const made = witnessKeyFor(RED, id, key)
    if (made === null) throw new PairError('unknown-pair', '', 'no pair with this id has a key here')
    return made
  }

  async function designate(request: Request): Promise<unknown> {
    const { designate: word, force } = readOrder(request)
    const pair = registry.find(request.params['id'] ?? '')
    if (pair === null) throw new PairError('unknown-pair', '', 'no pair with this id runs here')
    // With the request, Node-RED's audit log also says who asked.
    const entry = { level: RED.log.AUDIT, event: 'ha-pair.designate', id: pair.id, designate: word, force }
    RED.log.audit(entry, request)
    const role = await pair.designate(word, force)
    return { role, status: pair.status() }
  }
}

/** An object with these fields at most, sent by this server's own pages. */
function readBody(request: Request, fields: readonly string[]): Readonly<Record<string, unknown>> {
  if (request.is('application/json') === false) {
    throw new PairError('not-json', '', 'send it as application/json')
  }
  if (!isOwnPage(request.headers)) {
    const advice = 'behind a reverse proxy, let it pass the Host header on'
    throw new PairError('other-site', '', `a page of another site gives no orders here; ${advice}`)
  }
  const { body } = request
  const length = Number(request.headers['content-length'] ?? 0)
  if (length > BODY_BYTES_MAX || JSON.stringify(body ?? null).length > BODY_BYTES_MAX) {
    throw new PairError('too-large', '', `it has at most ${BODY_BYTES_MAX} bytes`)
  }
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
  const strange = isObject ? Object.keys(body).filter((name) => !fields.includes(name)) : ['body']
  if (strange.length > 0)
    throw new PairError('unknown-command', strange.join(', '), `its fields are ${fields.join(', ')}`)
  return body as Readonly<Record<string, unknown>>
}

function readOrder(request: Request): { designate: 'active' | 'standby' | 'swap'; force: boolean } {
  const body = readBody(request, FIELDS)
  const order = readCommand('payload', body)
  if (!order.ok) {
    const { detail } = order
    throw new PairError(
      'unknown-command',
      detail,
      'an order is { "designate": "active" | "standby" | "swap", "force": boolean }'
    )
  }
  return { designate: order.designate, force: order.force }
}

/**
 * Whether an order comes from this server's own pages, or from no browser at all. A page of another site can make a browser send orders:
 * Node-RED 4.1 permits it every header that a page may set, and without a login, or with one that a proxy adds, nothing else stops it.
 * What a page may not set is believed: `Origin` and `Sec-Fetch-Site`. Not `X-Forwarded-Host`, nor that somebody sends a token.
 */
export function isOwnPage(headers: IncomingHttpHeaders): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers
  // Browsers say this over https and to localhost only.
  if (site !== undefined) return site === 'same-origin'
  if (origin !== undefined) return host !== undefined && isSameHost(origin, host)
  const { referer, cookie, 'user-agent': agent = '' } = headers
  return referer === undefined && cookie === undefined && !agent.startsWith('Mozilla/')
}

/** The scheme may differ: a proxy may have taken the encryption away. */
function isSameHost(origin: string, host: string): boolean {
  try {
    const from = new URL(origin)
    return from.host !== '' && from.host === new URL(`${from.protocol}//${host}`).host
  } catch {
    return false
  }
}

/** A pair as the page shows it: all that is said of it is put into words here, in both languages. */
export function shownPair(pair: ListedPair) {
  const { problems, names, situation } = pair
  const { peer } = names
  const also = situation.also.flatMap(({ code, severity }) => {
    const warning = pair.running?.warnings.find((one) => one.code === code)
    // What the pair's own state adds, the situation's sentence holds already.
    return warning === undefined ? [] : [{ code, severity, ...warningText(warning, names) }]
  })
  const texts = {
    problems: problems.map((problem) => ({ ...problem, text: problemText(problem) })),
    peer: typeof peer === 'string' ? { en: peer, zh: peer } : peer,
    also
  }
  return { ...pair, ...texts, badge: glyphOf(pair) }
}

/** Colour and shape of the state node's badge. */
function glyphOf({ running, situation }: ListedPair): Pick<Badge, 'fill' | 'shape'> {
  const { fill, shape } =
    running === null ? stoppedBadge('') : pairBadge({ status: running.status, situation }, (key) => key)
  return { fill, shape }
}

/** For programs `code`, for people (and logs) `message`. */
function answerTo(error: unknown): { readonly status: number; readonly body: object } {
  if (error instanceof PairError) {
    const { code, message, detail } = error
    return { status: STATUS[code] ?? 409, body: { code, message, detail } }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { status: 500, body: { code: 'unexpected_error', message, detail: '' } }
}
