/** Whether `settings.js` makes the store that moves with the role the default one: then all context goes over the channel. */

interface StoreSettings {
  readonly module?: unknown
}

/** As the module of the store says of itself. */
const OURS = 'ha-pair'

/** `contextStorage` as Node-RED reads it: the default by its name, or else the first one. */
export function isDefaultStore(contextStorage: unknown): boolean {
  if (typeof contextStorage !== 'object' || contextStorage === null) return false
  const stores = { ...contextStorage } as Readonly<Record<string, StoreSettings | string>>
  const named = stores['default'] ?? Object.values(stores)[0]
  const store = typeof named === 'string' ? stores[named] : named
  return typeof store === 'object' && typeof store.module === 'function' && String(store.module) === OURS
}
