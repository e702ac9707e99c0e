/** The two questions before a switch-over: the ordinary one, and the one before roles are forced. */
import type { Policy } from '../../src/protocol/settings'
import { element } from '../dom'
import type { Wanted } from './answer'
import type { Beware } from './prospect'
import { bewareText, prospectText, say } from './words'

export interface Plan {
  readonly pair: string
  /** Both hosts, as they are called. */
  readonly here: string
  readonly peer: string
  readonly becomes: Wanted
  readonly force: boolean
  readonly beware: Beware | null
  readonly peerOnline: boolean
  readonly policy: Policy
}

let questions = 0

/**
 * Asks; calls `go` only on a clear yes.
 * Keys: Escape = no; Tab stays inside; the first focus is on 'Cancel', and goes back to where it was.
 */
export function confirmSwitch(plan: Plan, go: () => void): void {
  const before = document.activeElement
  // One that was answered slides out while the next one comes.
  const id = `ha-pair-question-${++questions}`
  const becomes = say(`role.${plan.becomes}`)
  const names = { ...plan, role: becomes }
  const title = element('strong', { id }, plan.force ? say('force.title', names) : say('ask.title', names))
  const sure = plan.force ? element('input', { type: 'checkbox', id: `${id}-sure` }) : null
  const text = element('div', { id: `${id}-text`, class: 'ha-pair-question-text' })
  const name = say('ask.pair', { pair: plan.pair, host: plan.here })
  text.append(element('p', { class: 'ha-pair-question-name' }, name), ...sentences(plan, sure))

  let closed = false
  const close = (): void => {
    if (closed) return
    closed = true
    // The editor slides the dialog out; what is no longer asked must not be reached with Tab meanwhile.
    dialog.classList.add('ha-pair-answered')
    for (const control of controlsIn(dialog)) control.disabled = true
    dialog.close()
    if (before instanceof HTMLElement && before.isConnected) before.focus()
  }
  const yes = (): void => {
    if (closed || (sure !== null && !sure.checked)) return
    close()
    go()
  }
  const dialog = RED.notify(element('div', {}, element('p', {}, title), text), {
    modal: true,
    fixed: true,
    type: plan.force ? 'error' : 'warning',
    buttons: [
      { text: say('ask.cancel'), class: 'ha-pair-no', click: close },
      { text: plan.force ? say('force.yes') : say('ask.yes', names), class: 'ha-pair-yes primary', click: yes }
    ]
  })
  dialog.classList.add('ha-pair-dialog')
  dialog.setAttribute('role', 'alertdialog')
  dialog.setAttribute('aria-modal', 'true')
  dialog.setAttribute('aria-labelledby', title.id)
  dialog.setAttribute('aria-describedby', text.id)
  if (sure !== null) enableWhenSure(sure, dialog.querySelector<HTMLButtonElement>('.ha-pair-yes'))
  dialog.addEventListener('keydown', (event) => {
    // The editor's own shortcuts (Delete, Ctrl-A, ...) must not reach the flows behind the question.
    event.stopPropagation()
    if (event.key === 'Escape') {
      event.preventDefault()
      close()
    } else if (event.key === 'Tab') keepInside(event, dialog)
  })
  dialog.querySelector<HTMLButtonElement>('.ha-pair-no')?.focus()
}

const line = (text: string, look: string | null = null): HTMLElement => element('p', { class: look }, text)

function sentences(plan: Plan, sure: HTMLInputElement | null): HTMLElement[] {
  const { becomes, policy, peerOnline } = plan
  if (sure === null) {
    const lines = [line(prospectText(plan, plan)), line(bewareText(plan, plan), 'ha-pair-question-warning')]
    return [...lines.filter(({ textContent }) => textContent !== ''), line(say('ask.moment', { ...plan }))]
  }
  const label = element('label', { class: 'ha-pair-sure', for: sure.id })
  label.append(sure, element('span', {}, say(`force.sure.${becomes}`, { ...plan })))
  return [
    line(say(peerOnline ? 'force.online' : 'force.offline', { ...plan })),
    line(say(`force.${becomes}`, { ...plan })),
    ...(becomes === 'active' ? [line(say(`policy.${policy}.not`))] : []),
    label
  ]
}

function enableWhenSure(sure: HTMLInputElement, confirm: HTMLButtonElement | null): void {
  const follow = (): void => {
    if (confirm !== null) confirm.disabled = !sure.checked
    confirm?.classList.toggle('disabled', !sure.checked)
  }
  follow()
  sure.addEventListener('change', follow)
}

const controlsIn = (dialog: HTMLElement): (HTMLInputElement | HTMLButtonElement)[] => [
  ...dialog.querySelectorAll<HTMLInputElement | HTMLButtonElement>('input, button')
]

function keepInside(event: KeyboardEvent, dialog: HTMLElement): void {
  const stops = controlsIn(dialog).filter(({ disabled }) => !disabled)
  const at = stops.findIndex((stop) => stop === document.activeElement)
  const next = stops[(at + (event.shiftKey ? -1 : 1) + stops.length) % stops.length]
  event.preventDefault()
  next?.focus()
}
