/** The steps of the README's 'Your first pair in five minutes', so that a test can walk them and say which one it is at. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../support/root'

export interface Step {
  readonly number: number
  readonly title: string
  readonly text: string
}

const SECTION = { 'README.md': 'Your first pair in five minutes', 'README.zh-CN.md': '五分钟组成第一个双机对' } as const

export function stepsOf(file: keyof typeof SECTION): Step[] {
  const readme = readFileSync(join(ROOT, file), 'utf8')
  const [, section = ''] = readme.split(`\n## ${SECTION[file]}\n`)
  assert.notEqual(section, '', `${file} has its first evening`)
  const [own = ''] = section.split('\n## ')
  return [...own.matchAll(/^\*\*(\d+)\. ([^*]+?)[.。]?\*\*([^]*?)(?=^\*\*|$(?![^]))/gm)].map(
    ([, number, title = '', text = '']) => ({ number: Number(number), title, text })
  )
}

/** What a step sets in code type: commands, names, texts of the screen. */
export const codeIn = ({ text }: Step): string[] => [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
export const blocksIn = ({ text }: Step): string[] =>
  [...text.matchAll(/^```\w*\n([^]*?)^```/gm)].map(([, block = '']) => block.trim())
/** What it sets in italics: what is to be pressed or chosen. */
export const pressesIn = ({ text }: Step): string[] => [...text.matchAll(/\b_([^_\n]+)_/g)].map(([, word = '']) => word)
