/** Where alerts arrive: a mailbox behind a mail server, and a web hook. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freePort } from '../../../support/ports'
import { installed } from './installed'

export const MAIL = { user: 'pair@plant.example', password: 'of the tests', to: 'night-shift@plant.example' } as const

interface SmtpOptions {
  readonly disabledCommands: readonly string[]
  readonly allowInsecureAuth: boolean
  readonly onAuth: (
    auth: { readonly username: string; readonly password: string },
    session: unknown,
    done: (error: Error | null, answer?: { user: string }) => void
  ) => void
  readonly onData: (stream: NodeJS.ReadableStream, session: unknown, done: () => void) => void
}
interface SmtpServer {
  listen(port: number, host: string, done: () => void): void
  on(event: 'error', listener: () => void): void
  close(done: () => void): void
}

/** Keeps the mails of whoever knows the password. */
export class Mailbox {
  readonly port: number
  readonly mails: string[] = []
  readonly #server: SmtpServer

  private constructor(port: number) {
    const { SMTPServer } = installed('smtp-server') as {
      SMTPServer: new (options: SmtpOptions) => SmtpServer
    }
    this.port = port
    this.#server = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) => {
        if (username === MAIL.user && password === MAIL.password) done(null, { user: username })
        else done(new Error('wrong user or password'))
      },
      onData: (stream, _session, done) => {
        let mail = ''
        stream.on('data', (chunk: Buffer) => (mail += chunk.toString()))
        stream.on('end', () => {
          this.mails.push(mail)
          done()
        })
      }
    })
    this.#server.on('error', () => undefined)
  }

  static async open(): Promise<Mailbox> {
    const mailbox = new Mailbox(await freePort())
    await new Promise<void>((resolve) => {
      mailbox.#server.listen(mailbox.port, '127.0.0.1', resolve)
    })
    return mailbox
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(resolve)
    })
  }
}

export interface Alert {
  readonly subject: string
  readonly todo: string
  readonly host: string
  readonly event: string
  readonly reason: string
}

export class WebHook {
  readonly alerts: Alert[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        this.alerts.push(JSON.parse(body) as Alert)
        response.end('ok')
      })
    })
  }

  static async open(): Promise<WebHook> {
    const hook = new WebHook()
    hook.#server.listen(0, '127.0.0.1')
    await once(hook.#server, 'listening')
    return hook
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/alert`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

/** A device that is asked over HTTP: it counts by path, and takes its time if told to. */
export class HttpDevice {
  answerAfterMs = 0
  readonly #asked = new Map<string, number>()
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      const path = request.url ?? ''
      this.#asked.set(path, this.asked(path) + 1)
      setTimeout(() => response.end('{"temperature": 21}'), this.answerAfterMs)
    })
  }

  static async start(): Promise<HttpDevice> {
    const device = new HttpDevice()
    device.#server.listen(0, '127.0.0.1')
    await once(device.#server, 'listening')
    return device
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`
  }

  asked(path: string): number {
    return this.#asked.get(path) ?? 0
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
