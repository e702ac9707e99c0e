/**
 * The tab itself: asks the runtime, keeps one card per pair, and says how fresh all of it is. The runtime hints over the editor's
 * WebSocket that something changed; asking every five seconds besides notices a runtime that says nothing any more.
 */
import { element, icon, setChildren, setText } from '../dom'
import type { Failure } from '../red'
import type { Answer, Catalogue, Context, Desk, Reply, Wanted } from './answer'
import { Card } from './card'
import { WitnessCard } from './witness-card'
import { clock, joined, lasting, say, setCatalogue } from './words'

const ID = 'ha-pair'
const SHOW_ACTION = 'ha-pair:show-sidebar'
const ASK_EVERY_MS = 5000
/** A login gets the right answer at once; asking again only notices that an administrator changed the permissions. */
const DENIED_EVERY_MS = 60_000
const ANSWER_MS_MAX = 3000
/** What is older is not shown as if it were so now: one missed question and its limit. */
const FRESH_MS = ASK_EVERY_MS + ANSWER_MS_MAX + 1000
const TICK_MS = 1000
const LOST_ICON = 'fa-chain-broken'

/** Adds the tab to the editor's sidebar. At once, so that the editor can show it again after a reload. */
export function add(): void {
  const root = element('div', { class: 'ha-pair-sidebar' })
  RED.actions.add(SHOW_ACTION, () => RED.sidebar.show(ID))
  RED.sidebar.addTab({
    id: ID,
    label: say('tab'),
    name: say('tab'),
    iconClass: 'fa fa-exchange',
    content: root,
    enableOnEdit: true,
    pinned: true,
    action: SHOW_ACTION
  })
  new Tab(root).begin()
}

export function remove(): void {
  RED.sidebar.removeTab(ID)
}

class Tab implements Desk {
  readonly #root: HTMLElement
  readonly #cards = new Map<string, Card>()
  readonly #witnesses = new Map<string, WitnessCard>()
  readonly #host = element('h2', { class: 'ha-pair-host' })
  readonly #banner = element('div', { class: 'ha-pair-banner' })
  #bannerIcon: string | null = null
  #bannerText = element('span')
  readonly #list = element('div', { class: 'ha-pair-list' })
  readonly #live = element('div', { class: 'ha-pair-hidden ha-pair-live', 'aria-live': 'polite', role: 'status' })
  readonly #empty = emptyState()
  /** The last good answer, and when it came (performance.now). */
  #answer: Answer | null = null
  #answeredAtMs = -Infinity
  /** Why there is no fresh answer. */
  #failure: '' | 'lost' | 'denied' = ''
  #asking = false
  #askAgain = false
  #visible = false
  #catalogued = false
  #askTimer: number | undefined
  /** Who waits for an answer to a question that is still to be asked. */
  #waiting: (() => void)[] = []

  constructor(root: HTMLElement) {
    this.#root = root
  }

