/** Numbers that JavaScript has no type for, as bytes and as text. */

/** Largest value of a 48-bit field, big-endian: what JavaScript counts exactly. */
export const UINT48_MAX = 2 ** 48 - 1

export function setUint48(view: DataView, offset: number, value: number): void {
  view.setUint16(offset, Math.floor(value / 2 ** 32))
  view.setUint32(offset + 2, value % 2 ** 32)
}

export function getUint48(view: DataView, offset: number): number {
  return view.getUint16(offset) * 2 ** 32 + view.getUint32(offset + 2)
}

/** Of 64 bits, as files, logs and transcripts have it: 16 hex digits. */
export function idText(id: bigint): string {
  return id.toString(16).padStart(16, '0')
}
