/** A strip plot as SVG: every trial a dot, a line at the median; readable on a light and on a dark page. */
import type { Series } from './results'
import { summarize } from './statistics'

const WIDTH = 720
const LEFT = 110
const RIGHT = 30
const TOP = 44
const LANE = 56
const BOTTOM = 48
const COLOURS = ['#2f6fb0', '#c2571a', '#5b8c3a', '#7a5195'] as const
const TICKS = 6

/** Steps of 1, 2 or 5 times a power of ten. */
export function niceStep(max: number, ticks: number): number {
  const raw = max / ticks
  const power = 10 ** Math.floor(Math.log10(raw))
  return ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** Where the dots of a lane lie above or below its middle: spread evenly, in an order that is the same each time. */
const offset = (i: number): number => (((i * 7) % 11) / 10 - 0.5) * 26

export function stripPlot(title: string, series: readonly Series[]): string {
  const max = Math.max(...series.flatMap(({ values }) => values))
  const step = niceStep(max, TICKS)
  const end = Math.ceil(max / step) * step
  const x = (value: number): number => LEFT + (value / end) * (WIDTH - LEFT - RIGHT)
  const bottom = TOP + series.length * LANE
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, i) => i * step)
  const lanes = series.map(({ who, values }, lane) => {
    const y = TOP + lane * LANE + LANE / 2
    const colour = COLOURS[lane % COLOURS.length]
    const { median } = summarize(values)
    const dots = values.map(
      (value, i) =>
        `<circle cx="${x(value).toFixed(1)}" cy="${(y + offset(i)).toFixed(1)}" r="3.5" fill="${colour}" fill-opacity="0.55"/>`
    )
    const at = x(median).toFixed(1)
    return [
      `<text x="${LEFT - 12}" y="${y + 5}" text-anchor="end">${escape(who)}</text>`,
      ...dots,
      `<line x1="${at}" x2="${at}" y1="${y - 22}" y2="${y + 22}" stroke="${colour}" stroke-width="3"/>`,
      `<text x="${at}" y="${y - 25}" text-anchor="middle" font-size="12">${median.toPrecision(3)}</text>`
    ].join('\n')
  })
  const axis = ticks.map(
    (tick) =>
      `<line x1="${x(tick).toFixed(1)}" x2="${x(tick).toFixed(1)}" y1="${TOP}" y2="${bottom}" stroke="#888" stroke-opacity="0.3"/>
<text x="${x(tick).toFixed(1)}" y="${bottom + 18}" text-anchor="middle" font-size="12">${Number(tick.toPrecision(6))}</text>`
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + BOTTOM}" role="img" aria-label="${escape(title)}" font-family="system-ui, sans-serif" font-size="14">
<style>text { fill: #333 } rect { fill: #fff } @media (prefers-color-scheme: dark) { text { fill: #ddd } rect { fill: #1e1e1e } }</style>
<rect width="100%" height="100%"/>
<text x="${LEFT}" y="22" font-size="15">${escape(title)}</text>
${axis.join('\n')}
${lanes.join('\n')}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${bottom + 38}" text-anchor="middle" font-size="12">ms</text>
</svg>
`
}
