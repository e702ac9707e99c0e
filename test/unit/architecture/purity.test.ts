import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSource, typeScriptFiles, withoutComments } from './sources'
import { ROOT } from '../../support/root'

function runTool(script: string, args: readonly string[], cwd: string): { ok: boolean; said: string } {
  const run = spawnSync(process.execPath, [script, ...args], { cwd, encoding: 'utf8' })
  assert.equal(run.error, undefined)
  return { ok: run.status === 0, said: `${run.stdout}${run.stderr}` }
}

interface Config {
  readonly compilerOptions: { readonly types?: unknown; readonly lib?: unknown }
  readonly references: readonly { readonly path: string }[]
}

const configOf = (...path: readonly string[]): Config => JSON.parse(readFileSync(join(ROOT, ...path), 'utf8')) as Config

describe('protocol and rules are pure', () => {
  for (const [part, references] of [
    ['protocol', []],
    ['rules', [{ path: '../protocol' }]]
  ] as const) {
    it(`${part}: asks the compiler for no types of any platform`, () => {
      const config = configOf('src', part, 'tsconfig.json')
      assert.deepEqual(config.compilerOptions.types, [])
      assert.equal(config.compilerOptions.lib, undefined)
      assert.deepEqual(configOf('tsconfig.base.json').compilerOptions.lib, ['es2023'])
      assert.deepEqual(config.references, references)
    })

    it(`${part}: does not talk its way around the compiler`, () => {
      for (const file of typeScriptFiles(`src/${part}`)) {
        const text = readSource(file)
        assert.doesNotMatch(text, /^\s*\/\/\/\s*<reference/m, file)
        assert.doesNotMatch(text, /@ts-(ignore|nocheck|expect-error)|oxlint-disable|eslint-disable/, file)
        assert.doesNotMatch(withoutComments(text), /\bdeclare\b/, file)
      }
    })
  }

  describe('the compiler refuses', () => {
    let scratch = ''
    const protocol = (): string => join(scratch, 'src', 'protocol')
    const compile = (): { ok: boolean; said: string } =>
      runTool(join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), ['-p', protocol(), '--noEmit'], scratch)

    // Inside the checkout, so that the types of Node.js are within reach and only our settings keep them out.
    before(() => {
      mkdirSync(join(ROOT, '.tmp'), { recursive: true })
      scratch = mkdtempSync(join(ROOT, '.tmp', 'purity-'))
      copyFileSync(join(ROOT, 'tsconfig.base.json'), join(scratch, 'tsconfig.base.json'))
      for (const part of ['protocol', 'engine']) {
        cpSync(join(ROOT, 'src', part), join(scratch, 'src', part), { recursive: true })
      }
    })
    after(() => rmSync(scratch, { recursive: true, force: true }))
    afterEach(() => rmSync(join(protocol(), 'intruder.ts'), { force: true }))

    it('nothing in the protocol as it is', () => {
      const { ok, said } = compile()
      assert.ok(ok, said)
    })

    const intruders: readonly [what: string, code: string, complaint: RegExp][] = [
      ['an import of node:*', "import { readFileSync } from 'node:fs'\nexport const x = readFileSync\n", /node:fs/],
      ['a timer', 'export const x = setTimeout(() => {}, 1)\n', /Cannot find name 'setTimeout'/],
      ['the process', 'export const x = process.hrtime()\n', /Cannot find name 'process'/],
      ['a clock', 'export const x = performance.now()\n', /Cannot find name 'performance'/],
      ['the engine', "import { nowUs } from '../engine/cells'\nexport const x = nowUs\n", /engine\/cells\.ts/],
      [
        'an event with a reason with which it never comes',
        "import { machineEvent } from './events'\nexport const x = machineEvent('paused', 'operator', { ms: 1 })\n",
        /'"operator"' is not assignable to parameter of type '"own-stall" \| "suspended"'/
      ]
    ]
    for (const [what, code, complaint] of intruders) {
      it(what, () => {
        writeFileSync(join(protocol(), 'intruder.ts'), code)
        const { ok, said } = compile()
        assert.equal(ok, false, `${what} compiled`)
        assert.match(said, complaint)
      })
    }
  })

  describe('the linter refuses what the language itself brings', () => {
    let scratch = ''
    before(() => {
      scratch = mkdtempSync(join(tmpdir(), 'ha-pair-lint-'))
      mkdirSync(join(scratch, 'src', 'protocol'), { recursive: true })
      copyFileSync(join(ROOT, '.oxlintrc.json'), join(scratch, '.oxlintrc.json'))
    })
    after(() => rmSync(scratch, { recursive: true, force: true }))

    const lint = (code: string): { ok: boolean; said: string } => {
      writeFileSync(join(scratch, 'src', 'protocol', 'intruder.ts'), code)
      return runTool(join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint'), ['-c', '.oxlintrc.json', '.'], scratch)
    }

    it('but not innocent code', () => {
      const { ok, said } = lint('export const x = Math.max(1, 2)\n')
      assert.ok(ok, said)
      assert.match(said, /on 1 file/)
    })

    for (const code of ['Date.now()', 'new Date()', 'Math.random()', 'globalThis.setTimeout']) {
      it(code, () => {
        const { ok, said } = lint(`export const x = ${code}\n`)
        assert.equal(ok, false, `${code} passed the linter`)
        assert.match(said, /no-restricted-(globals|properties)/)
      })
    }
  })
})
