/**
 * What goes into a machine and comes out, in words: the grammar of `test/scenarios/README.md`. The trace writes it; the scenarios
 * write it too and read it again. One line each, bounded, whatever stands in it.
 */
import { encodeClassic, encodeExtended, SEALED_BYTES, type Flag, type Frame } from '../protocol/wire/frame'
import { idText } from '../protocol/wire/bytes'
import type { Answer, Ask } from '../protocol/wire/witness-frame'
import type { Input, Output } from '../protocol/machine'
import type { PairSettings } from '../protocol/settings'
import type { Told } from './events'

/** Commands are never cut, since they are played again: what they are made of is short. */
const OUTPUT_CHARS_MAX = 600
const FREE_TEXT_CHARS_MAX = 100

/** A line that is indented, however long the host runs: ms, who, what. */
export function transcriptLine(atMs: number, who: string, text: string): string {
  return `  ${`${Math.floor(atMs)}`.padStart(6)} ${who.padStart(2)}  ${bounded(text, OUTPUT_CHARS_MAX)}`
}

export function frameText(frame: Frame, link: number): string {
  const five = `${frame.head} ${frame.state} id=${frame.id} value=${frame.value}`
  const trailer = frame.trailer
  if (trailer === null) return five
  const flags = (Object.keys(trailer.flags) as Flag[]).filter((flag) => trailer.flags[flag])
  const reason = trailer.reason === 'none' ? '' : ` ${trailer.reason}`
  const path = link === 0 ? '' : ` link=${link}`
  return `${frame.head} ${frame.state} epoch=${trailer.epoch} seq=${trailer.seq} ack=${trailer.ack} [${flags.join(' ')}]${reason}${path}`
}

export function eventText(event: Told): string {
  switch (event.event) {
    case 'role':
      return `${event.detail.previousRole} => ${event.detail.role}, ${event.reason}, epoch ${event.detail.epoch}`
    case 'online':
      return `${event.detail.online ? 'online' : 'offline'}, ${event.reason}`
    case 'link': {
      const { link } = event.detail
      if ('from' in event.detail) return `link ${link} address-changed, ${event.detail.from} -> ${event.detail.to}`
      return `link ${link} ${'up' in event.detail && event.detail.up ? 'up' : 'down'}, ${event.reason}`
    }
    default: {
      const words = Object.entries(event.detail).map(([key, value]) => `${key}=${String(value)}`)
      return [`${event.event}, ${event.reason}`, ...words].join(' ')
    }
  }
}

export function gateText(open: boolean, epoch: number): string {
  return open ? `gate open, epoch ${epoch}` : 'gate shut'
}

export function barrierText(id: number): string {
  return `barrier ${id}`
}

export function barrierOverText(id: number, granted: boolean): string {
  return `barrier ${id} over, ${granted ? 'granted' : 'called off'}`
}

export function outputText(output: Output): string {
  switch (output.kind) {
    case 'send':
      return `-> ${frameText(output.frame, output.link)}${output.toSource ? ' to-source' : ''}`
    case 'store':
      return `store ${output.ticket} ${JSON.stringify(output.record)}`
    case 'event':
      return eventText(output)
    case 'drop':
      return `dropped ${output.cause}`
    case 'reply':
      return `reply ${output.id}: ${output.ok ? `ok ${output.role}` : `failed ${output.error}`}`
    case 'ask':
      return askText(output.ask)
    case 'barrier':
      return barrierText(output.id)
    case 'barrierOver':
      return barrierOverText(output.id, output.granted)
  }
}

