/** One Chromium, and Node-RED processes with the package installed from `npm pack`'s file: what a suite of stories needs. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext } from 'playwright-core'
import { type FlowNode, KEY } from '../../../support/node-red/flow'
import { installInto, packInto, removeFolder, scratchFolder } from '../../../support/node-red/npm'
import { freePorts } from '../../../support/ports'
import { NodeRedProcess, type NodeRedOptions } from '../../../support/node-red/process'
import { type NodeRed } from '../../../support/node-red/versions'
import { ROOT } from '../../../support/root'
import { share, WHOLE } from '../../../support/share'
import { skipWithoutChromium, startChromium } from './chromium'
import { Editor, type EditorOptions, type Language } from './editor'

export type HostOptions = Omit<NodeRedOptions, 'name' | 'version' | 'userDirectory' | 'flows'> & {
  readonly name?: string
  readonly flows?: readonly FlowNode[]
}

const SET_LIMIT_MS = 120_000
/** No code is edited here: without the large code editor a page loads in half the time. */
const CONTEXT_STORE = `settings.contextStorage = {
  default: { module: 'memory' },
  pair: { module: require('@ha-pair/node-red-ha-pair/context'), config: {} }
}`
const EDITOR_THEME = { tours: false, codeEditor: { lib: 'ace' } } as const

/** Sets a stage for the tests that `tell` registers, and strikes it when they are over. */
export function onStage(findVersion: () => NodeRed, tell: (stage: () => Stage) => void): void {
  let stage: Stage | null = null
  before(async function () {
    this.timeout(SET_LIMIT_MS)
    skipWithoutChromium(this)
    stage = await Stage.set(findVersion())
  })
  after(async function () {
    this.timeout(SET_LIMIT_MS)
    await stage?.strike()
  })
  tell(() => {
    if (stage === null) throw new Error('the stage is not set')
    return stage
  })
}

export class Stage {
  readonly version: NodeRed
  readonly browser: Browser
  /** What `npm pack` made of this checkout. */
  readonly packageFile: string
  readonly #folder: string
  readonly #hosts: NodeRedProcess[] = []
  readonly #editors: Editor[] = []
  readonly #contexts = new Map<Language, BrowserContext>()
  readonly #mainEditors = new Map<NodeRedProcess, Editor>()
  #pair: { readonly a: NodeRedProcess; readonly b: NodeRedProcess } | null = null

  private constructor(version: NodeRed, browser: Browser, folder: string, packageFile: string) {
    this.version = version
    this.browser = browser
    this.#folder = folder
    this.packageFile = packageFile
  }

  static async set(version: NodeRed): Promise<Stage> {
    const folder = scratchFolder('browser')
    const packageFile = await packInto(folder)
    return new Stage(version, await startChromium(), folder, packageFile)
  }

  /** A Node-RED that runs, with a user directory of its own. */
  async host(options: HostOptions = {}): Promise<NodeRedProcess> {
    const name = options.name ?? `host-${this.#hosts.length + 1}`
    const userDirectory = join(this.#folder, name)
    await installInto(userDirectory, this.packageFile)
    const host = new NodeRedProcess({
      flows: [],
      // What the import menu brings.
      allNodes: true,
      ...options,
      settings: { editorTheme: EDITOR_THEME, ...options.settings },
      name,
      version: this.version,
      userDirectory
    })
    this.#hosts.push(host)
    await host.start()
    return host
  }

  /** A Node-RED that runs as it comes out of the box, in a fresh user directory without the package. */
  async stockHost(name: string): Promise<NodeRedProcess> {
    const userDirectory = join(this.#folder, name)
    mkdirSync(userDirectory, { recursive: true })
    const made = { name, version: this.version, userDirectory, flows: [], stock: true, allNodes: WHOLE } as const
    // Only in the whole with the large code editor, which nobody opens, and with the nodes that no flow here has.
    const host = new NodeRedProcess({ ...made, defines: share(['editorTheme.codeEditor.lib=ace'], []) })
    this.#hosts.push(host)
    await host.start()
    return host
  }

  /** Installs the package into a host's user directory, as `npm install <file>` does. */
  async install(host: NodeRedProcess): Promise<void> {
    await installInto(host.userDirectory, this.packageFile)
  }

  /** Two that run, with the environment that the examples ask for: each other's peers. */
  async hosts(options: HostOptions = {}): Promise<{ a: NodeRedProcess; b: NodeRedProcess }> {
    const [portA, portB] = (await freePorts(2)).map(String) as [string, string]
    const side = (name: string, localPort: string, peerPort: string): Promise<NodeRedProcess> =>
      this.host({
        ...options,
        name,
        environment: {
          HA_PEER_HOST: '127.0.0.1',
          HA_PEER_PORT: peerPort,
          HA_LOCAL_PORT: localPort,
          HA_PAIR_KEY: KEY,
          ...options.environment
        }
      })
    return { a: await side('a', portA, portB), b: await side('b', portB, portA) }
  }

  /** The two on which most stories are told, one set after the other: each set deploys its own flows. */
  async pair(): Promise<{ readonly a: NodeRedProcess; readonly b: NodeRedProcess }> {
    this.#pair ??= await this.hosts({ settingsCode: CONTEXT_STORE })
    return this.#pair
  }

  /** The editor that stays open on a host, freshly loaded. */
  async mainEditor(host: NodeRedProcess): Promise<Editor> {
    const open = this.#mainEditors.get(host)
    if (open !== undefined) {
      await open.reload()
      return open
    }
    const editor = await this.editor(host)
    this.#mainEditors.set(host, editor)
    return editor
  }

  async editor(host: NodeRedProcess, options: EditorOptions = {}): Promise<Editor> {
    const editor = await Editor.open(this.browser, host, options, await this.#shared(options))
    this.#editors.push(editor)
    editor.page.once('close', () => this.#editors.splice(this.#editors.indexOf(editor), 1))
    return editor
  }

  /** What the browser has loaded once it need not load again for the next page in the same language. */
  async #shared({ language = 'en-US', scale, login }: EditorOptions): Promise<BrowserContext | null> {
    if (login !== undefined || scale !== undefined) return null
    const context = this.#contexts.get(language) ?? (await this.browser.newContext({ locale: language }))
    this.#contexts.set(language, context)
    return context
  }

  /** For an `afterEach` hook: keeps pictures of a test that failed; no page may have met an unexpected error. */
  async afterTest(test: { readonly title: string; isFailed(): boolean } | undefined): Promise<void> {
    if (test?.isFailed() === true) {
      const name = test.title.replaceAll(/[^\w]+/g, '-').slice(0, 60)
      for (const [index, editor] of [...this.#editors].entries()) {
        const file = join(ROOT, '.tmp', 'browser', `${name}-${index + 1}.png`)
        await editor.screenshot(file).then(
          () => console.log(`a picture of what the browser showed: ${file}`),
          () => undefined
        )
        // The next test finds an editor without an open dialog. One that asked for a login has no next test.
        await (editor.isShared ? editor.reload() : editor.close()).catch(() => undefined)
        editor.forgetFaults()
      }
    }
    for (const editor of this.#editors) editor.assertNoFaults()
  }

  async strike(): Promise<void> {
    await Promise.allSettled([this.browser.close(), ...this.#hosts.map((host) => host.kill())])
    removeFolder(this.#folder)
  }
}
