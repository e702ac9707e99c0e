/** One pair on the page. Built once and then kept up to date in place, so that focus and scrolling stay where they are. */
import type { ChannelStatus, PairLink, PairStatus } from '../../src/host/pair'
import { element, icon, setAttribute, setChildren, setText } from '../dom'
import type { Context, Desk, RunningPair, ShownEvent, ShownPair } from './answer'
import { Orders } from './orders'
import {
  clock,
  eventText,
  exactClock,
  gap,
  joined,
  lasting,
  milliseconds,
  problemText,
  reasonAdvice,
  reasonText,
  say,
  warningText
} from './words'

const EVENTS_AT_FIRST = 12

type AlertKind = 'trouble' | 'warning' | 'problem'
/** Kind, sentence, what to do ('' = nothing). */
type Alert = readonly [AlertKind, string, string]

let cards = 0

export class Card {
  readonly element: HTMLElement
  readonly #desk: Desk
  #view: ShownPair
  #context: Context
  #allEvents = false
  /** Lines of the timeline by the event's number, alerts by what they say: what stays the same stays in the page. */
  #lines = new Map<number, HTMLElement>()
  readonly #alerts = new Map<string, HTMLElement>()

  readonly #glyph = element('span', { class: 'ha-pair-glyph', 'aria-hidden': 'true' })
  readonly #name: HTMLElement
  readonly #settings = element('button', { type: 'button', class: 'ha-pair-icon-button' }, icon('fa-cog'))
  readonly #state = element('p', { class: 'ha-pair-state' })
  readonly #since = element('span', { class: 'ha-pair-since' })
  readonly #epoch = element('span', { class: 'ha-pair-epoch' })
  readonly #why = element('p', { class: 'ha-pair-why' })
  readonly #alertList = element('ul', { class: 'ha-pair-alerts' })
  readonly #facts = element('dl', { class: 'ha-pair-facts' })
  readonly #peer = element('dd')
  readonly #roundTrip = element('dd')
  readonly #links = element('ul', { class: 'ha-pair-links' })
  readonly #policy = element('dd')
  readonly #key = element('dd')
  readonly #channel = element('dd')
  readonly #orders: Orders
  readonly #events: HTMLElement
  readonly #more = element('button', { type: 'button', class: 'ha-pair-more' })
  readonly #history: HTMLElement

