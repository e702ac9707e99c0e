/**
 * The real machine, made of glass: the compiled text of `src/protocol`, loaded with every private member `#name`
 * written as a plain property `_p_name`, so that a state can be copied and compared from outside.
 *
 * Why that changes nothing it does: private names are lexical and no two classes here inherit from each other, so that
 * a unique plain name reaches the same member; fields are initialised in the same order with the same values; and no code
 * there lists, spreads, serialises or probes (`#name in`) its instances, so nobody can see the difference.
 * `text` refuses what would break this argument, and model.test.ts walks both machines side by side.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { compileFunction } from 'node:vm'
import type { PairMachine } from '../../../src/protocol/machine'
import type { PairSettings } from '../../../src/protocol/settings'
import * as originalLender from '../../../src/protocol/witness/lender'
import type { Lender, LoanRecord } from '../../../src/protocol/witness/lender'
import * as original from '../../../src/protocol/create'
import { copy } from './copy'
import { ROOT } from '../../support/root'

type Create = typeof original.createMachine

/** A machine as the model uses it. */
export interface Protocol {
  create(settings: PairSettings, randomInt: (boundExclusive: number) => number): PairMachine
  /** A machine that goes on independently of the one given. */
  fork(machine: PairMachine): PairMachine
  /** The third voice; the two sides have the numbers 0 and 1. */
  lend(nowMs: number, witnessId: bigint, session: bigint, loan: LoanRecord | null): Lender<number>
  /** The same for a lender. */
  forkLender(lender: Lender<number>): Lender<number>
  /** It knows its peer, and that is on its disk; null = cannot be asked. */
  hasMet(machine: PairMachine): boolean | null
}

/** Compiled text of a mutant, by file without extension, in the place of the machine's own. */
type Mutant = ReadonlyMap<string, string>

const FOLDER = join(ROOT, 'dist', 'src', 'protocol')

function text(file: string, mutant: Mutant): string {
  const source = mutant.get(file.replace(/\.js$/, '')) ?? readFileSync(join(FOLDER, file), 'utf8')
  assert.ok(!source.includes('_p_'), `${file} has names of its own that begin with _p_`)
  assert.ok(!/#\w+ in |\bextends\b(?! Output|<)|Object\.(keys|entries|assign|values)\(this/.test(source), file)
  return source.replace(/#([A-Za-z]\w*)/g, '_p_$1')
}

/** Loads the compiled protocol afresh, or a mutant of it. */
export function loadTransparent(mutant: Mutant = new Map()): Protocol {
  const loaded = new Map<string, Record<string, unknown>>()
  const load = (file: string): Record<string, unknown> => {
    const known = loaded.get(file)
    if (known !== undefined) return known
    const exported: Record<string, unknown> = {}
    loaded.set(file, exported)
    const body = compileFunction(text(file, mutant), ['exports', 'require'], { filename: `transparent/${file}` })
    body(exported, (name: string) => load(`${posix.join(posix.dirname(file), name)}.js`))
    return exported
  }
  const create = load('create.js')['createMachine'] as Create
  const OneLender = load('witness/lender.js')['Lender'] as typeof originalLender.Lender
  return {
    create: (settings, randomInt) => create(settings, { randomInt, keyed: true }),
    fork: copy,
    lend: (nowMs, witnessId, session, loan) => new OneLender<number>(nowMs, witnessId, session, loan),
    forkLender: copy,
    hasMet: (machine) => (machine as unknown as { readonly epochs: { readonly hasMet: boolean } }).epochs.hasMet
  }
}

/** The machine as it ships: it cannot be forked, so it can only be walked along one path. */
export const OPAQUE: Protocol = {
  create: (settings, randomInt) => original.createMachine(settings, { randomInt, keyed: true }),
  fork: (machine) => machine,
  lend: (nowMs, witnessId, session, loan) => new originalLender.Lender<number>(nowMs, witnessId, session, loan),
  forkLender: (lender) => lender,
  hasMet: () => null
}
