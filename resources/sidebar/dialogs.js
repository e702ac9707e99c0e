/** The two questions before a switch-over: the ordinary one, and the one before roles are forced. */
import { element } from './dom.js'
import { say } from './words.js'

let questions = 0

/**
 * Asks; calls `go` only on a clear yes. `plan`: { pair, becomes, peerOnline, policy, force, peerHost }.
 * Keys: Escape = no; Tab stays inside; the first focus is on 'Cancel', and goes back to where it was.
 */
export function confirmSwitch(plan, go) {
  const before = document.activeElement
  // One that was answered slides out while the next one comes.
  const id = `ha-pair-question-${++questions}`
  const becomes = say(`role.${plan.becomes}`)
  const kind = plan.force ? 'force' : 'ask'
  const title = element('strong', { id }, say(`${kind}.title`, { role: becomes }))
  const text = element('div', { id: `${id}-text`, class: 'ha-pair-question-text' })
  text.append(element('p', { class: 'ha-pair-question-name' }, plan.pair))
  const sure = plan.force ? element('input', { type: 'checkbox', id: `${id}-sure` }) : null
  if (sure === null) {
    text.append(element('p', {}, say(`ask.${plan.becomes}`)))
    text.append(element('p', {}, say('ask.moment')))
  } else {
    text.append(element('p', {}, say(plan.peerOnline ? 'force.online' : 'force.offline')))
    text.append(element('p', {}, say(`force.${plan.becomes}`)))
    if (plan.becomes === 'active') text.append(element('p', {}, say(`policy.${plan.policy}.not`)))
    const label = element('label', { class: 'ha-pair-sure', for: sure.id })
    label.append(sure, element('span', {}, say(`force.sure.${plan.becomes}`, { host: plan.peerHost })))
    text.append(label)
  }

  let closed = false
  const close = () => {
    if (closed) return
    closed = true
    // The editor slides the dialog out; what is no longer asked must not be reached with Tab meanwhile.
    dialog.classList.add('ha-pair-answered')
    for (const control of dialog.querySelectorAll('button, input')) control.disabled = true
    dialog.close()
    if (before instanceof HTMLElement && before.isConnected) before.focus()
  }
  const yes = () => {
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
      { text: say(`${kind}.yes`, { role: becomes }), class: 'ha-pair-yes primary', click: yes }
    ]
  })
  dialog.classList.add('ha-pair-dialog')
  dialog.setAttribute('role', 'alertdialog')
  dialog.setAttribute('aria-modal', 'true')
  dialog.setAttribute('aria-labelledby', title.id)
  dialog.setAttribute('aria-describedby', text.id)
  const confirm = dialog.querySelector('.ha-pair-yes')
  if (sure !== null) {
    const follow = () => {
      confirm.disabled = !sure.checked
      confirm.classList.toggle('disabled', !sure.checked)
    }
    follow()
    sure.addEventListener('change', follow)
  }
  dialog.addEventListener('keydown', (event) => {
    // The editor's own shortcuts (Delete, Ctrl-A, ...) must not reach the flows behind the question.
    event.stopPropagation()
    if (event.key === 'Escape') {
      event.preventDefault()
      close()
    } else if (event.key === 'Tab') keepInside(event, dialog)
  })
  dialog.querySelector('.ha-pair-no').focus()
}

function keepInside(event, dialog) {
  const stops = [...dialog.querySelectorAll('input, button')].filter(({ disabled }) => !disabled)
  const at = stops.indexOf(document.activeElement)
  const next = stops[(at + (event.shiftKey ? -1 : 1) + stops.length) % stops.length]
  event.preventDefault()
  next?.focus()
}
