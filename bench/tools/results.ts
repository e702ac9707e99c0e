/** What was measured, row by row, in a file that is written after each row: an interrupted run goes on where it stopped. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export interface Series {
  /** Who was measured: 'ha-pair', 'keepalived', ... */
  readonly who: string
  readonly unit: string
  readonly values: readonly number[]
  /** A point of a curve over the number of something, for the plot. */
  readonly at?: { readonly curve: string; readonly x: number }
}

export interface Verdict {
  /** The bar, as in the issue. */
  readonly bar: string
  readonly measured: string
  readonly met: boolean | null
}

export interface RowResult {
  readonly series: readonly Series[]
  readonly verdicts: readonly Verdict[]
  /** What a reader has to know: a peer that is missing, what was left out. */
  readonly notes: readonly string[]
}

export interface Measured extends RowResult {
  readonly at: string
  readonly machine: string
  readonly quick: boolean
}

export type Results = Record<string, Measured>

export function load(file: string): Results {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : {}
}

export function save(file: string, results: Results): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.part`, `${JSON.stringify(results, null, 1)}\n`)
  renameSync(`${file}.part`, file)
}
