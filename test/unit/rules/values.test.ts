import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { healthPath, holdsVariable, isWholeVariable, namesVariable, wholeNumber } from '../../../src/rules/values'

describe('how a value is read', () => {
  for (const [value, number] of [
    [0, 0],
    [-3, -3],
    ['7', 7],
    [' 007 ', 7],
    ['+5', 5],
    ['-5', -5],
    ['200.0', 200],
    ['', null],
    [' ', null],
    ['7.5', null],
    [7.5, null],
    ['1e3', null],
    ['0x10', null],
    ['5,5', null],
    ['9'.repeat(16), null],
    [NaN, null],
    [Infinity, null],
    [true, null],
    [null, null],
    [undefined, null],
    [['5'], null],
    [{}, null]
  ] as const) {
    it(`${inspect(value)} as a whole number: ${number}`, () => assert.equal(wholeNumber(value), number))
  }

  for (const [text, holds, whole, named] of [
    ['${NAME}', true, true, true],
    ['${}', true, true, false],
    ['${A B}', true, true, false],
    ['x${NAME}', true, false, false],
    ['${A}${B}', true, false, false],
    ['$NAME', false, false, false],
    ['', false, false, false]
  ] as const) {
    it(`${inspect(text)} ${holds ? 'holds' : 'holds no'} variable`, () => {
      assert.deepEqual([holdsVariable(text), isWholeVariable(text), namesVariable(text)], [holds, whole, named])
    })
  }
  it('what is no text names no variable', () => assert.equal(namesVariable(['${NAME}']), false))

  for (const [text, path] of [
    ['', ''],
    [' ', ''],
    ['/ha', '/ha'],
    [' /ha/ ', '/ha'],
    ['/plant-2/line_1/.health~', '/plant-2/line_1/.health~'],
    ['/...', '/...'],
    ['ha', null],
    ['/', null],
    ['//', null],
    ['/a//b', null],
    ['/a/../b', null],
    ['/.', null],
    ['/a b', null],
    ['/:id', null],
    ['/ü', null],
    [`/${'a'.repeat(199)}`, `/${'a'.repeat(199)}`],
    [`/${'a'.repeat(200)}`, null]
  ] as const) {
    it(`${inspect(text)} as a path: ${inspect(path)}`, () => assert.equal(healthPath(text), path))
  }
})
