/**
 * A mocha reporter for `test.mjs`: one JSON line per happening on file descriptor 3, so that whatever the tests print
 * stays apart from the counts.
 */
const { writeSync } = require('node:fs')

const CHANNEL = 3

function tell(happening) {
  const line = Buffer.from(`${JSON.stringify(happening)}\n`)
  for (let sent = 0; sent < line.length;) {
    try {
      sent += writeSync(CHANNEL, line, sent)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}

module.exports = function Reporter(runner) {
  runner.on('pass', (test) => tell({ kind: 'pass', title: test.fullTitle(), ms: test.duration ?? 0 }))
  runner.on('pending', (test) => tell({ kind: 'skip', title: test.fullTitle() }))
  // A failing hook arrives here too, and is counted like a test: what it should have prepared did not run.
  runner.on('fail', (test, error) =>
    tell({ kind: 'fail', title: test.fullTitle(), ms: test.duration ?? 0, error: String(error?.stack ?? error) })
  )
  runner.on('end', () => tell({ kind: 'end' }))
}
