import { hub } from '../../../src/host/root'

/** Makes the engine's thread die of an exception; resolves when it is dead. */
export async function crashEngine(): Promise<void> {
  const thread = hub.worker
  if (thread === null) throw new Error('no engine runs')
  const dead = new Promise((done) => thread.once('exit', done))
  thread.postMessage(null)
  await dead
}
