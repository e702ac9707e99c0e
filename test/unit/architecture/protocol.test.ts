/** The protocol: no circles, and two machines that do not know each other. */
import assert from 'node:assert/strict'
import { importsOf, readSource, typeScriptFiles } from './sources'

const FILES = typeScriptFiles('src/protocol')
const TARGETS = new Map(
  FILES.map((file) => [file.replace(/\.ts$/, ''), importsOf(file).map(({ target }) => target)] as const)
)

/** The files on a way that leads back to where it began, types included; null when there is none. */
function circle(file: string, way: readonly string[], done: Set<string>): readonly string[] | null {
  if (way.includes(file)) return [...way.slice(way.indexOf(file)), file]
  if (done.has(file)) return null
  for (const target of TARGETS.get(file) ?? []) {
    const found = circle(target, [...way, file], done)
    if (found !== null) return found
  }
  done.add(file)
  return null
}

describe('the protocol', () => {
  it('has no circle of files', () => {
    const done = new Set<string>()
    for (const file of TARGETS.keys()) assert.equal(circle(file, [], done)?.join(' -> ') ?? null, null)
  })

  it('has two machines that share the wire, the epoch allocator and the settings, and do not know each other', () => {
    for (const [file, targets] of TARGETS) {
      for (const target of targets) {
        const inside = /^src\/protocol\/(extended|classic)\//
        const of = inside.exec(target)?.[1]
        if (of === undefined || file === 'src/protocol/create') continue
        assert.equal(inside.exec(file)?.[1], of, `${file} imports ${target}`)
      }
    }
  })

  it('asks in one place only which policy it is', () => {
    for (const file of FILES) {
      if (file.endsWith('/policy.ts')) continue
      assert.doesNotMatch(readSource(file), /[pP]olicy [!=]== '/, file)
    }
  })
})
