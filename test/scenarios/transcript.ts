/** How a happening reads in a transcript: time in ms, side, then stable codes only. Grammar: README.md. */
import type { Flag, Frame } from '../../src/protocol/wire/frame'
import type { Input } from '../../src/protocol/machine'
import type { Happening } from '../harness/pair'

/** What a reader may ask to see or not to see. */
export type Detail = 'sends' | 'links' | 'gate' | 'starts' | 'tethers'

/** The line for a happening, or null when it is not shown. */
export function lineOf(happening: Happening, shown: ReadonlySet<Detail>): string | null {
  const text = textOf(happening, shown)
  if (text === null) return null
  const side = happening.kind === 'overlap' ? '!!' : happening.side.padStart(2)
  return `${at(happening.atMs)} ${side}  ${text}`
}

function at(ms: number): string {
  return `${Math.floor(ms)}`.padStart(8)
}

function textOf(happening: Happening, shown: ReadonlySet<Detail>): string | null {
  switch (happening.kind) {
    case 'event':
      return isHidden(happening, shown) ? null : eventText(happening)
    case 'reply':
      return `reply ${happening.id}: ${happening.text}`
    case 'dropped':
      return `dropped ${happening.cause}`
    case 'gate':
      if (!shown.has('gate')) return null
      return happening.open ? `gate open, epoch ${happening.epoch}` : 'gate shut'
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

function eventText(event: Extract<Happening, { kind: 'event' }>): string {
  const detail = event.detail
  switch (event.event) {
    case 'role':
      return `${detail['previousRole']} => ${detail['role']}, ${event.reason}, epoch ${detail['epoch']}`
    case 'online':
      return `${detail['online'] === true ? 'online' : 'offline'}, ${event.reason}`
    case 'link':
      if (event.reason === 'address-changed')
        return `link ${detail['link']} address-changed, ${detail['from']} -> ${detail['to']}`
      return `link ${detail['link']} ${detail['up'] === true ? 'up' : 'down'}, ${event.reason}`
    default: {
      const words = Object.entries(detail).map(([key, value]) => `${key}=${String(value)}`)
      return [`${event.event}, ${event.reason}`, ...words].join(' ')
    }
  }
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

function frameText(frame: Frame, link: number): string {
  const five = `${frame.head} ${frame.state} id=${frame.id} value=${frame.value}`
  const trailer = frame.trailer
  if (trailer === null) return five
  const flags = (Object.keys(trailer.flags) as Flag[]).filter((flag) => trailer.flags[flag])
  const reason = trailer.reason === 'none' ? '' : ` ${trailer.reason}`
  const path = link === 0 ? '' : ` link=${link}`
  return `${frame.head} ${frame.state} epoch=${trailer.epoch} seq=${trailer.seq} ack=${trailer.ack} [${flags.join(' ')}]${reason}${path}`
}
