/** The terminal: alternate screen, hidden cursor, single keys. Whatever happens, `close` gives it back as it was. */
import { paint, type Line, type Medium } from './paint'

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l'
const CLEAR = '\u001b[2J'

export interface ScreenOptions {
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
  readonly medium: Medium
  /** The picture for the terminal's size. */
  readonly draw: (columns: number, rows: number) => readonly Line[]
  readonly onKey: (key: string) => void
}

export class Screen {
  readonly #options: ScreenOptions
  #shown: string[] = []
  #open = false
  readonly #onKey = (data: Buffer): void => {
    for (const key of data.toString('utf8')) this.#options.onKey(key)
  }
  readonly #onResize = (): void => {
    this.#shown = []
    this.#options.output.write(CLEAR)
    this.refresh()
  }

  constructor(options: ScreenOptions) {
    this.#options = options
  }

  open(): void {
    const { input, output } = this.#options
    this.#open = true
    output.write(ENTER + CLEAR)
    output.on('resize', this.#onResize)
    input.setRawMode(true)
    input.on('data', this.#onKey)
    input.resume()
    this.refresh()
  }

  /** Writes the lines that changed. */
  refresh(): void {
    if (!this.#open) return
    const { output, draw, medium } = this.#options
    const lines = draw(output.columns, output.rows).map((line) => paint(line, medium))
    const changes = lines.map((line, row) => (line === this.#shown[row] ? '' : `\u001b[${row + 1};1H${line}`))
    this.#shown = lines
    const bytes = changes.join('')
    if (bytes !== '') output.write(bytes)
  }

  /** Harmless when closed already; synchronous, so that it works in the last moments of a process. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    const { input, output } = this.#options
    output.off('resize', this.#onResize)
    input.off('data', this.#onKey)
    input.pause()
    try {
      input.setRawMode(false)
      output.write(LEAVE)
    } catch {
      // The terminal itself is gone: there is nothing to give back.
    }
  }
}
