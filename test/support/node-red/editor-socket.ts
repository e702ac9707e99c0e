/** The editor's WebSocket, as an editor holds it: everything that Node-RED publishes comes in. */
import { createRequire } from 'node:module'
import type { NodeRedProcess } from './process'
import type { NodeRed } from './versions'

/** As much of `ws` as is used here; the package is the one that Node-RED's own server runs on. */
interface WebSocketLike {
  on(event: 'open' | 'close', listener: () => void): void
  on(event: 'error', listener: (error: Error) => void): void
  on(event: 'message', listener: (data: Buffer) => void): void
  send(text: string): void
  close(): void
}

export interface Published {
  readonly topic: string
  readonly data: unknown
}

export class EditorSocket {
  closed = false
  readonly #socket: WebSocketLike
  readonly #heard: Published[] = []

  private constructor(socket: WebSocketLike) {
    this.#socket = socket
    socket.on('close', () => {
      this.closed = true
    })
    socket.on('message', (data) => {
      const told = JSON.parse(data.toString()) as unknown
      if (Array.isArray(told)) this.#heard.push(...(told as Published[]))
    })
  }

  /** With a token: logs in first, as an editor does, and waits until that is accepted. */
  static async open(version: NodeRed, host: NodeRedProcess, token?: string): Promise<EditorSocket> {
    const editorApi = createRequire(version.script).resolve('@node-red/editor-api')
    const WebSocket = createRequire(editorApi)('ws') as new (url: string) => WebSocketLike
    const socket = new WebSocket(host.url('/admin/comms').replace('http', 'ws'))
    const opened = new EditorSocket(socket)
    await new Promise<void>((resolve, reject) => {
      socket.on('open', resolve)
      socket.on('error', reject)
    })
    if (token === undefined) return opened
    await new Promise<void>((resolve, reject) => {
      socket.on('message', (data) => {
        const { auth } = JSON.parse(data.toString()) as { auth?: string }
        if (auth === 'ok') resolve()
        else if (auth !== undefined) reject(new Error(`the login over the WebSocket: ${auth}`))
      })
      socket.send(JSON.stringify({ auth: token }))
    })
    return opened
  }

  subscribe(topic: string): void {
    this.#socket.send(JSON.stringify({ subscribe: topic }))
  }

  /** What came so far whose topic begins like this. */
  about(topic: string): readonly Published[] {
    return this.#heard.filter((published) => published.topic.startsWith(topic))
  }

  forget(): void {
    this.#heard.length = 0
  }

  close(): void {
    this.#socket.close()
  }
}
