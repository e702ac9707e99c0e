/** Runs a scenario file: commands in, transcript out. The file that comes back is the file that should be there. */
import type { Happening } from '../support/machine/pair'
import { COMMANDS, type Stage } from './commands'
import { lineOf, type Detail } from './transcript'
import { ScenarioError, Words } from './words'

const QUIET = '          ..'
/** What `NODE_DEBUG` puts before each line, and what a log puts before that. */
const TRACE_PREFIX = /^.*?\bHA-PAIR \d+: /

/**
 * The text of the file as it reads when everything is as it is: comments, blank lines and commands stay, each
 * command is followed by what happened. Errors: throws ScenarioError with the line's number on a command that is wrong.
 */
export function play(text: string): string {
  const stage: Stage = { pair: null, kept: new Map(), shown: new Set(), machines: new Map(), said: [] }
  const out: string[] = []
  text.split('\n').forEach((written, index) => {
    const line = written.replace(TRACE_PREFIX, '')
    if (line.startsWith('>')) {
      out.push(line.trimEnd())
      try {
        out.push(...perform(stage, line.slice(1).trim()))
      } catch (error) {
        if (error instanceof ScenarioError) throw new ScenarioError(`line ${index + 1}: ${error.message}`)
        throw error
      }
    } else if (line.trim() === '' || line.startsWith('#')) out.push(line.trimEnd())
    else if (!line.startsWith('  '))
      throw new ScenarioError(`line ${index + 1}: neither a command, nor a comment, nor output`)
  })
  return out.join('\n')
}

function perform(stage: Stage, line: string): string[] {
  const [name = '', ...rest] = line.split(/\s+/)
  const command = COMMANDS[name]
  if (command === undefined) throw new ScenarioError(`no such command: ${name}`)
  const words = new Words(rest)
  stage.pair?.happenings.splice(0)
  try {
    command.run(stage, words)
    words.end()
  } catch (error) {
    if (error instanceof ScenarioError) throw new ScenarioError(`${error.message}. Usage: ${command.usage}`)
    throw error
  }
  const lines = linesOf(stage.pair?.happenings.splice(0) ?? [], stage.shown)
  lines.push(...stage.said.splice(0))
  return lines.length === 0 && name === 'advance' ? [QUIET] : lines
}

/** What a side drops for one cause is one line, at its first time. */
function linesOf(happenings: readonly Happening[], shown: ReadonlySet<Detail>): string[] {
  const lines: string[] = []
  const drops = new Map<string, { readonly at: number; count: number }>()
  for (const happening of happenings) {
    const line = lineOf(happening, shown)
    if (line === null) continue
    const key = happening.kind === 'dropped' ? `${happening.side} ${happening.cause}` : null
    const known = key === null ? undefined : drops.get(key)
    if (known !== undefined) {
      known.count += 1
      continue
    }
    if (key !== null) drops.set(key, { at: lines.length, count: 1 })
    lines.push(line)
  }
  for (const { at, count } of drops.values()) if (count > 1) lines[at] = `${lines[at]}, ${count} times`
  return lines
}
