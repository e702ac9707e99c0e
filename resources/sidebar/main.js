/**
 * The tab itself: asks the runtime, keeps one card per pair, and says how fresh all of it is. The runtime hints over the editor's
 * WebSocket that something changed; asking every five seconds besides notices a runtime that says nothing any more.
 */
import { Card } from './card.js'
import { element, icon, setChildren, setText } from './dom.js'
import { clock, joined, lasting, say, setCatalogue } from './words.js'

const ASK_EVERY_MS = 5000
/** Who may not see is told so by a login at once; asking again only notices that an administrator changed his mind. */
const DENIED_EVERY_MS = 60_000
const ANSWER_MS_MAX = 3000
/** What is older is not shown as if it were so now: one missed question and its limit. */
const FRESH_MS = ASK_EVERY_MS + ANSWER_MS_MAX + 1000
const TICK_MS = 1000
const LOST_ICON = 'fa-chain-broken'

export function mount(root) {
  const tab = new Tab(root)
  tab.begin()
  return tab
}

class Tab {
  constructor(root) {
    this.root = root
    this.cards = new Map()
    /** The last good answer, and when it came (performance.now). */
    this.answer = null
    this.answeredAt = -Infinity
    /** Why there is no fresh answer: '' | 'lost' | 'denied' */
    this.failure = ''
    this.asking = false
    this.askAgain = false
    this.visible = false
    this.catalogued = false
    this.askTimer = null
  }

  begin() {
    this.banner = element('div', { class: 'ha-pair-banner' })
    this.list = element('div', { class: 'ha-pair-list' })
    this.live = element('div', { class: 'ha-pair-hidden ha-pair-live', 'aria-live': 'polite', role: 'status' })
    this.empty = this.#emptyState()
    this.root.setAttribute('role', 'region')
    this.root.setAttribute('aria-label', say('tab'))
    this.root.replaceChildren(this.banner, this.list, this.empty, this.live)
    this.#render()

    RED.comms.subscribe('ha-pair/changed', () => this.ask())
    RED.comms.on?.('connect', () => this.ask())
    RED.events.on('login', () => this.ask())
    RED.events.on('flows:loaded', () => this.#render())
    new IntersectionObserver((entries) => this.#onVisible(entries.at(-1).isIntersecting)).observe(this.root)
    document.addEventListener('visibilitychange', () => this.ask())
    setInterval(() => {
      if (this.#watched) this.#tick()
    }, TICK_MS)
  }

  /** Somebody may be looking. Nobody looking means no questions. */
  get #watched() {
    return this.visible && !document.hidden
  }

  #onVisible(visible) {
    this.visible = visible
    if (!visible) return
    this.#tick()
    this.ask()
  }

  // --- Asking ---

  ask() {
    if (!this.#watched) return
    if (this.asking) {
      this.askAgain = true
      return
    }
    clearTimeout(this.askTimer)
    this.asking = true
    void this.#request()
      .then(
        (answer) => {
          this.answer = answer
          this.answeredAt = performance.now()
          this.failure = ''
        },
        ({ status }) => {
          this.failure = status === 401 || status === 403 ? 'denied' : 'lost'
          if (this.failure === 'denied') this.answer = null
        }
      )
      .then(() => {
        this.asking = false
        this.askTimer = setTimeout(() => this.ask(), this.failure === 'denied' ? DENIED_EVERY_MS : ASK_EVERY_MS)
        this.#render()
        if (!this.askAgain) return
        this.askAgain = false
        this.ask()
      })
  }

  async #request() {
    if (!this.catalogued) {
      setCatalogue(await fetched('ha-pair/catalogue'))
      this.catalogued = true
    }
    return fetched('ha-pair/pairs')
  }

  // --- Showing ---

  get #context() {
    const ageMs = performance.now() - this.answeredAt
    return {
      at: this.answer?.at ?? 0,
      ageMs,
      stale: this.failure !== '' || ageMs > FRESH_MS,
      mayWrite: RED.user.hasPermission('ha-pair.write')
    }
  }

  #render() {
    const context = this.#context
    const pairs = this.answer?.pairs ?? []
    for (const id of this.cards.keys()) if (!pairs.some((pair) => pair.id === id)) this.cards.delete(id)
    const shown = pairs.map((pair) => {
      const card = this.cards.get(pair.id) ?? new Card(pair.id, this)
      this.cards.set(pair.id, card)
      card.show(pair, context)
      return card.element
    })
    setChildren(this.list, shown)
    this.empty.hidden = this.answer === null || pairs.length > 0 || context.stale
    this.#showFreshness(context)
  }

  #tick() {
    const context = this.#context
    for (const card of this.cards.values()) card.tick(context)
    this.#showFreshness(context)
  }

  #showFreshness({ at, ageMs, stale }) {
    this.root.classList.toggle('ha-pair-out-of-touch', stale)
    if (this.failure === 'denied') return this.#showBanner(say('fresh.denied'), 'fa-lock')
    if (this.answer === null) {
      const lost = this.failure === 'lost'
      return this.#showBanner(say(lost ? 'fresh.lost' : 'fresh.loading'), lost ? LOST_ICON : 'fa-clock-o')
    }
    const asOf = say('fresh.as-of', { time: clock(at), lasting: lasting(ageMs) })
    if (!stale) return this.#showBanner('', '')
    this.#showBanner(joined(say('fresh.lost'), asOf), LOST_ICON)
  }

  #showBanner(text, iconName) {
    this.banner.hidden = text === ''
    if (this.bannerIcon !== iconName) {
      this.bannerIcon = iconName
      this.bannerText = element('span')
      setChildren(this.banner, [icon(iconName), this.bannerText])
    }
    setText(this.bannerText, text)
  }

  #emptyState() {
    const steps = element('ol')
    for (const step of ['drag', 'set', 'deploy', 'other']) steps.append(element('li', {}, say(`empty.${step}`)))
    const examples = element('button', { type: 'button', class: 'red-ui-button' }, say('empty.examples'))
    examples.addEventListener('click', () => RED.actions.invoke('core:show-examples-import-dialog'))
    examples.hidden = !RED.user.hasPermission('flows.write')
    const title = element('h3', {}, say('empty.title'))
    const empty = element(
      'div',
      { class: 'ha-pair-empty' },
      title,
      element('p', {}, say('empty.what')),
      steps,
      examples
    )
    empty.hidden = true
    return empty
  }

  // --- What cards need (their desk) ---

  announce(text) {
    setText(this.live, text)
  }

  /** Rejects with { code, detail } of the runtime. */
  order(id, designate, force) {
    return new Promise((resolve, reject) => {
      $.ajax({
        url: `ha-pair/pairs/${encodeURIComponent(id)}/designate`,
        method: 'POST',
        contentType: 'application/json',
        data: JSON.stringify({ designate, force })
      }).then(resolve, ({ status, responseJSON }) => {
        if (status === 401 || status === 403) reject({ code: 'denied', detail: '' })
        else if (responseJSON?.code === undefined) reject({ code: 'no-answer', detail: '' })
        else reject(responseJSON)
      })
    }).finally(() => this.ask())
  }
}

/** With the editor's own login and root address, which its jQuery adds. */
function fetched(url) {
  return new Promise((resolve, reject) => {
    $.ajax({ url, dataType: 'json', cache: false, timeout: ANSWER_MS_MAX }).then(resolve, reject)
  })
}
