/** Keys of every kind: the dialog and the runtime have to judge them alike. */
import { createHash } from 'node:crypto'

const BY_HAND = [
  'plant42',
  'correct horse battery staple',
  'river lantern copper engine window basket marble',
  'Summer2024!Plant',
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  '123456789012345678901234567890',
  'PLANT-2024-LINE-1-KEY',
  'Xabcd9Xabcd9Xabcd9Xabcd9',
  '密钥密钥密钥密钥密钥密钥密钥密钥',
  '   '
]
/** Around the limit, from certainly weak to certainly strong. */
const LENGTHS = [8, 13, 14, 15, 16, 17, 18, 20, 24, 32]

export function keyCases(): string[] {
  const noise = LENGTHS.flatMap((length) =>
    (['base64url', 'hex'] as const).map((encoding) =>
      createHash('sha512').update(`key ${length}`).digest(encoding).slice(0, length)
    )
  )
  return [...BY_HAND, ...noise]
}
