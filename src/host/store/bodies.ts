/** What the two halves of a store say to each other: JSON, one object a body. */
import { NOWHERE, type Position } from '../../protocol/position'
import { isCount } from '../../rules/values'
import type { Promotion } from './positions'
import { ValueError } from './values'

export interface Commit {
  readonly position: Position
  readonly line: readonly Promotion[] | null
}

/** The serving side's, from the beginning of a change to its commit. */
export interface Put {
  readonly kind: 'put'
  /** Where a change begins: on which copy; null = it goes on. */
  readonly begins: {
    /** `delta`: what changed since `from`. `snapshot`: everything. */
    readonly mode: 'delta' | 'snapshot'
    readonly from: Position
    /** What the other side has is not an older state of this. */
    readonly diverged: boolean
  } | null
  /** As `texts.ts` has them, still as `JSON.parse` made them. */
  readonly entries: readonly unknown[]
  /** The change is whole, where the copy stands with it, and its line if that is news; null = more follows. */
  readonly commit: Commit | null
  /** To be answered by `ok` with the same number; 0 = not. */
  readonly ack: number
  readonly text: string
}

export type Body =
  | Put
  /** Where the speaker's copy stands. */
  | { readonly kind: 'at'; readonly position: Position }
  | { readonly kind: 'ok'; readonly ack: number }
  /** Scopes that the speaker's flows do not know: do the other side's? */
  | { readonly kind: 'unknown'; readonly scopes: readonly string[] }
  /** Nor do the speaker's. */
  | { readonly kind: 'unknown-too'; readonly scopes: readonly string[] }
  /** The speaker's flows are other ones now. */
  | { readonly kind: 'cleaned' }

export function encodeBody(body: Exclude<Body, Put>): Buffer {
  return Buffer.from(JSON.stringify(body))
}

/** `entries`: texts. */
export function encodePut(
  begins: Put['begins'],
  entries: readonly string[],
  commit: Commit | null,
  ack: number
): Buffer {
  const fields = JSON.stringify({ kind: 'put', begins, commit, ack })
  return Buffer.from(`${fields.slice(0, -1)},"entries":[${entries.join(',')}]}`)
}

/** Throws on what no body looks like. */
export function decodeBody(bytes: Uint8Array): Body {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
  const said = JSON.parse(text) as Readonly<Record<string, unknown>>
  switch (said['kind']) {
    case 'put':
      return {
        kind: 'put',
        begins: said['begins'] === null ? null : beginsIn(said['begins']),
        entries: arrayIn(said['entries']),
        commit: said['commit'] === null ? null : commitIn(said['commit']),
        ack: countIn(said['ack']),
        text
      }
    case 'at':
      return { kind: 'at', position: positionIn(said['position']) }
    case 'ok':
      return { kind: 'ok', ack: countIn(said['ack']) }
    case 'unknown':
    case 'unknown-too':
      return { kind: said['kind'], scopes: arrayIn(said['scopes']).map(String) }
    case 'cleaned':
      return { kind: 'cleaned' }
    default:
      throw new ValueError('a body is damaged')
  }
}

function beginsIn(said: unknown): NonNullable<Put['begins']> {
  const { mode, from, diverged } = said as Partial<Record<string, unknown>>
  if (mode !== 'delta' && mode !== 'snapshot') throw new ValueError('a body is damaged')
  return { mode, from: positionIn(from), diverged: diverged === true }
}

function commitIn(said: unknown): Commit {
  const { position, line } = (said ?? {}) as Partial<Record<string, unknown>>
  return { position: positionIn(position), line: line === null ? null : lineIn(line) }
}

export function positionIn(said: unknown): Position {
  const { epoch, number } = (said ?? {}) as Partial<Record<string, unknown>>
  if (!isCount(epoch) || !isCount(number)) throw new ValueError('a position is damaged')
  return epoch === 0 ? NOWHERE : { epoch, number }
}

export function lineIn(said: unknown): readonly Promotion[] {
  return arrayIn(said).map((one) => {
    const { epoch, from } = (one ?? {}) as Partial<Record<string, unknown>>
    return { epoch: countIn(epoch), from: positionIn(from) }
  })
}

function arrayIn(said: unknown): readonly unknown[] {
  if (!Array.isArray(said)) throw new ValueError('a list is damaged')
  return said
}

function countIn(said: unknown): number {
  if (!isCount(said)) throw new ValueError('a number is damaged')
  return said
}