/** The words of `step` after the time: enough to give the machine the same input once more. */
export function inputText(input: Input): string {
  switch (input.kind) {
    case 'start':
      return `start ${JSON.stringify(input.record)}`
    case 'tick':
      return 'tick'
    case 'frame':
      return `frame ${input.link} ${hexOf(input.frame)}`
    case 'unsent':
      return `unsent ${input.link}`
    case 'tether':
      return `tether ${input.id} ${idText(input.session)} ${idText(input.peerSession)}${input.provable ? ' provable' : ''}`
    case 'tetherEnded':
      return `tether-ended ${input.id}${input.fin ? ' fin' : ''}`
    case 'redialled':
      return `redialled ${input.id}${input.refused ? ' refused' : ''}`
    case 'foreignRecord':
      return 'foreign-record'
    case 'link':
      return `link ${input.link} ${input.open ? 'open' : 'closed'} ${bounded(input.detail, FREE_TEXT_CHARS_MAX)}`.trimEnd()
    case 'stored':
      return `stored ${input.ticket} ${input.ok ? 'ok' : 'failed'}`
    case 'command':
      return `command ${input.id} ${input.designate}${input.force ? ' force' : ''}`
    case 'fitness':
      return `fitness ${input.value}`
    case 'hostStalled':
      return `flows ${input.stalled ? 'stalled' : 'alive'}`
    case 'suspended':
      return `suspended ${input.ms}`
    case 'flows':
      return `flows hash ${input.hash}`
    case 'data': {
      const { epoch, number } = input.position
      return `data ${epoch}/${number}${word(input.users, 'users')}${word(input.open, 'open')}${word(input.inStep, 'in-step')}`
    }
    case 'barrierDone':
      return `barrier-done ${input.id} ${input.ok ? 'ok' : 'failed'}`
    case 'witness':
      return answerText(input.answer)
    case 'goodbye':
      return `goodbye ${input.reason}`
  }
}

export function askText({ session, echo, seq, ack, loan, promiseMs, ...is }: Ask): string {
  const words = `${word(is.wants, 'wants')}${word(is.holds, 'holds')}${word(is.releases, 'releases')}${word(is.states, 'states')}`
  const ids = `${idText(session)}>${idText(echo)} seq=${seq} ack=${ack}`
  return `ask ${is.role} ${idText(is.nodeId)} ${ids} loan=${loan} promise=${promiseMs}ms${words}`
}

/** All of it: enough to give the machine the same answer once more. */
export function answerText({ witnessId, session, echo, seq, ack, loan, promisedMs, ...is }: Answer): string {
  const ids = `${idText(witnessId)} ${idText(session)}>${idText(echo)} seq=${seq} ack=${ack}`
  const other = `other=${idText(is.other)}/${is.otherHeardAgoMs === null ? 'never' : `${is.otherHeardAgoMs}ms`}`
  const words = `${word(is.lent, 'lent')}${word(is.copied, 'copied')}${word(is.otherStates, 'other-states')}${word(is.otherHolds, 'other-holds')}`
  return `witness ${ids} loan=${loan} promised=${promisedMs}ms holder=${idText(is.holder)} ${other}${words}`
}

function word(isSo: boolean, text: string): string {
  return isSo ? ` ${text}` : ''
}

/** The words of `machine` after its name: what a machine makes of its settings, and none of its addresses. */
export function settingsText(settings: PairSettings, keyed: boolean): string {
  return [
    settings.wire,
    keyed ? 'keyed' : 'keyless',
    `links=${settings.links.length}`,
    `policy=${settings.policy}`,
    `priority=${settings.priority}`,
    `failback=${onOff(settings.failback)}`,
    `failbackDelay=${settings.failbackDelayMs}ms`,
    `heartbeat=${settings.heartbeatMs}ms`,
    `peerTimeout=${settings.peerTimeoutMs}ms`,
    `receiptTimeout=${settings.receiptTimeoutMs}ms`,
    `lossLimit=${settings.lossLimit}`,
    `stallLimit=${settings.stallLimitMs}ms`,
    `crashProof=${onOff(settings.crashProof)}`,
    `channel=${settings.channel}`
  ].join(' ')
}

/** Of an extended frame the part that is sealed: the seal itself is of no use to a machine. */
function hexOf(frame: Frame): string {
  if (frame.trailer === null) return Buffer.from(encodeClassic(frame)).toString('hex')
  const bytes = Buffer.alloc(SEALED_BYTES)
  encodeExtended(frame, bytes)
  return bytes.toString('hex')
}

function onOff(on: boolean): string {
  return on ? 'on' : 'off'
}

/** One line of so many characters at most. */
export function bounded(text: string, charsMax: number): string {
  // oxlint-disable-next-line no-control-regex
  const line = text.replaceAll(/[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g, ' ')
  return line.length <= charsMax ? line : `${line.slice(0, charsMax - 1)}…`
}
