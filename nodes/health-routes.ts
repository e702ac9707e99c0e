/**
 * The health endpoint on the flows' HTTP server. One handler for all pairs of the process looks each path up in a map: what
 * comes and goes with deploys is the map's entries, and never a route of the server. It stands before the routes of all
 * `http in` nodes, in the same place after a deploy as after a restart.
 *
 * A pair that a deploy closes goes on answering, and with the truth, until its successor takes over or the flows run
 * without it: a load balancer must not see a deploy as a failure.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { NodeAPI } from 'node-red'
import { HEALTH_PAGES, healthAnswer, type HealthPage } from '../src/host/health'
import type { HealthReading } from '../src/host/health-reading'
import { whenFlowsStarted } from './flows-started'

type Next = (error?: unknown) => void
type Handler = (request: IncomingMessage, response: ServerResponse, next: Next) => void

interface Entry {
  /** Id of the config node. */
  readonly owner: string
  readonly name: string
  readonly read: () => HealthReading
  /** Closed by a deploy that has not started its flows yet. */
  leaving: boolean
}

/** By the server's application: two of them are two Node-RED in one process. */
const installed = new WeakMap<object, HealthRoutes>()

export class HealthRoutes {
  readonly #events: NodeAPI['events']
  readonly #log: NodeAPI['log']
  readonly #middleware: readonly Handler[]
  readonly #pages = new Map<string, { readonly page: HealthPage; readonly entry: Entry }>()

  private constructor(RED: NodeAPI) {
    this.#events = RED.events
    this.#log = RED.log
    this.#middleware = handlersIn(RED.settings.httpNodeMiddleware)
  }

  /** Null where the flows have no HTTP server. */
  static of(RED: NodeAPI): HealthRoutes | null {
    if (RED.settings.httpNodeRoot === false) return null
    const known = installed.get(RED.httpNode)
    if (known !== undefined) return known
    const routes = new HealthRoutes(RED)
    installed.set(RED.httpNode, routes)
    RED.httpNode.use(routes.#handle)
    return routes
  }

  /** The name of another pair that answers under one of these paths, or null. */
  takenBy(path: string, owner: string): string | null {
    for (const place of placesUnder(path)) {
      const entry = this.#pages.get(place.path)?.entry
      if (entry !== undefined && entry.owner !== owner && !entry.leaving) return entry.name
    }
    return null
  }

  /** Answers under `path` from now on. Returns the function for the close of the config node. */
  serve(path: string, owner: string, name: string, read: () => HealthReading): (removed: boolean) => void {
    const entry: Entry = { owner, name, read, leaving: false }
    const places = placesUnder(path)
    for (const place of places) this.#pages.set(place.path, { page: place.page, entry })
    const forget = (): void => {
      for (const place of places) if (this.#pages.get(place.path)?.entry === entry) this.#pages.delete(place.path)
    }
    return (removed) => {
      entry.leaving = true
      if (removed) forget()
      else whenFlowsStarted(this.#events, forget)
    }
  }

  readonly #handle: Handler = (request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return next()
    const path = pathOf(request.url ?? '')
    if (!this.#pages.has(path)) return next()
    through(this.#middleware, request, response, (error) => {
      if (error !== undefined) return this.#fail(path, error, response)
      // Looked up only now: the answer is decided at the instant at which it is given.
      const found = this.#pages.get(path)
      if (found === undefined) return next()
      healthAnswer(found.page, found.entry.read()).then(
        ({ status, headers, body }) => {
          response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) }).end(body)
        },
        (cause: unknown) => this.#fail(path, cause, response)
      )
    })
  }

  /** The server's own page for errors would show a stack, with paths of this machine. */
  #fail(path: string, error: unknown, response: ServerResponse): void {
    this.#log.warn(`ha-pair: ${path}: ${error instanceof Error ? error.stack : String(error)}`)
    if (!response.headersSent) response.writeHead(500, { 'Cache-Control': 'no-store' })
    response.end()
  }
}

function placesUnder(path: string): readonly { readonly page: HealthPage; readonly path: string }[] {
  return (Object.keys(HEALTH_PAGES) as HealthPage[]).map((page) => ({ page, path: `${path}${HEALTH_PAGES[page]}` }))
}

/** Without the query, and without a slash at its end. */
function pathOf(url: string): string {
  return (url.split('?', 1)[0] ?? '').replace(/\/$/, '')
}

/** `httpNodeMiddleware` holds for every `http in` node, so it holds here: a function, or a list of them. */
function handlersIn(setting: unknown): readonly Handler[] {
  const list: unknown[] = Array.isArray(setting) ? setting.flat(Infinity) : [setting]
  return list.filter((handler): handler is Handler => typeof handler === 'function')
}

/** One after the other, each if the one before calls its `next` without an error. */
function through(handlers: readonly Handler[], request: IncomingMessage, response: ServerResponse, done: Next): void {
  const [first, ...rest] = handlers
  if (first === undefined) return done()
  try {
    first(request, response, (error) => {
      if (error !== undefined && error !== null) done(error)
      else through(rest, request, response, done)
    })
  } catch (error) {
    done(error)
  }
}
