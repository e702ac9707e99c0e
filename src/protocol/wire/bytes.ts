/** Fields of six bytes, big-endian: what JavaScript counts exactly. */

/** Largest value of a 48-bit field. */
export const UINT48_MAX = 2 ** 48 - 1

export function setUint48(view: DataView, offset: number, value: number): void {
  view.setUint16(offset, Math.floor(value / 2 ** 32))
  view.setUint32(offset + 2, value % 2 ** 32)
}

export function getUint48(view: DataView, offset: number): number {
  return view.getUint16(offset) * 2 ** 32 + view.getUint32(offset + 2)
}
