/** One pair on the page. Built once and then kept up to date in place, so that focus and scrolling stay where they are. */
import type { PairLink } from '../../src/host/pair'
import { element, icon, setAttribute, setChildren, setText } from '../dom'
import type { Context, Desk, Notice, RunningPair, ShownEvent, ShownPair, ShownStatus } from './answer'
import { channelText, fitnessText, peerText, proofText, roundTripText, witnessText } from './facts'
import { Orders } from './orders'
import { clock, exactClock, gap, joined, lasting, pick, reasonText, say } from './words'

const EVENTS_AT_FIRST = 12

/** Severity, sentence, what to do ('' = nothing). */
type Alert = readonly [Notice['severity'], string, string]

let cards = 0

export class Card {
  readonly element: HTMLElement
  readonly #desk: Desk
  #view: ShownPair
  #context: Context
  #allEvents = false
  /** Lines of the timeline by the event's number: what stays the same stays in the page. */
  #lines = new Map<number, HTMLElement>()

  readonly #glyph = element('span', { class: 'ha-pair-glyph', 'aria-hidden': 'true' })
  readonly #name: HTMLElement
  readonly #settings = element('button', { type: 'button', class: 'ha-pair-icon-button' }, icon('fa-cog'))
  readonly #state = element('p', { class: 'ha-pair-state' })
  readonly #since = element('span', { class: 'ha-pair-since' })
  readonly #epoch = element('span', { class: 'ha-pair-epoch' })
  readonly #situation = element('ul', { class: 'ha-pair-alerts' })
  readonly #advice = element('p', { class: 'ha-pair-now' })
  readonly #why = element('p', { class: 'ha-pair-why' })
  readonly #alertList = element('ul', { class: 'ha-pair-alerts' })
  readonly #facts = element('dl', { class: 'ha-pair-facts' })
  readonly #peer = element('dd')
  readonly #roundTrip = element('dd')
  readonly #links = element('ul', { class: 'ha-pair-links' })
  readonly #policy = element('dd')
  readonly #key = element('dd')
  readonly #fitness = element('dd')
  readonly #channel = element('dd')
  readonly #proof = element('dd')
  readonly #witness = element('dd')
  /** Its word and what it says: only where the policy asks one. */
  #witnessRow: readonly HTMLElement[] = []
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
    this.#history = element('div', {}, title, this.#why, this.#events, this.#more)
    const body = element(
      'div',
      { class: 'ha-pair-body' },
      element('p', { class: 'ha-pair-times' }, this.#since, this.#epoch),
      this.#situation,
      ...this.#orders.parts.slice(0, 1),
      this.#advice,
      ...this.#orders.parts.slice(1),
      this.#alertList,
      this.#facts
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
    const fact = (key: string, value: HTMLElement): readonly HTMLElement[] => {
      const word = element('dt', {}, say(`fact.${key}`))
      this.#facts.append(word, value)
      return [word, value]
    }
    fact('peer', this.#peer)
    fact('fitness', this.#fitness)
    fact('links', element('dd', {}, this.#links))
    fact('round-trip', this.#roundTrip)
    this.#witnessRow = fact('witness', this.#witness)
    fact('channel', this.#channel)
    fact('proof', this.#proof)
    fact('key', this.#key)
    fact('policy', this.#policy)
  }

  show(view: ShownPair, context: Context): void {
    const was = this.#view.running?.status.role
    const is = view.running?.status.role
    this.#view = view
    this.#context = context
    this.#refresh()
    if (is === undefined || was === is) return
    const news = say('announce.role', { host: context.host, name: view.name, role: say(`role.${is}`) })
    this.#desk.announce(joined(news, pick(view.situation.text)))
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
    const problems = this.#view.problems.map(({ text }): Alert => ['critical', pick(text), ''])
    this.#showSituation(problems)
    this.#showAlerts(this.#alertList, [])
  }

  #showRunning(running: RunningPair): void {
    const { status, links } = running
    const { situation, also } = this.#view
    this.#facts.hidden = false
    setText(this.#state, this.#stateText(status))
    this.#showSituation([])
    this.#showAlerts(
      this.#alertList,
      also.map(({ severity, text, todo }): Alert => [severity, pick(text), pick(todo)])
    )
    const { history } = situation
    setText(this.#why, history === null ? '' : say('why', { time: clock(history.at), why: pick(history.text) }))
    this.#why.hidden = history === null
    setText(this.#fitness, fitnessText(status))
    setText(this.#roundTrip, roundTripText(status))
    this.#showLinks(links)
    const wire = status.wire === 'classic' ? say('policy.classic') : ''
    setText(this.#policy, joined(say(`policy.${status.policy}.name`), say(`policy.${status.policy}.cut`), wire))
    setText(this.#key, say(status.authenticated ? 'key.yes' : 'key.no'))
    setText(this.#proof, proofText(status))
    for (const part of this.#witnessRow) part.hidden = status.witness === null
    this.#orders.show(this.#view, running, this.#context)
  }

  #stateText({ role, serving }: ShownStatus): string {
    const text = say('state.of', {
      role: say(`role.${role}`),
      serving: say(serving ? 'state.serving' : 'state.not-serving')
    })
    return this.#context.stale ? say('state.was', { state: text }) : text
  }

  /** What is so, and what to do now: between the two are the buttons, which shall be in sight without scrolling. */
  #showSituation(problems: readonly Alert[]): void {
    const { severity, text, todo } = this.#view.situation
    this.#showAlerts(this.#situation, [[severity, pick(text), ''], ...problems])
    const advice = pick(todo)
    if (this.#advice.dataset['says'] === advice) return
    this.#advice.dataset['says'] = advice
    this.#advice.hidden = advice === ''
    setChildren(this.#advice, [element('b', {}, say('alert.do')), element('span', {}, gap(), advice)])
  }

  #showAlerts(list: HTMLElement, alerts: readonly Alert[]): void {
    const items = alerts.map((alert) => {
      const key = JSON.stringify(alert)
      const known = [...list.children].find((item) => item instanceof HTMLElement && item.dataset['says'] === key)
      const item = known ?? alertItem(alert)
      if (item instanceof HTMLElement) item.dataset['says'] = key
      return item
    })
    setChildren(list, items)
    list.hidden = items.length === 0
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
    this.#since.hidden = status === undefined
    // The number is the Active's: beside its role, here or in the peer's row.
    this.#epoch.hidden = status?.role !== 'active'
    if (status === undefined) return
    // Both times are the host's own; only what passed since the answer is measured here.
    const sinceMs = Math.max(0, at - status.since) + ageMs
    const stands = say('since-then', { time: clock(status.since) })
    setText(this.#since, stale ? stands : joined(stands, say('since', { lasting: lasting(sinceMs) })))
    setAttribute(this.#since, 'title', exactClock(status.since))
    setText(this.#epoch, say('epoch', { epoch: status.epoch }))
    setText(this.#peer, peerText(status, pick(this.#view.peer), ageMs))
    setText(this.#channel, channelText(status, ageMs))
    setText(this.#witness, witnessText(status, ageMs))
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

const LOOKS = {
  critical: { look: 'ha-pair-trouble', sign: 'fa-times-circle', word: 'trouble' },
  warning: { look: 'ha-pair-warning', sign: 'fa-exclamation-triangle', word: 'warning' },
  info: { look: 'ha-pair-info', sign: 'fa-info-circle', word: 'info' }
} as const

function alertItem([severity, sentence, advice]: Alert): HTMLElement {
  const text = element('div', {}, element('span', {}, sentence))
  if (advice !== '') {
    text.append(element('span', { class: 'ha-pair-advice' }, element('b', {}, say('alert.do')), gap(), advice))
  }
  if (severity === 'ok') return element('li', { class: 'ha-pair-fine' }, text)
  const { look, sign, word } = LOOKS[severity]
  text.prepend(element('span', { class: 'ha-pair-hidden' }, say(`alert.${word}`)))
  return element('li', { class: `ha-pair-alert ${look}` }, icon(sign), text)
}

function eventLine(event: ShownEvent): HTMLElement {
  const isRole = event.event === 'role'
  const time = element('time', { datetime: new Date(event.at).toISOString(), title: exactClock(event.at) })
  const line = element(
    'li',
    { class: isRole ? 'ha-pair-role-event' : '' },
    time,
    element(isRole ? 'strong' : 'span', {}, pick(event.text))
  )
  line.dataset['event'] = event.event
  return line
}

const hostText = (name: string): string => (name.includes(':') ? `[${name}]` : name)
