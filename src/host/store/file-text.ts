/**
 * The file of a store: lines of JSON. The first says what it is, then come entries (a later one with the same name counts), and the last one
 * says where the copy stands and seals all before it, so that half a file is not taken for a whole one.
 */
import { createHash, type Hash } from 'node:crypto'
import { lineIn, positionIn } from './bodies'
import type { Entry } from './copy'
import { NOWHERE, type Position } from '../../protocol/position'
import type { Promotion } from './positions'
import { entryIn } from './texts'
import { mayBeTagged, ValueError } from './values'

const FORMAT = 'ha-pair context 1'

export interface Stand {
  readonly position: Position
  readonly line: readonly Promotion[]
  readonly floor: Position
}

export interface Loaded extends Stand {
  readonly entries: readonly Entry[]
}

export class FileText {
  readonly #hash: Hash = createHash('sha256')

  head(): string {
    return this.entries([JSON.stringify({ format: FORMAT })])
  }

  entries(texts: readonly string[]): string {
    const text = texts.map((one) => `${one}\n`).join('')
    this.#hash.update(text)
    return text
  }

  end({ position, line, floor }: Stand): string {
    return `${JSON.stringify({ position, line, floor, sha256: this.#hash.digest('hex') })}\n`
  }
}

/** Throws on what no whole file looks like. */
export function readFileText(text: string): Loaded {
  const lastAt = text.lastIndexOf('\n', text.length - 2) + 1
  const sealed = text.slice(0, lastAt)
  const lines = sealed.split('\n')
  const head = JSON.parse(lines[0] ?? '') as { readonly format?: unknown }
  if (head.format !== FORMAT) throw new ValueError('it has another format')
  const end = JSON.parse(text.slice(lastAt)) as Partial<Record<string, unknown>>
  if (end['sha256'] !== createHash('sha256').update(sealed).digest('hex')) throw new ValueError('it is damaged')
  const entries = lines.slice(1, -1).map((line) => entryIn(JSON.parse(line), mayBeTagged(line)))
  return {
    entries,
    position: positionIn(end['position']),
    line: lineIn(end['line']),
    floor: end['floor'] === undefined ? NOWHERE : positionIn(end['floor'])
  }
}
