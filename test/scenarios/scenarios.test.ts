/**
 * Every `*.txt` of this folder (and its subfolders) is a scenario: commands and the transcript they give.
 * `npm test -- scenarios --update` rewrites the transcripts; review them as a diff.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { COMMANDS } from './commands'
import { play } from './script'
import { ScenarioError } from './words'
import { ROOT } from '../support/root'

const FOLDER = join(ROOT, 'test', 'scenarios')
const updates = process.env['HA_PAIR_UPDATE'] === '1'

const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .sort()

describe('scenarios', () => {
  for (const name of files) {
    it(name.replaceAll('\\', '/'), () => {
      const path = join(FOLDER, name)
      const expected = readFileSync(path, 'utf8')
      const actual = play(expected)
      if (updates && actual !== expected) writeFileSync(path, actual)
      else assert.equal(actual, expected)
      assert.ok(actual.includes('\n> '), 'a scenario without a command proves nothing')
    })
  }
})

describe('scenario files', () => {
  it('are there for both wires', () => {
    for (const wire of ['classic', 'extended']) {
      assert.ok(
        files.some((name) => name.startsWith(wire)),
        wire
      )
    }
  })

  it('the README names every command', () => {
    const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8').replaceAll('\\|', '|')
    for (const command of Object.values(COMMANDS)) assert.ok(readme.includes(`\`${command.usage}\``), command.usage)
  })

  it('the README shows a trace as it is', () => {
    const [, section = ''] = readFileSync(join(FOLDER, 'README.md'), 'utf8').split('## A trace as a scenario')
    const example = [...section.matchAll(/^ {4}(.*)$/gm)].map(([, line]) => line).join('\n')
    assert.ok(example.includes('> step m1 '))
    assert.equal(play(example), example)
  })

  for (const [what, text, complaint] of [
    ['an unknown command', '> pair classic\n> explode', 'line 2: no such command: explode'],
    ['a word too many', '> pair classic\n> crash a now', 'line 2: too many words: now'],
    ['a wrong time', '> pair classic\n> advance 3', 'line 2: 3 is no time'],
    ['an unknown setting', '> pair classic speed=3', 'line 1: speed is no setting'],
    ['a command before the pair', '> start', 'line 1: there is no pair yet'],
    ['a step of nobody', '> step m1 5 tick', 'line 1: there is no machine m1'],
    [
      'an unknown input',
      '> machine m1 extended keyed draws=1,2,3,4\n> step m1 5 sneeze',
      'line 2: no such input: sneeze'
    ],
    [
      'bytes that are no frame',
      '> machine m1 classic keyless\n> step m1 5 frame 0 ffa0',
      'line 2: these bytes are no frame: short'
    ],
    ['a stray line', 'hello', 'line 1: neither']
  ] as const) {
    it(`are refused with ${what}`, () => {
      assert.throws(
        () => play(text),
        (error: unknown) => error instanceof ScenarioError && error.message.startsWith(complaint)
      )
    })
  }

  it('notice a transcript that is not what happens', () => {
    const text = '> pair classic a.token=9 b.token=5\n> start a\n           0  a  something else\n'
    assert.notEqual(play(text), text)
    assert.equal(play(play(text)), play(text))
  })
})