  begin(): void {
    this.#root.setAttribute('role', 'region')
    this.#root.setAttribute('aria-label', say('tab'))
    this.#root.replaceChildren(this.#host, this.#banner, this.#list, this.#empty, this.#live)
    this.#render()

    const ask = (): void => this.#ask()
    RED.comms.subscribe('ha-pair/changed', ask)
    RED.comms.on?.('connect', ask)
    RED.events.on('login', ask)
    RED.events.on('flows:loaded', () => this.#render())
    new IntersectionObserver((entries) => this.#onVisible(entries.at(-1)?.isIntersecting === true)).observe(this.#root)
    document.addEventListener('visibilitychange', ask)
    setInterval(() => {
      if (this.#watched) this.#tick()
    }, TICK_MS)
  }

  /** Somebody may be looking. Nobody looking means no questions. */
  get #watched(): boolean {
    return this.#visible && !document.hidden
  }

  #onVisible(visible: boolean): void {
    this.#visible = visible
    if (!visible) return
    this.#tick()
    this.#ask()
  }

  // --- Asking ---

  #ask(): void {
    if (!this.#watched) return
    if (this.#asking) {
      this.#askAgain = true
      return
    }
    clearTimeout(this.#askTimer)
    this.#asking = true
    const waiting = this.#waiting.splice(0)
    void this.#request()
      .then(
        (answer) => {
          this.#answer = answer
          this.#answeredAtMs = performance.now()
          this.#failure = ''
        },
        ({ status }: Partial<Failure>) => {
          this.#failure = isDenied(status) ? 'denied' : 'lost'
          if (this.#failure === 'denied') this.#answer = null
        }
      )
      .then(() => {
        this.#asking = false
        const waitMs = this.#failure === 'denied' ? DENIED_EVERY_MS : ASK_EVERY_MS
        this.#askTimer = window.setTimeout(() => this.#ask(), waitMs)
        this.#render()
        for (const told of waiting) told()
        if (!this.#askAgain) return
        this.#askAgain = false
        this.#ask()
      })
  }

  async #request(): Promise<Answer> {
    if (!this.#catalogued) {
      setCatalogue(await fetched<Catalogue>('ha-pair/catalogue'))
      this.#catalogued = true
    }
    return fetched<Answer>('ha-pair/pairs')
  }

  /** Resolves when the page shows what is so from now on. */
  #asked(): Promise<void> {
    if (!this.#watched) return Promise.resolve()
    const answered = new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#ask()
    return answered
  }

  // --- Showing ---

  get #context(): Context {
    const ageMs = performance.now() - this.#answeredAtMs
    return {
      at: this.#answer?.at ?? 0,
      host: this.#answer?.host ?? '',
      ageMs,
      stale: this.#failure !== '' || ageMs > FRESH_MS,
      mayWrite: RED.user.hasPermission('ha-pair.write')
    }
  }

  #render(): void {
    const context = this.#context
    const pairs = this.#answer?.pairs ?? []
    for (const id of this.#cards.keys()) if (!pairs.some((pair) => pair.id === id)) this.#cards.delete(id)
    const shown = pairs.map((pair) => {
      const known = this.#cards.get(pair.id)
      const card = known ?? new Card(pair, context, this)
      this.#cards.set(pair.id, card)
      known?.show(pair, context)
      return card.element
    })
    setChildren(this.#list, [...shown, ...this.#witnessCards(context)])
    setText(this.#host, say('host', { host: context.host }))
    this.#host.hidden = context.host === ''
    this.#empty.hidden = this.#answer === null || pairs.length + this.#witnesses.size > 0 || context.stale
    this.#showFreshness(context)
  }

  #witnessCards(context: Context): HTMLElement[] {
    const witnesses = this.#answer?.witnesses ?? []
    for (const id of this.#witnesses.keys()) {
      if (!witnesses.some((witness) => witness.id === id)) this.#witnesses.delete(id)
    }
    return witnesses.map((witness) => {
      const known = this.#witnesses.get(witness.id)
      const card = known ?? new WitnessCard(witness, context)
      this.#witnesses.set(witness.id, card)
      known?.show(witness, context)
      return card.element
    })
  }

  #tick(): void {
    const context = this.#context
    for (const card of this.#witnesses.values()) card.tick(context)
    for (const card of this.#cards.values()) card.tick(context)
    this.#showFreshness(context)
  }

  #showFreshness({ at, ageMs, stale }: Context): void {
    this.#root.classList.toggle('ha-pair-out-of-touch', stale)
    if (this.#failure === 'denied') return this.#showBanner(say('fresh.denied'), 'fa-lock')
    if (this.#answer === null) {
      const lost = this.#failure === 'lost'
      return this.#showBanner(say(lost ? 'fresh.lost' : 'fresh.loading'), lost ? LOST_ICON : 'fa-clock-o')
    }
    const asOf = say('fresh.as-of', { time: clock(at), lasting: lasting(ageMs) })
    if (!stale) return this.#showBanner('', '')
    this.#showBanner(joined(say('fresh.lost'), asOf), LOST_ICON)
  }

  #showBanner(text: string, iconName: string): void {
    this.#banner.hidden = text === ''
    if (this.#bannerIcon !== iconName) {
      this.#bannerIcon = iconName
      this.#bannerText = element('span')
      setChildren(this.#banner, [icon(iconName), this.#bannerText])
    }
    setText(this.#bannerText, text)
  }

  // --- What cards need ---

  announce(text: string): void {
    setText(this.#live, text)
  }

  async order(id: string, designate: Wanted, force: boolean): Promise<Reply> {
    const reply = await new Promise<Reply>((resolve) => {
      $.ajax({
        url: `ha-pair/pairs/${encodeURIComponent(id)}/designate`,
        method: 'POST',
        contentType: 'application/json',
        data: JSON.stringify({ designate, force })
      }).then(
        (body) => resolve({ ok: true, role: (body as Extract<Reply, { ok: true }>).role }),
        (failure) => resolve(refusalIn(failure))
      )
    })
    await this.#asked()
    return reply
  }
}

const isDenied = (status: number | undefined): boolean => status === 401 || status === 403

function refusalIn({ status, responseJSON }: Failure): Reply {
  if (isDenied(status)) return { ok: false, code: 'denied', detail: '' }
  const { code, detail = '' } = (responseJSON ?? {}) as { readonly code?: string; readonly detail?: string }
  return code === undefined ? { ok: false, code: 'no-answer', detail: '' } : { ok: false, code, detail }
}

function emptyState(): HTMLElement {
  const steps = ['drag', 'set', 'deploy', 'other'].map((step) => element('li', {}, say(`empty.${step}`)))
  const examples = element('button', { type: 'button', class: 'red-ui-button' }, say('empty.examples'))
  examples.addEventListener('click', () => RED.actions.invoke('core:show-examples-import-dialog'))
  examples.hidden = !RED.user.hasPermission('flows.write')
  // A config node that no other node uses has no other place where it could be added.
  const witness = element('button', { type: 'button', class: 'red-ui-button' }, say('empty.add-witness'))
  witness.addEventListener('click', () => RED.editor.editConfig('', 'ha-pair-witness', '_ADD_'))
  witness.hidden = examples.hidden
  const empty = element(
    'div',
    { class: 'ha-pair-empty' },
    element('h3', {}, say('empty.title')),
    element('p', {}, say('empty.what')),
    element('ol', {}, ...steps),
    examples,
    element('p', {}, say('empty.witness')),
    witness
  )
  empty.hidden = true
  return empty
}

/** With the editor's own login and root address, which its jQuery adds. */
function fetched<Body>(url: string): Promise<Body> {
  return new Promise((resolve, reject) => {
    $.ajax({ url, dataType: 'json', cache: false, timeout: ANSWER_MS_MAX }).then(
      (body) => resolve(body as Body),
      reject
    )
  })
}
