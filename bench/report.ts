/** The table for the terminal, and docs/PERFORMANCE.md with its plots, from what was measured. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../test/e2e/harness/versions'
import { stripPlot } from './plot'
import type { Measured, Results, Series } from './results'
import type { Row } from './row'
import { summarize } from './statistics'

const DOCS = join(ROOT, 'docs')
const PLOTS = 'performance'

const figure = (value: number): string =>
  Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)

function lineOf({ who, unit, values }: Series): string[] {
  const { count, median, p95, min, max, spread } = summarize(values)
  return [who, String(count), `${figure(median)} ${unit}`, ...[p95, spread, min, max].map(figure)]
}

const HEAD = ['who', 'trials', 'median', 'p95', 'spread', 'min', 'max']

const verdictText = (measured: Measured): string[] =>
  measured.verdicts.map(
    ({ bar, measured: value, met }) => `${met === null ? 'does not count' : met ? 'met' : 'MISSED'}: ${bar}: ${value}`
  )

export function tableOf(rows: readonly Row[], results: Results): string {
  return rows
    .flatMap((row) => {
      const measured = results[row.name]
      if (measured === undefined) return [`${row.title}: not measured`]
      const lines = [HEAD, ...measured.series.map(lineOf)]
      const widths = HEAD.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)))
      return [
        `${row.title}${measured.quick ? ' (quick: only to try the benchmark)' : ''}`,
        ...lines.map((line) => `    ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`),
        ...[...verdictText(measured), ...measured.notes].map((text) => `    ${text}`)
      ]
    })
    .join('\n')
}

const markdownRow = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

function sectionOf(row: Row, measured: Measured): string {
  const plotted = measured.series.every(({ unit }) => unit === 'ms')
  const plot = `${PLOTS}/${row.name}.svg`
  if (plotted) writeFileSync(join(DOCS, plot), stripPlot(row.title, measured.series))
  return [
    `## ${row.title}`,
    `${row.how} Measured on ${measured.at}: ${measured.machine}.${measured.quick ? ' **A quick run: only to try the benchmark.**' : ''}`,
    [markdownRow(HEAD), markdownRow(HEAD.map(() => '---')), ...measured.series.map((s) => markdownRow(lineOf(s)))].join(
      '\n'
    ),
    ...(plotted ? [`![${row.title}: every trial as a dot, the median as a line](${plot})`] : []),
    [...verdictText(measured), ...measured.notes].map((text) => `- ${text}`).join('\n')
  ].join('\n\n')
}

export function writeReport(rows: readonly Row[], results: Results): void {
  mkdirSync(join(DOCS, PLOTS), { recursive: true })
  const measured = rows.filter(({ name }) => results[name] !== undefined)
  const missing = rows.filter(({ name }) => results[name] === undefined)
  const text = [
    '# Performance',
    'Written by `npm run bench -- --report`; do not edit. Each row is measured at the user’s end, beside its peers, in one run on one machine. Spread is the interquartile range. Numbers of other machines differ; ratios should not by much.',
    ...measured.map((row) => sectionOf(row, results[row.name] as Measured)),
    ...(missing.length > 0 ? [`Not measured: ${missing.map(({ title }) => title).join('; ')}.`] : [])
  ].join('\n\n')
  writeFileSync(join(DOCS, 'PERFORMANCE.md'), `${text}\n`)
}
