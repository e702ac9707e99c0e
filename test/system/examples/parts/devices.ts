/** Devices on field buses, from servers of others: they count who is connected, and keep what was written. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import { join } from 'node:path'
import { eventually, pause } from '../../../support/eventually'
import { killChild } from '../../../support/kill-child'
import { freePort } from '../../../support/ports'
import { installed } from './installed'
import type { S7News } from './s7-server'

/** A value that was written, and the epoch that went along. */
export interface Written {
  readonly value: number
  readonly epoch: number
}

/** What a controller takes that keeps the largest epoch it has seen, as the examples say. */
export function takenFrom(writes: readonly Written[]): Written[] {
  let largest = 0
  return writes.filter(({ epoch }) => {
    largest = Math.max(largest, epoch)
    return epoch === largest
  })
}

export function epochsOf(writes: readonly Written[]): number[] {
  return writes.map(({ epoch }) => epoch)
}

interface ModbusServer {
  readonly _server: Server
  on(event: 'socketError', listener: () => void): void
  close(done: () => void): void
}
interface ModbusVector {
  getHoldingRegister(address: number): number
  setRegisterArray(address: number, values: readonly number[]): void
}
interface ModbusSerial {
  new (): ModbusClient
  readonly ServerTCP: new (vector: ModbusVector, options: object) => ModbusServer
}
interface ModbusClient {
  connectTCP(host: string, options: { port: number }): Promise<void>
  setTimeout(ms: number): void
  setID(unit: number): void
  readHoldingRegisters(address: number, count: number): Promise<{ readonly data: readonly number[] }>
  on(event: 'close' | 'error', listener: () => void): void
  close(done: () => void): void
}

export class ModbusDevice {
  readonly port: number
  readonly writes: Written[] = []
  readonly #server: ModbusServer
  readonly #sockets = new Set<Socket>()

  private constructor(port: number, connectionsMax: number) {
    const { ServerTCP } = installed('modbus-serial') as ModbusSerial
    this.port = port
    this.#server = new ServerTCP(
      {
        getHoldingRegister: (address) => 100 + address,
        setRegisterArray: (_address, [value = 0, epoch = 0]) => void this.writes.push({ value, epoch })
      },
      { host: '127.0.0.1', port, unitID: 1 }
    )
    this.#server.on('socketError', () => undefined)
    this.#server._server.on('connection', (socket: Socket) => {
      if (this.#sockets.size === connectionsMax) {
        socket.destroy()
        return
      }
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  static async start(connectionsMax = Infinity): Promise<ModbusDevice> {
    const device = new ModbusDevice(await freePort(), connectionsMax)
    await eventually('the Modbus server listens', 20_000, () => device.#server._server.listening)
    return device
  }

  get connected(): number {
    return this.#sockets.size
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(resolve)
      for (const socket of this.#sockets) socket.destroy()
    })
  }
}

/** As a driver does it: connects, reads again and again, and comes again when it is thrown out. */
export class ModbusDriver {
  /** Readings so far. */
  reads = 0
  #ended = false
  readonly #port: number
  readonly #running: Promise<void>

  constructor(port: number) {
    this.#port = port
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#ended = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      const client = new (installed('modbus-serial') as ModbusSerial)()
      client.on('error', () => undefined)
      try {
        await client.connectTCP('127.0.0.1', { port: this.#port })
        client.setTimeout(1000)
        client.setID(1)
        while (!this.#ended) {
          await client.readHoldingRegisters(0, 2)
          this.reads++
          await pause(100)
        }
      } catch {
        await pause(300)
      }
      client.close(() => undefined)
    }
  }
}

/**
 * A controller with one data block (parts/s7-server.ts), in a process of its own: its server is native code, and when it ends its threads while
 * they are at work it may end the process with them.
 */
export class S7Device {
  readonly port: number
  readonly writes: Written[] = []
  readonly #process: ChildProcess
  #connected = 0

  private constructor(port: number) {
    this.port = port
    this.#process = fork(join(__dirname, 's7-server.js'), [String(port)])
    this.#process.on('message', (news: S7News) => {
      if ('connected' in news) this.#connected = news.connected
      else this.writes.push(news)
    })
  }

  static async start(): Promise<S7Device> {
    const device = new S7Device(await freePort())
    const ended = once(device.#process, 'exit').then(() => Promise.reject(new Error('the S7 server does not start')))
    await Promise.race([once(device.#process, 'message'), ended])
    return device
  }

  get connected(): number {
    return this.#connected
  }

  stop(): Promise<void> {
    return killChild(this.#process)
  }
}
