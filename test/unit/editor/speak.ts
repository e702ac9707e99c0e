/** Stands in for the editor's `RED._`, with the sidebar's own texts. */
import { catalogue, SIDEBAR, type Language } from '../../support/texts'

const TEXTS = '@ha-pair/node-red-ha-pair/ha-pair-sidebar:'
const globals = globalThis as { RED?: unknown }

export function speak(language: Language): void {
  const texts = catalogue(SIDEBAR, language)
  globals.RED = { _: (key: string) => texts.get(key.replace(TEXTS, '')) ?? key }
}

export function quiet(): void {
  delete globals.RED
}
