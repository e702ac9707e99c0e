/**
 * Entry of the engine's thread: joins the engine to the host's messages, and sees to the thread's end.
 * Node aborts the whole process when a thread is torn down while one of its sockets receives (in `AddressToJS`): so
 * whatever ends this thread closes its sockets first, and only then lets go.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { createMachine } from '../protocol/create'
import { EngineCell } from './cells'
import { Engine } from './engine'
import { stackOf } from './error-code'
import type { EngineOptions, FromThread, ToThread } from './messages'
import { stderrTrace, traced } from './trace'

const host = parentPort
if (host === null) throw new Error('the engine runs in a worker thread')
const say = (message: FromThread): void => host.postMessage(message)
const options = workerData as EngineOptions
const cell = new EngineCell(options.engineCell)
const trace = stderrTrace()
const engine = new Engine(options, {
  createMachine: trace === null ? createMachine : traced(createMachine, trace),
  post: say
})

function end(exitCode: number): void {
  cell.markDead(true)
  engine.abandon()
  setImmediate(() => process.exit(exitCode))
}

process.on('uncaughtException', (error: unknown) => {
  end(1)
  say({ type: 'failed', error: stackOf(error) })
})
process.on('exit', () => cell.markDead(true))
host.on('message', (message: ToThread) => {
  if (message.type === 'halt') end(0)
  else engine.handle(message)
})
