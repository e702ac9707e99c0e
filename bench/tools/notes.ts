/** What people found out about a row: bench/notes.md, a section for each row, which goes into PERFORMANCE.md with it. */

/** Text below each `## name`, by name. Errors: throws on a name that is no row, so that no note is lost. */
export function parseNotes(markdown: string, names: readonly string[]): ReadonlyMap<string, string> {
  const [, ...sections] = markdown.split(/^## +/m)
  return new Map(
    sections.map((section) => {
      const end = section.indexOf('\n')
      const name = (end < 0 ? section : section.slice(0, end)).trim()
      if (!names.includes(name)) throw new Error(`a note on '${name}', which is no row`)
      return [name, end < 0 ? '' : section.slice(end).trim()]
    })
  )
}
