/** One pair on the page. Built once and then kept up to date in place, so that focus and scrolling stay where they are. */
import { confirmSwitch } from './dialogs.js'
import { element, icon, setAttribute, setChildren, setText } from './dom.js'
import {
  clock,
  errorText,
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
} from './words.js'

const EVENTS_AT_FIRST = 12
const OTHER = { active: 'standby', standby: 'active' }
const ORDERS = ['active', 'standby', 'swap']
/** After one of these, the same order may still be forced. */
const FORCEABLE = ['peer-offline', 'refused', 'not-confirmed']

let cards = 0

export class Card {
  /** `desk`: { order(id, designate, force): Promise, announce(text) } */
  constructor(id, desk) {
    this.id = id
    this.desk = desk
    this.view = null
    this.context = null
    /** What the last order came to: { text, role, bad, force } */
    this.result = null
    this.busy = false
    this.allEvents = false
    this.lines = new Map()
    this.alerts = new Map()
    this.#build()
  }

  // --- The page ---

  #build() {
    const nameId = `ha-pair-card-${++cards}`
    this.glyph = element('span', { class: 'ha-pair-glyph', 'aria-hidden': 'true' })
    this.name = element('h3', { class: 'ha-pair-name', id: nameId })
    this.settings = element('button', { type: 'button', class: 'ha-pair-icon-button' }, icon('fa-cog'))
    this.settings.addEventListener('click', () => RED.editor.editConfig('', 'ha-pair', this.id))
    this.state = element('p', { class: 'ha-pair-state' })
    this.since = element('span', { class: 'ha-pair-since' })
    this.epoch = element('span', { class: 'ha-pair-epoch' })
    this.why = element('p', { class: 'ha-pair-why' })
    this.alertList = element('ul', { class: 'ha-pair-alerts' })
    this.facts = element('dl', { class: 'ha-pair-facts' })
    this.links = element('ul', { class: 'ha-pair-links' })
    const fact = (key, value) => {
      this.facts.append(element('dt', {}, say(`fact.${key}`)), value)
      return value
    }
    this.peer = fact('peer', element('dd'))
    this.roundTrip = fact('round-trip', element('dd'))
    fact('links', element('dd', {}, this.links))
    this.policy = fact('policy', element('dd'))
    this.key = fact('key', element('dd'))
    this.channel = fact('channel', element('dd'))

