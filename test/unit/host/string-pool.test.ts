import { deepEqual, equal } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { StringPool } from '../../../src/host/string-pool'

/** As another thread's messages come. */
function received<T>(value: T): T {
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(value)
  const message = receiveMessageOnPort(port2)?.message as T
  port1.close()
  return message
}

describe('words of another thread', () => {
  it('are replaced at any depth, and nothing else is', () => {
    const update = {
      type: 'update',
      pairId: 7,
      events: [
        { event: 'role', at: 1.5, detail: { role: 'active', previousRole: null, down: [0, 1], places: ['a:1'] } }
      ],
      snapshot: { role: 'active', online: true, peer: null, epoch: 2 ** 40 }
    }
    const message = received(update)
    equal(new StringPool().intern(message), message)
    deepEqual(message, update)
  })

  it('pass through where they are all there is', () => {
    const words = new StringPool()
    deepEqual(
      ['active', 7, null, undefined].map((value) => words.intern(value)),
      ['active', 7, null, undefined]
    )
  })

  it('are kept once, however many messages say them', () => {
    const [separate, shared] = [keptBytes(false), keptBytes(true)]
    // A string of its own takes 16 bytes and its letters.
    equal(
      separate - shared > MESSAGES * 16,
      true,
      `${separate} bytes with strings of their own, ${shared} with shared ones`
    )
  })
})

const MESSAGES = 20_000

/** What so many messages that all say the same keep in memory; in a process of its own, whose garbage can be collected. */
function keptBytes(share: boolean): number {
  const code = `
    const { MessageChannel, receiveMessageOnPort } = require('node:worker_threads')
    const { StringPool } = require(${JSON.stringify(require.resolve('../../../src/host/string-pool'))})
    const words = new StringPool()
    const { port1, port2 } = new MessageChannel()
    const kept = []
    gc()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < ${MESSAGES}; i++) {
      port1.postMessage({ reason: 'peer-heard' })
      const { message } = receiveMessageOnPort(port2)
      kept.push(${share} ? words.intern(message) : message)
    }
    gc()
    console.log(process.memoryUsage().heapUsed - before)
    port1.close()`
  return Number(execFileSync(process.execPath, ['--expose-gc', '-e', code], { encoding: 'utf8' }))
}
