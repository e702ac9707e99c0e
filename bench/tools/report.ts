/** The table for the terminal, and docs/dev/PERFORMANCE.md with its plots, from what was measured. Nothing in here touches a file. */
import { NOTHING_EARLIER, type Earlier } from './earlier'
import { curvePlot, stripPlot } from './plot'
import type { Measured, Results, Series } from './results'
import type { Row } from './row'
import { summarize } from './statistics'

/** Folder of the plots, below that of the report. */
export const PLOTS = 'performance'

/** What the table and the report need of a row. */
export type Titled = Pick<Row, 'name' | 'title' | 'how'>

export interface Report {
  readonly markdown: string
  /** By file name. */
  readonly plots: ReadonlyMap<string, string>
}

export const figure = (value: number): string =>
  Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : Number(value.toPrecision(3)).toString()

const HEAD = ['who', 'trials', 'median', 'p95', 'spread', 'min', 'max']

function lineOf({ who, unit, values }: Series): string[] {
  const { count, median, p95, min, max, spread } = summarize(values)
  return [who, String(count), `${figure(median)} ${unit}`, ...[p95, spread, min, max].map(figure)]
}

const verdictText = (measured: Measured): string[] =>
  measured.verdicts.map(
    ({ bar, measured: value, met }) => `${met === null ? 'does not count' : met ? 'met' : 'MISSED'}: ${bar}: ${value}`
  )

export function tableOf(rows: readonly Titled[], results: Results): string {
  return rows
    .flatMap((row) => {
      const measured = results[row.name]
      if (measured === undefined) return [`${row.title}: not measured`]
      const lines = [HEAD, ...measured.series.map(lineOf)]
      const widths = HEAD.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)))
      return [
        `${row.title}${measured.quick ? ' (quick: only to try the benchmark)' : ''}`,
        ...lines.map((line) => `    ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`),
        ...[...verdictText(measured), ...measured.notes].map((line) => `    ${line}`)
      ]
    })
    .join('\n')
}

const markdownRow = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

/** A curve where the series are points of one, strips of dots where all are times; nothing else is worth a picture. */
function plotOf(row: Titled, { series }: Measured): string | null {
  if (series.length === 0) return null
  if (series.every(({ at }) => at !== undefined)) return curvePlot(row.title, series, 'number of pairs')
  const unit = series[0]?.unit
  return series.every((each) => each.unit === unit && unit === 'ms') ? stripPlot(row.title, series) : null
}

function sectionOf(row: Titled, measured: Measured, note: string | undefined, hasPlot: boolean): string {
  const table = [HEAD, HEAD.map(() => '---'), ...measured.series.map(lineOf)].map(markdownRow).join('\n')
  return [
    `## ${row.title}`,
    row.how,
    `Measured on ${measured.at}: ${measured.machine}.${measured.quick ? ' **A quick run: only to try the benchmark.**' : ''}`,
    table,
    ...(hasPlot ? [`![${row.title}](${PLOTS}/${row.name}.svg)`] : []),
    [...verdictText(measured), ...measured.notes].map((text) => `- ${text}`).join('\n'),
    ...(note === undefined ? [] : [note])
  ].join('\n\n')
}

function overview(rows: readonly Titled[], results: Results, earlier: Earlier): string {
  const lines = rows.flatMap((row) => {
    const verdicts = results[row.name]?.verdicts.map(({ bar, measured, met }) => [
      bar,
      measured,
      met === null ? 'does not count' : met ? 'met' : '**missed**'
    ])
    return (verdicts ?? earlier.verdicts.get(row.title) ?? []).map((cells, i) => [i === 0 ? row.title : '', ...cells])
  })
  return [['what', 'bar', 'measured', ''], ['---', '---', '---', '---'], ...lines].map(markdownRow).join('\n')
}

/** `earlier`: what is kept of rows that were not measured since. */
export function reportOf(
  rows: readonly Titled[],
  results: Results,
  notes: ReadonlyMap<string, string>,
  earlier: Earlier = NOTHING_EARLIER
): Report {
  const plots = new Map<string, string>()
  const sections: string[] = []
  const missing: string[] = []
  for (const row of rows) {
    const measured = results[row.name]
    if (measured === undefined) {
      const kept = earlier.sections.get(row.title)
      if (kept === undefined) missing.push(row.title)
      else sections.push(kept)
      continue
    }
    const plot = plotOf(row, measured)
    if (plot !== null) plots.set(`${row.name}.svg`, plot)
    sections.push(sectionOf(row, measured, notes.get(row.name), plot !== null))
  }
  const markdown = [
    '# Performance',
    'Written by `npm run bench -- --report` from what `npm run bench` measured, and from `bench/notes.md`; do not edit. Each row is measured at the user’s end, beside its peers, in one run on one machine. Spread is the interquartile range. Numbers of other machines differ; ratios should not by much.',
    ...(sections.length > 0 ? [overview(rows, results, earlier)] : []),
    ...sections,
    ...(missing.length > 0 ? [`Not measured yet: ${missing.join('; ')}.`] : [])
  ].join('\n\n')
  return { markdown: `${markdown}\n`, plots }
}