    this.ordersTitle = element('h4', { id: `${nameId}-orders` }, say('orders.label'))
    this.orders = element('div', { class: 'ha-pair-orders', role: 'group', 'aria-labelledby': this.ordersTitle.id })
    this.orderButtons = new Map(
      ORDERS.map((word) => {
        const label = say(`orders.${word}.label`)
        const button = element('button', { type: 'button', class: 'red-ui-button', 'aria-label': label })
        button.dataset.order = word
        setText(button, say(`orders.${word}.short`))
        button.addEventListener('click', () => this.#onOrder(word))
        this.orders.append(button)
        return [word, button]
      })
    )
    this.ordersNote = element('p', { class: 'ha-pair-note' })
    this.outcome = element('p', { class: 'ha-pair-outcome' })
    this.forceButton = element('button', { type: 'button', class: 'ha-pair-force red-ui-button' })
    setText(this.forceButton, say('orders.force'))
    this.forceButton.addEventListener('click', () => this.#ask(this.result.force, true))

    const eventsId = `${nameId}-events`
    this.events = element('ol', { class: 'ha-pair-events', 'aria-labelledby': eventsId })
    this.more = element('button', { type: 'button', class: 'ha-pair-more' })
    this.more.addEventListener('click', () => {
      this.allEvents = !this.allEvents
      this.#showEvents()
    })
    this.body = element(
      'div',
      { class: 'ha-pair-body' },
      element('p', { class: 'ha-pair-times' }, this.since, this.epoch),
      this.why,
      this.alertList,
      this.facts,
      this.ordersTitle,
      this.orders,
      this.ordersNote,
      this.outcome,
      this.forceButton
    )
    this.history = element('div', {}, element('h4', { id: eventsId }, say('events.title')), this.events, this.more)
    this.element = element(
      'section',
      { class: 'ha-pair-card', 'aria-labelledby': nameId },
      element('header', {}, this.glyph, this.name, this.settings),
      this.state,
      this.body,
      this.history
    )
    this.element.dataset.id = this.id
  }

  /** `context`: { at, ageMs, stale, mayWrite } */
  show(view, context) {
    const before = this.view
    this.view = view
    this.context = context
    const [was, is] = [before?.running?.status.role, view.running?.status.role]
    // What an order came to is told until something else happens.
    if (was !== is && this.result?.role !== is) this.result = null
    this.#refresh()
    if (before !== null && is !== undefined && was !== is) {
      this.desk.announce(joined(say('announce.role', { name: view.name, role: say(`role.${is}`) }), this.#why()))
    }
  }

  /** Only what time changes. */
  tick(context) {
    const redraw = context.stale !== this.context.stale || context.mayWrite !== this.context.mayWrite
    this.context = context
    if (redraw) this.#refresh()
    else this.#showTimes()
  }

  #refresh() {
    const { view, context } = this
    setText(this.name, view.name)
    const fill = context.stale ? 'grey' : view.badge.fill
    setAttribute(
      this.glyph,
      'class',
      `ha-pair-glyph ha-pair-${fill} ha-pair-${context.stale ? 'ring' : view.badge.shape}`
    )
    this.element.classList.toggle('ha-pair-stale', context.stale)
    const label = say('settings.open', { name: view.name })
    setAttribute(this.settings, 'aria-label', label)
    setAttribute(this.settings, 'title', label)
    // The editor has the node only once its flows are loaded, and no more after it was deleted without a deploy.
    this.settings.hidden = !RED.user.hasPermission('flows.write') || !RED.nodes.node(this.id)
    this.element.classList.toggle('ha-pair-stopped', view.running === null)
    if (view.running === null) this.#showStopped()
    else this.#showRunning(view.running)
    this.#showTimes()
    this.#showEvents()
  }

  #showStopped() {
    setText(this.state, say(this.context.stale ? 'state.was-stopped' : 'state.stopped'))
    for (const part of [
      this.facts,
      this.ordersTitle,
      this.orders,
      this.ordersNote,
      this.why,
      this.outcome,
      this.forceButton
    ])
      part.hidden = true
    this.#showAlerts(this.view.problems.map((problem) => ['problem', problemText(problem), '']))
  }

  #showRunning({ status, links }) {
    this.facts.hidden = false
    setText(this.state, this.#stateText(status))
    const why = this.#why()
    setText(this.why, why)
    this.why.hidden = why === ''
    this.#showAlerts(this.#alertsOf(this.view.running))
    setText(this.roundTrip, roundTripText(status))
    this.#showLinks(links)
    const wire = status.wire === 'classic' ? say('policy.classic') : ''
    setText(this.policy, joined(say(`policy.${status.policy}.name`), say(`policy.${status.policy}.cut`), wire))
    setText(this.key, say(status.authenticated ? 'key.yes' : 'key.no'))
    setText(this.channel, channelText(status.channel))
    this.#showOrders(status)
  }

  #stateText({ role, serving }) {
    const text = say('state.of', {
      role: say(`role.${role}`),
      serving: say(serving ? 'state.serving' : 'state.not-serving')
    })
    return this.context.stale ? say('state.was', { state: text }) : text
  }

