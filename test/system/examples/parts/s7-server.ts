/**
 * An S7 controller with one data block, as the example has it: REAL0 temperature, INT4 setpoint, DINT6 epoch. `node s7-server.js <port>`;
 * tells its parent who is connected, first of all when it listens, and what is written.
 */
import { installed } from './installed'

export type S7News = { readonly connected: number } | { readonly value: number; readonly epoch: number }

interface S7Tag {
  readonly DBNumber: number
  readonly Start: number
  readonly Size: number
}
interface S7Server {
  readonly operationRead: number
  readonly LocalPort: number
  SetResourceless(value: boolean): boolean
  SetParam(number: number, value: number): boolean
  on(
    event: 'readWrite',
    listener: (sender: string, operation: number, tag: S7Tag, buffer: Buffer, answer: (buffer?: Buffer) => void) => void
  ): void
  StartTo(address: string): boolean
  ClientsCount(): number
  LastError(): number
  ErrorText(error: number): string
}

const LOOK_EVERY_MS = 20

function tell(news: S7News): void {
  process.send?.(news)
}

function serve(port: number): void {
  const block = Buffer.alloc(10)
  block.writeFloatBE(21.5, 0)
  const server = new (installed('node-snap7') as { S7Server: new () => S7Server }).S7Server()
  server.SetResourceless(true)
  server.SetParam(server.LocalPort, port)
  server.on('readWrite', (_sender, operation, { Start, Size }, buffer, answer) => {
    if (operation === server.operationRead) {
      block.copy(buffer, 0, Start, Start + Size)
      answer(buffer)
      return
    }
    buffer.copy(block, Start, 0, Size)
    // The epoch is the last thing of a request.
    if (Start + Size === block.length) tell({ value: block.readInt16BE(4), epoch: block.readInt32BE(6) })
    answer()
  })
  if (!server.StartTo('127.0.0.1')) throw new Error(server.ErrorText(server.LastError()))
  let connected = 0
  tell({ connected })
  setInterval(() => {
    const now = server.ClientsCount()
    if (now !== connected) tell({ connected: now })
    connected = now
  }, LOOK_EVERY_MS)
}

// Its threads do not have to end in order.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
if (process.send !== undefined) serve(Number(process.argv[2]))
