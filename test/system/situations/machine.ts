/**
 * What can happen to the machine under a Node-RED, and that no request of a user makes: its clock jumps, its engine's thread dies and none is
 * given any more. GET /admin/machine?clock=<ms>&engine=dead makes it, ?clock=0&engine= ends it. All of it is in `settings.js`.
 */
export const MACHINE = `
const threads = require('node:worker_threads')
const CLOCK = 'const wall = Date.now; Date.now = () => wall() + Number(process.env.CLOCK_AHEAD_MS ?? 0);'
new Function(CLOCK)()
const { Worker } = threads
let engine = null
threads.Worker = class extends Worker {
  constructor(code, options) {
    const isEngine = options?.name === 'ha-pair'
    if (isEngine && process.env.NO_ENGINE === 'dead') throw new Error('no thread is given')
    super(isEngine ? '{' + CLOCK + '}' + code : code, options)
    if (isEngine) engine = this
  }
}
settings.httpAdminMiddleware = (request, response, next) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost')
  if (!pathname.endsWith('/machine')) return next()
  process.env.CLOCK_AHEAD_MS = searchParams.get('clock') ?? '0'
  process.env.NO_ENGINE = searchParams.get('engine') ?? ''
  if (process.env.NO_ENGINE === 'dead') engine.terminate()
  response.end('done')
}
if (process.env.CONTEXT_STORE === 'yes') {
  settings.contextStorage = {
    default: { module: 'memory' },
    pair: { module: require('@ha-pair/node-red-ha-pair/context'), config: {} }
  }
}`
