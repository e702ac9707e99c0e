/** Small files with a checksum: three lines, the format, the body as JSON, and a hash of both. */
import { createHash } from 'node:crypto'
import { UINT48_MAX } from '../protocol/wire/bytes'

export function checkedText(format: string, value: object): string {
  const body = JSON.stringify(value)
  return `${format}\n${body}\n${checksum(format, body)}\n`
}

/** Which of these formats it has, and what is in it; null = it is not, byte for byte, what `checkedText` made. */
export function readCheckedText<F extends string>(
  text: string,
  formats: readonly F[]
): { readonly format: F; readonly value: unknown } | null {
  const [first, body, check, rest] = text.split('\n')
  const format = formats.find((known) => known === first)
  if (format === undefined || body === undefined || check !== checksum(format, body) || rest !== '') return null
  return { format, value: JSON.parse(body) as unknown }
}

/** A number of a file that goes into a frame. */
export function isCount(value: unknown, min = 0): boolean {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= UINT48_MAX
}

function checksum(format: string, body: string): string {
  return createHash('sha256').update(format).update(body).digest('hex')
}
