import assert from 'node:assert/strict'
import { Requests } from '../../../src/host/requests'

describe('requests to the engine', () => {
  let held = 0
  let requests: Requests<string>
  const sent: number[] = []
  const ask = (limitMs = 1000): Promise<string> => requests.ask(limitMs, 'too late', (id) => sent.push(id))

  beforeEach(() => {
    held = 0
    sent.length = 0
    requests = new Requests({ hold: () => held++, letGo: () => held-- })
  })

  it('each get their own answer, and keep the process alive until then', async () => {
    const [one, two] = [ask(), ask()]
    assert.deepEqual([sent, held, requests.size], [[1, 2], 2, 2])
    requests.answer(2, 'b')
    assert.deepEqual([requests.isOpen(1), requests.isOpen(2), held], [true, false, 1])
    requests.answer(1, 'a')
    assert.deepEqual(await Promise.all([one, two]), ['a', 'b'])
    assert.deepEqual([held, requests.size], [0, 0])
  })

  it('end once: a late answer, a second one and one that nobody waits for change nothing', async () => {
    const late = ask(1)
    assert.equal(await late, 'too late')
    requests.answer(1, 'a')
    requests.answer(99, 'b')
    assert.equal(held, 0)
  })

  it('all end when nobody will answer, and later ones have other numbers', async () => {
    const [one, two] = [ask(), ask()]
    requests.answerAll('gone')
    assert.deepEqual([await one, await two, held], ['gone', 'gone', 0])
    const three = ask()
    requests.answer(3, 'c')
    assert.equal(await three, 'c')
  })

  it('may be answered while they are sent', async () => {
    const answered = requests.ask(1000, '', (id) => requests.answer(id, 'at once'))
    assert.equal(await answered, 'at once')
    assert.equal(held, 0)
  })
})
