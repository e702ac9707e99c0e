/** The status badges of a Node-RED, as its editor would show them now: over the editor's own WebSocket. */
import { createRequire } from 'node:module'
import { eventually } from '../eventually'
import type { NodeRedProcess } from './process'
import type { NodeRed } from './versions'

export interface Badge {
  readonly fill?: string
  readonly shape?: string
  readonly text?: string
}

/** As much of `ws` as is used here; the package is the one that Node-RED's own server runs on. */
interface WebSocketLike {
  on(event: 'open' | 'close', listener: () => void): void
  on(event: 'error', listener: (error: Error) => void): void
  on(event: 'message', listener: (data: Buffer) => void): void
  send(text: string): void
  close(): void
}

function webSocketOf(version: NodeRed): new (url: string) => WebSocketLike {
  const editorApi = createRequire(version.script).resolve('@node-red/editor-api')
  return createRequire(editorApi)('ws') as new (url: string) => WebSocketLike
}

export class Badges {
  readonly #shown = new Map<string, Badge>()
  readonly #socket: WebSocketLike

  private constructor(socket: WebSocketLike) {
    this.#socket = socket
    socket.on('message', (data) => {
      const told = JSON.parse(data.toString()) as { topic: string; data: Badge } | { topic: string; data: Badge }[]
      for (const { topic, data: badge } of [told].flat()) {
        if (topic?.startsWith('status/')) this.#shown.set(topic.slice('status/'.length), badge)
      }
    })
  }

  static async watch(version: NodeRed, nodeRed: NodeRedProcess): Promise<Badges> {
    const WebSocket = webSocketOf(version)
    const socket = new WebSocket(nodeRed.url('/admin/comms').replace('http', 'ws'))
    const badges = new Badges(socket)
    await new Promise<void>((resolve, reject) => {
      socket.on('open', resolve)
      socket.on('error', reject)
    })
    socket.send(JSON.stringify({ subscribe: 'status/#' }))
    return badges
  }

  /** Waits until the badge of a node looks like this; in any colour where `fill` is '', in none where it is undefined. */
  async shows(nodeId: string, fill: string | undefined, text: RegExp, withinMs: number): Promise<void> {
    const wanted = `the badge of ${nodeId} is ${fill} with ${text}`
    await eventually(wanted, withinMs, () => {
      const badge = this.#shown.get(nodeId)
      if (badge !== undefined && (fill === '' || badge.fill === fill) && text.test(badge.text ?? '')) return true
      throw new Error(`it is ${JSON.stringify(badge)}`)
    })
  }

  close(): void {
    this.#socket.close()
  }
}