  constructor(view: ShownPair, context: Context, desk: Desk) {
    this.#view = view
    this.#context = context
    this.#desk = desk
    const nameId = `ha-pair-card-${++cards}`
    this.#name = element('h3', { class: 'ha-pair-name', id: nameId })
    this.#settings.addEventListener('click', () => RED.editor.editConfig('', 'ha-pair', view.id))
    this.#fillFacts()
    this.#orders = new Orders(view.id, nameId, desk, () => this.#refresh())
    const eventsId = `${nameId}-events`
    this.#events = element('ol', { class: 'ha-pair-events', 'aria-labelledby': eventsId })
    this.#more.addEventListener('click', () => {
      this.#allEvents = !this.#allEvents
      this.#showEvents()
    })
    const title = element('h4', { id: eventsId }, say('events.title'))
    this.#history = element('div', {}, title, this.#events, this.#more)
    const body = element(
      'div',
      { class: 'ha-pair-body' },
      element('p', { class: 'ha-pair-times' }, this.#since, this.#epoch),
      this.#why,
      this.#alertList,
      this.#facts,
      ...this.#orders.parts
    )
    this.element = element(
      'section',
      { class: 'ha-pair-card', 'aria-labelledby': nameId },
      element('header', {}, this.#glyph, this.#name, this.#settings),
      this.#state,
      body,
      this.#history
    )
    this.element.dataset['id'] = view.id
    this.#refresh()
  }

  #fillFacts(): void {
    const fact = (key: string, value: HTMLElement): void =>
      this.#facts.append(element('dt', {}, say(`fact.${key}`)), value)
    fact('peer', this.#peer)
    fact('round-trip', this.#roundTrip)
    fact('links', element('dd', {}, this.#links))
    fact('policy', this.#policy)
    fact('key', this.#key)
    fact('channel', this.#channel)
  }

  show(view: ShownPair, context: Context): void {
    const was = this.#view.running?.status.role
    const is = view.running?.status.role
    this.#view = view
    this.#context = context
    if (was !== is) this.#orders.onRole(is)
    this.#refresh()
    if (view.running === null || was === is) return
    const news = say('announce.role', { name: view.name, role: say(`role.${is}`) })
    this.#desk.announce(joined(news, this.#whyText(view.running)))
  }

  /** Only what time changes. */
  tick(context: Context): void {
    const redraw = context.stale !== this.#context.stale || context.mayWrite !== this.#context.mayWrite
    this.#context = context
    if (redraw) this.#refresh()
    else this.#showTimes()
  }

  #refresh(): void {
    const { name, badge, id, running } = this.#view
    const { stale } = this.#context
    setText(this.#name, name)
    const look = stale ? 'ha-pair-grey ha-pair-ring' : `ha-pair-${badge.fill} ha-pair-${badge.shape}`
    setAttribute(this.#glyph, 'class', `ha-pair-glyph ${look}`)
    this.element.classList.toggle('ha-pair-stale', stale)
    const label = say('settings.open', { name })
    setAttribute(this.#settings, 'aria-label', label)
    setAttribute(this.#settings, 'title', label)
    // The editor has the node only once its flows are loaded, and no more after it was deleted without a deploy.
    this.#settings.hidden = !RED.user.hasPermission('flows.write') || !RED.nodes.node(id)
    this.element.classList.toggle('ha-pair-stopped', running === null)
    setAttribute(this.element, 'aria-busy', this.#orders.busy ? 'true' : null)
    if (running === null) this.#showStopped()
    else this.#showRunning(running)
    this.#showTimes()
    this.#showEvents()
  }

  #showStopped(): void {
    setText(this.#state, say(this.#context.stale ? 'state.was-stopped' : 'state.stopped'))
    this.#facts.hidden = true
    this.#why.hidden = true
    this.#orders.hide()
    this.#showAlerts(this.#view.problems.map((problem) => ['problem', problemText(problem), '']))
  }

  #showRunning(running: RunningPair): void {
    const { status, links } = running
    this.#facts.hidden = false
    setText(this.#state, this.#stateText(status))
    const why = this.#whyText(running)
    setText(this.#why, why)
    this.#why.hidden = why === ''
    this.#showAlerts(alertsOf(running))
    setText(this.#roundTrip, roundTripText(status))
    this.#showLinks(links)
    const wire = status.wire === 'classic' ? say('policy.classic') : ''
    setText(this.#policy, joined(say(`policy.${status.policy}.name`), say(`policy.${status.policy}.cut`), wire))
    setText(this.#key, say(status.authenticated ? 'key.yes' : 'key.no'))
    setText(this.#channel, channelText(status.channel))
    this.#orders.show(this.#view, running, this.#context)
  }

  #stateText({ role, serving }: PairStatus): string {
    const text = say('state.of', {
      role: say(`role.${role}`),
      serving: say(serving ? 'state.serving' : 'state.not-serving')
    })
    return this.#context.stale ? say('state.was', { state: text }) : text
  }

  /** Why it has its role, or why an Active does not serve. */
  #whyText({ status }: RunningPair): string {
    if (status.role === 'active' && !status.serving) {
      const pause = this.#view.events.findLast(({ event }) => event === 'paused')
      return joined(say('why.paused'), pause === undefined ? '' : reasonText(pause.reason))
    }
    return reasonText(status.reason)
  }

  #peerText({ online, peer }: PairStatus): string {
    const parts = [say(online ? 'peer.online' : 'peer.offline')]
    if (peer !== null) parts.push(say(online ? 'peer.role' : 'peer.last-role', { role: say(`role.${peer.role}`) }))
    if (peer !== null && !online && peer.heardAgo !== null) {
      parts.push(say('peer.heard', { ago: lasting(peer.heardAgo + this.#context.ageMs) }))
    }
    return parts.join(say('separator'))
  }

  #showAlerts(alerts: readonly Alert[]): void {
    const items = alerts.map((alert) => {
      const key = JSON.stringify(alert)
      const item = this.#alerts.get(key) ?? alertItem(alert)
      this.#alerts.set(key, item)
      return item
    })
    for (const [key, item] of this.#alerts) if (!items.includes(item)) this.#alerts.delete(key)
    setChildren(this.#alertList, items)
    this.#alertList.hidden = items.length === 0
  }

  #showLinks(links: readonly PairLink[]): void {
    while (this.#links.children.length > links.length) this.#links.lastChild?.remove()
    while (this.#links.children.length < links.length) {
      this.#links.append(element('li', {}, element('span'), element('span', { class: 'ha-pair-path' })))
    }
    for (const [index, link] of links.entries()) {
      const [state, path] = this.#links.children[index]?.children ?? []
      if (state === undefined || path === undefined) continue
      const kind = link.problem !== null ? 'problem' : link.up ? 'up' : 'down'
      setAttribute(state, 'class', `ha-pair-link-state ha-pair-link-${this.#context.stale ? 'stale' : kind}`)
      const words = link.problem !== null ? reasonText(link.problem) : say(`link.${kind}`)
      setText(state, say('link.of', { n: index + 1, state: words }))
      const local = say('link.local', { host: link.localHost || say('link.any'), port: link.localPort })
      setText(path, `${local} → ${hostText(link.peerHost)}:${link.peerPort}`)
    }
  }

  #showTimes(): void {
    const { at, ageMs, stale } = this.#context
    const status = this.#view.running?.status
    this.#since.hidden = this.#epoch.hidden = status === undefined
    if (status === undefined) return
    // Both times are the host's own; only what passed since the answer is measured here.
    const sinceMs = Math.max(0, at - status.since) + ageMs
    const stands = stale
      ? say('since-then', { time: clock(status.since) })
      : say('since', { lasting: lasting(sinceMs) })
    setText(this.#since, stands)
    setAttribute(this.#since, 'title', exactClock(status.since))
    setText(this.#epoch, say('epoch', { epoch: status.epoch }))
    setText(this.#peer, this.#peerText(status))
  }

  #showEvents(): void {
    const newest = this.#view.events.toReversed()
    const shown = this.#allEvents ? newest : newest.slice(0, EVENTS_AT_FIRST)
    const lines = new Map<number, HTMLElement>()
    for (const event of shown) {
      const line = this.#lines.get(event.n) ?? eventLine(event)
      if (line.firstElementChild !== null) setText(line.firstElementChild, clock(event.at))
      lines.set(event.n, line)
    }
    this.#lines = lines
    setChildren(this.#events, [...lines.values()])
    this.#history.hidden = newest.length === 0
    this.#more.hidden = newest.length <= EVENTS_AT_FIRST
    setText(this.#more, say(this.#allEvents ? 'events.fewer' : 'events.all', { count: newest.length }))
    setAttribute(this.#more, 'aria-expanded', String(this.#allEvents))
  }
}

/** The most important first. */
function alertsOf({ status, trouble, warnings }: RunningPair): Alert[] {
  const alerts = warnings.map(({ code, detail }): Alert => {
    const kind = code === trouble?.code || code === 'both-active' ? 'trouble' : 'warning'
    return [kind, warningText(code, detail), reasonAdvice(code)]
  })
  if (!status.online) {
    const alone = status.role === 'initial' && status.policy === 'availability' ? 'searching' : status.role
    alerts.unshift(['warning', say(`alone.${alone}.so`), say(`alone.${alone}.do`)])
  }
  return alerts.toSorted(([a], [b]) => Number(b === 'trouble') - Number(a === 'trouble'))
}

function alertItem([kind, sentence, advice]: Alert): HTMLElement {
  const grave = kind !== 'warning'
  const text = element(
    'div',
    {},
    element('span', { class: 'ha-pair-hidden' }, say(grave ? 'alert.trouble' : 'alert.warning')),
    element('span', {}, sentence)
  )
  if (advice !== '') {
    text.append(element('span', { class: 'ha-pair-advice' }, element('b', {}, say('alert.do')), gap(), advice))
  }
  const look = { class: `ha-pair-alert ha-pair-${grave ? 'trouble' : 'warning'}` }
  return element('li', look, icon(grave ? 'fa-times-circle' : 'fa-exclamation-triangle'), text)
}

function eventLine(event: ShownEvent): HTMLElement {
  const { what, why } = eventText(event)
  const isRole = event.event === 'role'
  const time = element('time', { datetime: new Date(event.at).toISOString(), title: exactClock(event.at) })
  const first = element(isRole ? 'strong' : 'span', {}, what)
  const line = element('li', { class: isRole ? 'ha-pair-role-event' : '' }, time, first, gap(), why)
  line.dataset['event'] = event.event
  return line
}

const hostText = (name: string): string => (name.includes(':') ? `[${name}]` : name)

function channelText(channel: ChannelStatus | null): string {
  if (channel === null) return say('channel.none')
  const state = say(channel.open ? 'channel.open' : 'channel.closed')
  return joined(state, channel.proof ? say('channel.proof') : say(`channel.why.${channel.why}`))
}

function roundTripText({ online, peer }: PairStatus): string {
  return online && typeof peer?.roundTrip === 'number' ? milliseconds(peer.roundTrip) : say('round-trip.unknown')
}
