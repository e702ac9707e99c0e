/** The program as people call it: a process of its own. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { witnessLineOf } from '../../../src/witness/keys'
import { freePorts } from '../../support/ports'
import { WitnessProgram } from '../../support/witness-program'

const SECRET = 'f7yTq0Zs-2mWc9Rk_4dLxE8v'
const { key: KEY } = witnessLineOf(SECRET)
const { key: OTHER } = witnessLineOf('another pair’s key')

const run = (args: readonly string[], input = '') => new WitnessProgram(args).run(input)

describe('the program ha-pair-witness', function () {
  this.timeout(20_000)
  let folder = ''
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'ha-pair-witness-'))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('key: makes the witness key of what comes on standard input, and takes no line end for a part of it', async () => {
    const answers = await Promise.all([SECRET, `${SECRET}\n`, `${SECRET}\r\n`].map((input) => run(['key'], input)))
    for (const answer of answers) assert.deepEqual(answer, { code: 0, out: `${KEY}\n`, err: '' })
    const { code, out, err } = await run(['key'], '\n')
    assert.deepEqual([code, out], [2, ''])
    assert.match(err, /no key on standard input/)
  })

  it('ends with 2 when it is called wrong, and says how it is called', async () => {
    const calls: readonly (readonly [args: string[], says: RegExp])[] = [
      [[], /--key-file FILE --data DIR/],
      [['--key-file', 'x'], /--key-file FILE --data DIR/],
      [['--key-file', 'x', '--data', 'y', '--port', '0'], /--port takes 1 to 65535/],
      [['--key-file', 'x', '--data', 'y', '--port', 'many'], /--port takes 1 to 65535/],
      [['--no-such-thing'], /--no-such-thing/],
      [['key', 'extra'], /--key-file FILE --data DIR/]
    ]
    const ended = await Promise.all(calls.map(([args]) => run(args)))
    for (const [i, { code, out, err }] of ended.entries()) {
      assert.deepEqual([code, out], [2, ''], calls[i]?.[0].join(' '))
      assert.match(err, calls[i]?.[1] ?? /^$/)
    }
    const help = await run(['--help'])
    assert.deepEqual([help.code, help.err], [0, ''])
    assert.match(help.out, /ha-pair-witness key/)
  })

  it('ends with 1 when the key file cannot be used, names the line, and makes no folder', async () => {
    const file = join(folder, 'keys')
    const data = join(folder, 'data')
    const args = ['--key-file', file, '--data', data]
    assert.match((await run(args)).err, /ENOENT/)
    for (const [text, says] of [
      [`${KEY}\nhapw1_x`, /line 2 is no witness key/],
      [`${KEY}\n\n${KEY}`, /line 3 repeats a key/],
      ['# none', /holds no key/]
    ] as const) {
      writeFileSync(file, text)
      const { code, err } = await run(args)
      assert.equal(code, 1)
      assert.match(err, says)
      assert.ok(!err.includes(KEY), 'a key is in the log')
    }
    assert.ok(!existsSync(data))
  })

  it('serves, reads its keys again on SIGHUP, keeps them when the file is wrong, and ends with 0 when asked', async () => {
    const [port = 0] = await freePorts(1)
    const file = join(folder, 'keys')
    writeFileSync(file, `${KEY} line 1\n`)
    const args = ['--key-file', file, '--data', join(folder, 'data'), '--port', String(port), '--host', '127.0.0.9']
    const witness = new WitnessProgram(args)
    await witness.says(/a new witness, [0-9a-f]{16}/)
    await witness.says(new RegExp(`open on UDP port ${port}, for 1 pair`))
    writeFileSync(file, `${KEY} line 1\n${OTHER} line 2\n`)
    witness.signal('SIGHUP')
    await witness.says(/2 key\(s\) read/)
    writeFileSync(file, 'nonsense')
    witness.signal('SIGHUP')
    await witness.says(/the keys stay as they were: .*line 1 is no witness key/)
    assert.equal(await witness.end(), 0)

    writeFileSync(file, `${KEY} line 1\n`)
    const again = new WitnessProgram(args)
    await again.says(/start 2 of witness [0-9a-f]{16}/)
    assert.equal(await again.end('SIGINT'), 0)
  })
})
