/** What is used here of the editor's own globals, on every Node-RED from 4.0 on: its `RED`, and its jQuery with two widgets. */

export type Params = Readonly<Record<string, string | number | undefined>>
/** Looks a text up in the catalogue of the node's own type. */
export type Say = (key: string, params?: Params) => string

/** A node as the editor holds it: what `this` is in a definition. */
export interface EditorNode {
  readonly id: string
  readonly type: string
  readonly _: Say
  name?: string
  [property: string]: unknown
}

/**
 * Of a property in `defaults`: true, or a sentence that says what is wrong. Node-RED takes sentences only from functions with
 * two arguments.
 */
export type Validator = (this: EditorNode, value: unknown, options: unknown) => true | string

export interface Property {
  readonly value: unknown
  readonly validate: Validator
}

interface Wire {
  readonly sourcePort: number
  readonly target: EditorNode
}

export interface NotifyButton {
  readonly text: string
  readonly class: string
  readonly click: () => void
}

interface Red {
  readonly settings: { readonly httpNodeRoot?: string | false }
  readonly events: { on(event: string, listener: (node: EditorNode) => void): void }
  readonly comms: {
    subscribe(topic: string, listener: () => void): void
    /** Not in every version. */
    on?(event: string, listener: () => void): void
  }
  readonly actions: { add(name: string, action: () => void): void; invoke(name: string): void }
  readonly user: { hasPermission(permission: string): boolean }
  readonly nodes: {
    node(id: string): EditorNode | null
    /** The wires at the outputs (0) or inputs (1) of a node. */
    getNodeLinks(node: { readonly id: string }, side: 0 | 1): readonly Wire[]
    subflow(
      id: string
    ): { readonly in: readonly EditorNode[]; readonly instances?: readonly EditorNode[] } | null | undefined
  }
  readonly editor: { editConfig(name: string, type: string, id: string): void }
  readonly sidebar: {
    show(id: string): void
    addTab(tab: Readonly<Record<string, unknown>> & { readonly id: string; readonly content: Element }): void
    removeTab(id: string): void
  }
  notify(
    content: Element,
    options: {
      readonly modal: boolean
      readonly fixed: boolean
      readonly type: string
      readonly buttons: readonly NotifyButton[]
    }
  ): HTMLElement & { close(): void }
  _(key: string, options?: Readonly<Record<string, unknown>>): string
}

/** jQuery: what the editor triggers, and the widgets that it adds, are seen through it only. */
export interface Query {
  readonly length: number
  on(events: string, listener: () => void): Query
  trigger(event: string): Query
  next(selector: string): Query
  find(selector: string): Query
  closest(selector: string): Query
  attr(name: string, value: string): Query
  toggle(shown: boolean): Query
  get(): HTMLElement[]
  get(index: number): HTMLElement | undefined

  typedInput(options: { readonly types: readonly (string | TypedInputType)[]; readonly default: string }): Query
  typedInput(method: 'type' | 'value'): string
  typedInput(method: 'type' | 'value', value: string): Query

  editableList<T>(options: EditableListOptions<T>): Query
  editableList(method: 'addItem', data: unknown): Query
  editableList(method: 'items'): { get(): Query[] }
  editableList(method: 'length'): number
}

export interface TypedInputType {
  readonly value: string
  readonly icon: string
  readonly options: readonly { readonly value: string; readonly label: string }[]
}

export interface EditableListOptions<T> {
  readonly height: string
  readonly sortable: boolean
  readonly removable: boolean
  readonly addButton: string
  readonly addItem: (row: Query, index: number, data: T) => void
  readonly removeItem: () => void
  readonly sortItems: () => void
}

/** A request that jQuery made has failed, or was answered with an error. */
export interface Failure {
  readonly status: number
  readonly responseJSON?: unknown
}

interface JQuery {
  (selector: string | Element): Query
  /** With the editor's own login and root address. */
  ajax(request: Readonly<Record<string, unknown>> & { readonly url: string }): {
    then(answered: (body: unknown) => void, failed: (failure: Failure) => void): void
  }
}

declare global {
  const RED: Red
  const $: JQuery
}
