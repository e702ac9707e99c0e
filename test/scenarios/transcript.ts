/** How a happening reads in a transcript: time in ms, side, then stable codes only. Grammar: README.md. */
import {
  barrierOverText,
  barrierText,
  eventText,
  frameText,
  gateText,
  transcriptLine
} from '../../src/engine/transcript'
import type { Input } from '../../src/protocol/machine'
import type { Happening } from '../support/machine/pair'

/** What a reader may ask to see or not to see. */
export type Detail = 'sends' | 'links' | 'gate' | 'starts' | 'tethers'

/** The line for a happening, or null when it is not shown. */
export function lineOf(happening: Happening, shown: ReadonlySet<Detail>): string | null {
  const text = textOf(happening, shown)
  if (text === null) return null
  return transcriptLine(happening.atMs, happening.kind === 'overlap' ? '!!' : happening.side, text)
}

function textOf(happening: Happening, shown: ReadonlySet<Detail>): string | null {
  switch (happening.kind) {
    case 'event':
      return isHidden(happening, shown) ? null : eventText(happening)
    case 'reply':
      return `reply ${happening.id}: ${happening.text}`
    case 'dropped':
      return `dropped ${happening.cause}`
    case 'barrier':
      return happening.over === null
        ? barrierText(happening.id)
        : barrierOverText(happening.id, happening.over === 'granted')
    case 'gate':
      if (!shown.has('gate')) return null
      return gateText(happening.open, happening.epoch)
    case 'process':
      return happening.state
    case 'told':
      return shown.has('tethers') ? toldText(happening.input) : null
    case 'sent':
      return shown.has('sends') ? `-> ${frameText(happening.frame, happening.link)}` : null
    case 'overlap':
      return happening.begins ? 'both serve' : `no longer both, after ${Math.round(happening.lastedMs)} ms`
  }
}

/** With one link it says what `online` says, and every start of a process begins with the same words. */
function isHidden({ event, reason }: Extract<Happening, { kind: 'event' }>, shown: ReadonlySet<Detail>): boolean {
  if (event === 'link') return reason !== 'address-changed' && !shown.has('links')
  return (event === 'started' || reason === 'store-new') && !shown.has('starts')
}

function toldText(input: Input): string {
  switch (input.kind) {
    case 'tether':
      return `tether ${input.id} up${input.provable ? '' : ', addresses differ'}`
    case 'tetherEnded':
      return `tether ${input.id} ended${input.fin ? ' with a FIN' : ''}`
    case 'redialled':
      return `dial after tether ${input.id} ${input.refused ? 'refused' : 'not refused'}`
    default:
      return input.kind
  }
}
