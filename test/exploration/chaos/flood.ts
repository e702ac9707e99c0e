/** Junk for a side's pair ports, from its peer's namespace: `node flood.js <seed> <perSecond> <address:port>...` */
import { createSocket } from 'node:dgram'
import { EXTENDED_BYTES, VERSION } from '../../../src/protocol/wire/frame'
import { seededRandom } from '../../support/random'

const EVERY_MS = 5
const HEADS = [0xa0, 0xa5, 0xaa, 0xaf]

const [seed, perSecond, ...targets] = process.argv.slice(2)
const random = seededRandom(Number(seed))
const socket = createSocket('udp4')

/** Pure noise, frames of the classic wire, and frames that look right up to their seal. */
function junk(): Buffer {
  const kind = random(3)
  const bytes = Buffer.alloc(kind === 0 ? random(300) : kind === 1 ? 5 : EXTENDED_BYTES)
  for (let i = 0; i < bytes.length; i++) bytes[i] = random(256)
  if (kind > 0) {
    bytes[0] = 0xff
    bytes[1] = HEADS[random(HEADS.length)] ?? 0
    bytes[2] = random(3)
  }
  if (kind === 2) bytes[5] = VERSION
  return bytes
}

setInterval(() => {
  for (let i = 0; i < (Number(perSecond) * EVERY_MS) / 1000; i++) {
    const [address, port] = (targets[random(targets.length)] ?? '').split(':')
    socket.send(junk(), Number(port), address)
  }
}, EVERY_MS)
process.on('disconnect', () => process.exit(0))