  /** Why it has its role, or why an Active does not serve. */
  #why() {
    const { status } = this.view.running
    if (status.role === 'active' && !status.serving) {
      const pause = this.view.events.findLast(({ event }) => event === 'paused')
      return joined(say('why.paused'), pause === undefined ? '' : reasonText(pause.reason))
    }
    return reasonText(status.reason)
  }

  #peerText({ online, peer }) {
    const parts = [say(online ? 'peer.online' : 'peer.offline')]
    if (peer !== null) parts.push(say(online ? 'peer.role' : 'peer.last-role', { role: say(`role.${peer.role}`) }))
    if (peer !== null && !online && peer.heardAgo !== null) {
      parts.push(say('peer.heard', { ago: lasting(peer.heardAgo + this.context.ageMs) }))
    }
    return parts.join(say('separator'))
  }

  /** [kind, sentence, what to do]: the most important first. */
  #alertsOf({ status, trouble, warnings }) {
    const alerts = warnings.map(({ code, detail }) => {
      const kind = code === trouble?.code || code === 'both-active' ? 'trouble' : 'warning'
      return [kind, warningText(code, detail), reasonAdvice(code)]
    })
    if (!status.online) {
      const alone = status.role === 'initial' && status.policy === 'availability' ? 'searching' : status.role
      alerts.unshift(['warning', say(`alone.${alone}.so`), say(`alone.${alone}.do`)])
    }
    return alerts.toSorted(([a], [b]) => Number(b === 'trouble') - Number(a === 'trouble'))
  }

  #showAlerts(alerts) {
    const items = alerts.map(([kind, sentence, advice]) => {
      const key = JSON.stringify([kind, sentence, advice])
      const known = this.alerts.get(key)
      if (known !== undefined) return known
      const grave = kind !== 'warning'
      const item = element('li', { class: `ha-pair-alert ha-pair-${grave ? 'trouble' : 'warning'}` })
      const text = element('div')
      text.append(
        element('span', { class: 'ha-pair-hidden' }, say(grave ? 'alert.trouble' : 'alert.warning')),
        element('span', {}, sentence)
      )
      if (advice !== '') {
        text.append(element('span', { class: 'ha-pair-advice' }, element('b', {}, say('alert.do')), gap(), advice))
      }
      item.append(icon(grave ? 'fa-times-circle' : 'fa-exclamation-triangle'), text)
      this.alerts.set(key, item)
      return item
    })
    for (const [key, item] of this.alerts) if (!items.includes(item)) this.alerts.delete(key)
    setChildren(this.alertList, items)
    this.alertList.hidden = items.length === 0
  }

  #showLinks(links) {
    while (this.links.children.length > links.length) this.links.lastChild.remove()
    links.forEach((link, index) => {
      if (this.links.children[index] === undefined) {
        this.links.append(
          element(
            'li',
            {},
            element('span', { class: 'ha-pair-link-state' }),
            element('span', { class: 'ha-pair-path' })
          )
        )
      }
      const [state, path] = this.links.children[index].children
      const kind = link.problem !== null ? 'problem' : link.up ? 'up' : 'down'
      setAttribute(state, 'class', `ha-pair-link-state ha-pair-link-${this.context.stale ? 'stale' : kind}`)
      const words = kind === 'problem' ? reasonText(link.problem) : say(`link.${kind}`)
      setText(state, say('link.of', { n: index + 1, state: words }))
      const local = say('link.local', { host: link.localHost || say('link.any'), port: link.localPort })
      setText(path, `${local} → ${host(link.peerHost)}:${link.peerPort}`)
    })
  }

  #showTimes() {
    const { view, context } = this
    const status = view.running?.status
    this.since.hidden = this.epoch.hidden = status === undefined
    if (status === undefined) return
    // Both times are the host's own; only what passed since the answer is measured here.
    const sinceMs = Math.max(0, context.at - status.since) + context.ageMs
    const stands = context.stale
      ? say('since-then', { time: clock(status.since) })
      : say('since', { lasting: lasting(sinceMs) })
    setText(this.since, stands)
    setAttribute(this.since, 'title', exactClock(status.since))
    setText(this.epoch, say('epoch', { epoch: status.epoch }))
    setText(this.peer, this.#peerText(status))
  }

  // --- Events ---

  #showEvents() {
    const newest = this.view.events.toReversed()
    const shown = this.allEvents ? newest : newest.slice(0, EVENTS_AT_FIRST)
    const lines = new Map()
    for (const event of shown) {
      const when = clock(event.at)
      const known = this.lines.get(event.n)
      const line = known ?? eventLine(event)
      setText(line.firstChild, when)
      lines.set(event.n, line)
    }
    this.lines = lines
    setChildren(this.events, [...lines.values()])
    this.history.hidden = newest.length === 0
    this.more.hidden = newest.length <= EVENTS_AT_FIRST
    setText(this.more, say(this.allEvents ? 'events.fewer' : 'events.all', { count: newest.length }))
    setAttribute(this.more, 'aria-expanded', String(this.allEvents))
  }

  // --- Orders ---

  #showOrders({ role, online }) {
    const { mayWrite, stale } = this.context
    this.orders.hidden = !mayWrite
    this.ordersTitle.hidden = false
    const note = mayWrite ? (stale ? say('orders.stale') : '') : say('orders.read-only')
    setText(this.ordersNote, note)
    this.ordersNote.hidden = note === ''
    const reasons = {
      active: role === 'active' ? say('orders.is-active') : '',
      standby: role === 'standby' ? say('orders.is-standby') : '',
      swap: role === 'initial' || !online ? say('orders.no-swap') : ''
    }
    for (const [word, button] of this.orderButtons) {
      // Stays where the focus can go: a button that vanished from under it would throw the operator out of the tab.
      const off = this.busy || stale || reasons[word] !== ''
      setAttribute(button, 'aria-disabled', String(off))
      button.classList.toggle('disabled', off)
      setAttribute(button, 'title', reasons[word] || say(`orders.${word}.label`))
    }
    const { result } = this
    setText(this.outcome, this.busy ? say('orders.busy') : (result?.text ?? ''))
    this.outcome.hidden = this.outcome.textContent === ''
    this.outcome.classList.toggle('ha-pair-bad', !this.busy && result?.bad === true)
    this.forceButton.hidden = this.busy || stale || !mayWrite || !result?.force
    setAttribute(this.element, 'aria-busy', this.busy ? 'true' : null)
  }

  #onOrder(word) {
    if (this.orderButtons.get(word).getAttribute('aria-disabled') === 'true') return
    const { status } = this.view.running
    // What the operator confirms is what he saw: never 'the other way round of whatever it is by then'.
    this.#ask(word === 'swap' ? OTHER[status.role] : word, !status.online)
  }

  #ask(becomes, force) {
    const { status, links } = this.view.running
    const plan = {
      pair: this.view.name,
      becomes,
      force,
      peerOnline: status.online,
      policy: status.policy,
      peerHost: (status.peer?.host || links[0]?.peerHost) ?? ''
    }
    confirmSwitch(plan, () => void this.#order(becomes, force))
  }

  async #order(becomes, force) {
    if (this.busy) return
    this.busy = true
    this.result = null
    this.#refresh()
    try {
      const { role } = await this.desk.order(this.id, becomes, force)
      this.result = { text: say('orders.done', { role: say(`role.${role}`) }), role, bad: false, force: null }
    } catch ({ code, detail }) {
      const text = errorText(code, reasonText(detail) || (detail ?? ''))
      this.result = { text, role: null, bad: true, force: !force && FORCEABLE.includes(code) ? becomes : null }
    }
    this.busy = false
    this.#refresh()
    this.desk.announce(this.result.text)
  }
}

function eventLine(event) {
  const { what, why } = eventText(event)
  const isRole = event.event === 'role'
  const time = element('time', { datetime: new Date(event.at).toISOString(), title: exactClock(event.at) })
  const first = element(isRole ? 'strong' : 'span', {}, what)
  const line = element('li', { class: isRole ? 'ha-pair-role-event' : '' }, time, first, gap(), why)
  line.dataset.event = event.event
  return line
}

const host = (name) => (name.includes(':') ? `[${name}]` : name)

function channelText(channel) {
  if (channel === null) return say('channel.none')
  const state = say(channel.open ? 'channel.open' : 'channel.closed')
  return joined(state, channel.proof ? say('channel.proof') : say(`channel.why.${channel.why}`))
}

function roundTripText({ online, peer }) {
  return online && typeof peer?.roundTrip === 'number' ? milliseconds(peer.roundTrip) : say('round-trip.unknown')
}
