/** What an earlier report says, row by row: a row that is not measured again keeps its figures, with their date and commit. */

export interface Earlier {
  /** By title: the cells of the overview, bar, figure and verdict. */
  readonly verdicts: ReadonlyMap<string, readonly (readonly string[])[]>
  /** By title: the whole section, its heading too. */
  readonly sections: ReadonlyMap<string, string>
}

export const NOTHING_EARLIER: Earlier = { verdicts: new Map(), sections: new Map() }

const HEADING = '## '
const COLUMNS = 4

function cellsOf(line: string): string[] | null {
  if (!line.startsWith('|')) return null
  const cells = line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
  return cells.length === COLUMNS && !/^-+$/.test(cells[1] ?? '') ? cells : null
}

/** `page`: as the report is written, and formatted. */
export function parseEarlier(page: string): Earlier {
  const [head = '', ...rest] = page.split(new RegExp(`^(?=${HEADING})`, 'm'))
  const sections = new Map(
    rest.map((section) => {
      const title = section.slice(HEADING.length).split('\n', 1)[0] ?? ''
      return [title.trim(), section.replace(/\nNot measured yet: [^\n]*\s*$/, '').trim()] as const
    })
  )
  const verdicts = new Map<string, (readonly string[])[]>()
  let title = ''
  for (const line of head.split('\n')) {
    const cells = cellsOf(line)
    if (cells === null) continue
    const [what = '', ...verdict] = cells
    if (what !== '') title = what
    if (sections.has(title)) verdicts.set(title, [...(verdicts.get(title) ?? []), verdict])
  }
  return { verdicts, sections }
}
