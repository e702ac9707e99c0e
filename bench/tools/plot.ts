/** Plots as SVG, readable on a light and on a dark page: strips of trials, and curves over the number of something. */
import type { Series } from './results'
import { summarize } from './statistics'

const WIDTH = 720
const LEFT = 150
const RIGHT = 30
const TOP = 44
const LANE = 56
const BOTTOM = 48
const CURVE_HEIGHT = 260
const COLOURS = ['#2f6fb0', '#c2571a', '#5b8c3a', '#7a5195'] as const
const TICKS = 6

/** Steps of 1, 2 or 5 times a power of ten; 1 where there is nothing to step over. */
export function niceStep(max: number, ticks: number): number {
  if (!(max > 0)) return 1
  const raw = max / ticks
  const power = 10 ** Math.floor(Math.log10(raw))
  return ([1, 2, 5, 10].find((factor) => factor * power >= raw * (1 - 1e-9)) ?? 10) * power
}

/** Whole steps from 0 to the first that is not below `max`. */
export function niceTicks(max: number, ticks: number): number[] {
  const step = niceStep(max, ticks)
  const count = Math.max(1, Math.ceil(max / step - 1e-9))
  return Array.from({ length: count + 1 }, (_, i) => i * step)
}

const escape = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
const label = (value: number): string => String(Number(value.toPrecision(6)))
const at = (value: number): string => value.toFixed(1)
const colour = (i: number): string => COLOURS[i % COLOURS.length] ?? COLOURS[0]

function text(x: number, y: number, content: string, anchor = 'middle', size = 12): string {
  return `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}" font-size="${size}">${escape(content)}</text>`
}

function frame(title: string, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}" font-family="system-ui, sans-serif" font-size="14">
<style>text { fill: #333 } .page { fill: #fff } @media (prefers-color-scheme: dark) { text { fill: #ddd } .page { fill: #1e1e1e } }</style>
<rect class="page" width="100%" height="100%"/>
${text(16, 22, title, 'start', 15)}
${parts.join('\n')}
</svg>
`
}

/** Where the dots of a lane lie above or below its middle: spread evenly, in an order that is the same each time. */
const offset = (i: number): number => (((i * 7) % 11) / 10 - 0.5) * 26

/** More dots than this show no more of a distribution, and make a file of megabytes. */
const DOTS_MAX = 500

/** All values, or as many of them as there are dots, evenly from the least to the greatest. */
function dotsOf(values: readonly number[]): readonly number[] {
  if (values.length <= DOTS_MAX) return values
  const sorted = values.toSorted((a, b) => a - b)
  const step = (sorted.length - 1) / (DOTS_MAX - 1)
  return Array.from({ length: DOTS_MAX }, (_, i) => sorted[Math.round(i * step)] ?? Number.NaN)
}

/** A dot for each trial (for some of very many), a line at the median. All series in one unit. */
export function stripPlot(title: string, series: readonly Series[]): string {
  const ticks = niceTicks(Math.max(0, ...series.flatMap(({ values }) => values)), TICKS)
  const end = ticks.at(-1) ?? 1
  const x = (value: number): number => LEFT + (value / end) * (WIDTH - LEFT - RIGHT)
  const bottom = TOP + series.length * LANE
  const axis = ticks.map(
    (tick) =>
      `<line x1="${at(x(tick))}" x2="${at(x(tick))}" y1="${TOP}" y2="${bottom}" stroke="#888" stroke-opacity="0.3"/>${text(x(tick), bottom + 18, label(tick))}`
  )
  const lanes = series.map(({ who, values }, lane) => {
    const y = TOP + lane * LANE + LANE / 2 + 6
    const { median } = summarize(values)
    const dots = dotsOf(values).map(
      (value, i) =>
        `<circle cx="${at(x(value))}" cy="${at(y + offset(i))}" r="3" fill="${colour(lane)}" fill-opacity="0.55"/>`
    )
    return [
      text(LEFT - 12, y + 5, who, 'end', 14),
      ...dots,
      `<line x1="${at(x(median))}" x2="${at(x(median))}" y1="${y - 22}" y2="${y + 22}" stroke="${colour(lane)}" stroke-width="3"/>`,
      text(x(median), y - 25, median.toPrecision(3))
    ].join('\n')
  })
  const unit = series[0]?.unit ?? ''
  return frame(title, bottom + BOTTOM, [...axis, ...lanes, text((LEFT + WIDTH - RIGHT) / 2, bottom + 38, unit)])
}

/** Medians over a logarithmic x, a curve for each name in `at`. */
export function curvePlot(title: string, series: readonly Series[], xName: string): string {
  const points = series.flatMap(({ at: place, values }) =>
    place === undefined ? [] : [{ curve: place.curve, x: place.x, y: summarize(values).median }]
  )
  const xs = [...new Set(points.map((point) => point.x))].toSorted((a, b) => a - b)
  const ticks = niceTicks(Math.max(0, ...points.map((point) => point.y)), TICKS)
  const [low, high] = [Math.log10(xs[0] ?? 1), Math.log10(xs.at(-1) ?? 10)]
  const bottom = TOP + CURVE_HEIGHT
  const x = (value: number): number =>
    LEFT + ((Math.log10(value) - low) / Math.max(1e-9, high - low)) * (WIDTH - LEFT - 5 * RIGHT)
  const y = (value: number): number => bottom - (value / (ticks.at(-1) ?? 1)) * CURVE_HEIGHT
  const axis = [
    ...ticks.map(
      (tick) =>
        `<line x1="${LEFT}" x2="${at(x(xs.at(-1) ?? 1))}" y1="${at(y(tick))}" y2="${at(y(tick))}" stroke="#888" stroke-opacity="0.3"/>${text(LEFT - 10, y(tick) + 4, label(tick), 'end')}`
    ),
    ...xs.map((value) => text(x(value), bottom + 18, value.toLocaleString('en')))
  ]
  const curves = [...new Set(points.map(({ curve }) => curve))].map((name, i) => {
    const own = points.filter(({ curve }) => curve === name).toSorted((a, b) => a.x - b.x)
    const last = own.at(-1)
    return [
      `<polyline points="${own.map((point) => `${at(x(point.x))},${at(y(point.y))}`).join(' ')}" fill="none" stroke="${colour(i)}" stroke-width="2"/>`,
      ...own.map((point) => `<circle cx="${at(x(point.x))}" cy="${at(y(point.y))}" r="4" fill="${colour(i)}"/>`),
      last === undefined ? '' : text(x(last.x) + 10, y(last.y) + 4, name, 'start', 13)
    ].join('\n')
  })
  const unit = series[0]?.unit ?? ''
  return frame(title, bottom + BOTTOM, [...axis, ...curves, text((LEFT + WIDTH) / 2, bottom + 38, `${xName}; ${unit}`)])
}
