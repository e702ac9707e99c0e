/**
 * What a careful eye sees of a dialog. These functions run in the page; they are text, because the tests are compiled
 * without the browser's types.
 */
import type { Dialog } from './editor'

/** Visible elements of the form that hold text of their own; Node-RED's own buttons and lists are not ours to judge. */
const OURS = `
  const form = tray.querySelector('.red-ui-tray-body form') ?? tray.querySelector('.red-ui-tray-body')
  const shown = (element) => element.getClientRects().length > 0 && getComputedStyle(element).visibility !== 'hidden'
  const traps = '[id^=red-ui-trap]'
  const elements = [...form.querySelectorAll('*')].filter((element) => shown(element) && !element.matches(traps))
  const ownText = (element) =>
    [...element.childNodes].filter(({ nodeType }) => nodeType === 3).map(({ data }) => data.trim()).join(' ').trim()
  const name = (element) => element.tagName.toLowerCase() + (element.id ? '#' + element.id : '.' + element.className)`

/** Runs `body`, a function's inside, on the dialog on top. */
function inForm<T>(dialog: Dialog, body: string): Promise<T> {
  return dialog.editor.page.evaluate<T>(`((tray) => {${OURS}
    ${body}
  })([...document.querySelectorAll('.red-ui-tray')].at(-1))`)
}

/** Every text that the form shows, also placeholders and names for screen readers. */
export function textsIn(dialog: Dialog): Promise<string[]> {
  return inForm<string[]>(
    dialog,
    `
    return elements.flatMap((element) => [
      ownText(element),
      element.getAttribute('placeholder') ?? '',
      element.getAttribute('aria-label') ?? '',
      element.getAttribute('title') ?? ''
    ]).filter((text) => text !== '')`
  )
}

/** Texts whose contrast to what lies behind them is below 4.5 to 1 (WCAG AA). */
export function faintIn(dialog: Dialog): Promise<string[]> {
  return inForm<string[]>(
    dialog,
    `
    const channels = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number)
    const luminance = (rgb) => {
      const [r, g, b] = rgb.map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const behind = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const [r, g, b, a = 1] = channels(getComputedStyle(at).backgroundColor)
        if (a > 0.5) return [r, g, b]
      }
      return [255, 255, 255]
    }
    return elements.filter((element) => ownText(element) !== '' && !element.closest('button, .red-ui-button, option')).flatMap((element) => {
      const [front, back] = [luminance(channels(getComputedStyle(element).color).slice(0, 3)), luminance(behind(element))]
      const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05)
      return contrast < 4.5 ? [contrast.toFixed(1) + ' ' + name(element) + ': ' + ownText(element)] : []
    })`
  )
}

/** Elements that reach out of the dialog, or whose text does not fit into them. */
export function overflowingIn(dialog: Dialog): Promise<string[]> {
  return inForm<string[]>(
    dialog,
    `
    const right = form.getBoundingClientRect().right + 1
    const out = elements.filter((element) => element.getBoundingClientRect().right > right)
    const cut = elements.filter((element) =>
      /^(LABEL|SPAN|BUTTON|P|DT|DD|CODE)$/.test(element.tagName) && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1)
    return [...new Set([...out, ...cut])].map(name)`
  )
}

/** Fields and buttons without a name that a screen reader could say. */
export function namelessIn(dialog: Dialog): Promise<string[]> {
  return inForm<string[]>(
    dialog,
    `
    return elements
      .filter((element) => /^(INPUT|SELECT|TEXTAREA|BUTTON)$/.test(element.tagName))
      .filter((element) => {
        const labels = [...(element.labels ?? [])].map((label) => label.textContent.trim())
        return ![...labels, element.getAttribute('aria-label'), element.textContent.trim(), element.title].some(Boolean) ||
          (element.tagName === 'SELECT' && !labels.some(Boolean) && !element.getAttribute('aria-label'))
      })
      .map(name)`
  )
}

/** Positions of the fields in the order in which the Tab key reaches them, for as long as it stays in the form. */
export async function tabOrderIn(dialog: Dialog): Promise<number[]> {
  const { page } = dialog.editor
  await inForm(
    dialog,
    `
    const fields = elements.filter((element) => element.matches('input, select, button'))
    fields.forEach((element, index) => element.setAttribute('data-test-order', index))
    fields[0].focus()`
  )
  const reached: number[] = []
  for (let presses = 0; presses < 60; presses++) {
    const at = await page.evaluate<string | null>(`document.activeElement.getAttribute('data-test-order')`)
    if (at !== null) reached.push(Number(at))
    else if (!(await isInForm(dialog))) break
    await page.keyboard.press('Tab')
  }
  return reached
}

async function isInForm(dialog: Dialog): Promise<boolean> {
  return inForm<boolean>(dialog, `return form.contains(document.activeElement)`)
}
