/** TLS as the channel uses it: version 1.3, a pre-shared key and no certificate, ephemeral keys, and nothing resumed. */
import { constants } from 'node:crypto'
import type { Socket } from 'node:net'
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'

export const TLS = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  /** A pre-shared key goes with SHA-256; 256-bit AES does not. */
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256',
  /** A resumed session would be let in without the key. */
  secureOptions: constants.SSL_OP_NO_TICKET
} as const

const EXPORTER = 'EXPORTER-ha-pair-channel'
const EXPORTER_BYTES = 32
const NO_CONTEXT = Buffer.alloc(0)

let shared: SecureContext | null = null

/** One for all that is dialled. */
export function dialContext(): SecureContext {
  shared ??= createSecureContext(TLS)
  return shared
}

/** The same bytes at both ends of a connection, and at no other one. */
export function exporterOf(socket: TLSSocket): Buffer {
  return socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER, NO_CONTEXT)
}

/** Ends a connection so that nobody takes it for the end of a process. */
export function reset(raw: Socket): void {
  raw.resetAndDestroy()
}
