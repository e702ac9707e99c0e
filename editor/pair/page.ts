/** The parts of the dialog's page, which its template has. */

export function byId(id: string): HTMLElement {
  const part = document.getElementById(id)
  if (part === null) throw new Error(`the template has no #${id}`)
  return part
}

export const inputById = (id: string): HTMLInputElement => byId(id) as HTMLInputElement

/** The input that Node-RED fills in and reads. */
export const inputOf = (property: string): HTMLInputElement => inputById(`node-config-input-${property}`)

export const inputIfAny = (property: string): HTMLInputElement | null =>
  document.getElementById(`node-config-input-${property}`) as HTMLInputElement | null

export function show(part: HTMLElement, shown: boolean): void {
  part.style.display = shown ? '' : 'none'
}
