import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { Screen } from '../../../demo/screen'

class FakeInput extends EventEmitter {
  raw = false
  flowing = false
  setRawMode(raw: boolean): void {
    this.raw = raw
  }
  resume(): void {
    this.flowing = true
  }
  pause(): void {
    this.flowing = false
  }
}

class FakeOutput extends EventEmitter {
  columns = 10
  rows = 2
  written = ''
  write(bytes: string): void {
    this.written += bytes
  }
  takeWritten(): string {
    const { written } = this
    this.written = ''
    return written
  }
}

describe('the screen', () => {
  let input: FakeInput
  let output: FakeOutput
  let lines: string[]
  let pressed: string
  let screen: Screen

  beforeEach(() => {
    input = new FakeInput()
    output = new FakeOutput()
    lines = ['first', 'second']
    pressed = ''
    screen = new Screen({
      input: input as unknown as NodeJS.ReadStream,
      output: output as unknown as NodeJS.WriteStream,
      medium: { colors: false, unicode: true },
      draw: () => lines.map((text) => [{ text, styles: [] }]),
      onKey: (key) => {
        pressed += key
      }
    })
    screen.open()
  })

  it('gives the terminal back as it was: main screen, cursor, line wrap, cooked input', () => {
    output.takeWritten()
    screen.close()
    const last = output.takeWritten()
    for (const code of ['\u001b[?1049l', '\u001b[?25h', '\u001b[?7h']) assert.ok(last.includes(code))
    assert.deepEqual([input.raw, input.flowing], [false, false])
    assert.equal(input.listenerCount('data') + output.listenerCount('resize'), 0)
    screen.close()
    assert.equal(output.takeWritten(), '', 'once is enough')
  })

  it('closes quietly when the terminal itself is gone', () => {
    input.setRawMode = () => {
      throw new Error('EIO')
    }
    screen.close()
    assert.equal(input.listenerCount('data'), 0)
  })

  it('writes only the lines that changed', () => {
    output.takeWritten()
    lines = ['first', 'changed']
    screen.refresh()
    assert.equal(output.takeWritten(), '\u001b[2;1Hchanged')
    screen.refresh()
    assert.equal(output.takeWritten(), '')
  })

  it('draws all anew when the window changes its size', () => {
    output.takeWritten()
    output.emit('resize')
    const drawn = output.takeWritten()
    assert.ok(drawn.includes('first') && drawn.includes('second'))
  })

  it('takes single keys, also when several come at once', () => {
    input.emit('data', Buffer.from('ks'))
    assert.equal(pressed, 'ks')
    assert.equal(input.raw, true)
  })
})
