/** For mocha: its time limits are multiplied by HA_PAIR_PATIENCE, as those of test/support/patience.ts are. */
const { Runnable } = require('mocha')

const factor = Number(process.env.HA_PAIR_PATIENCE ?? 1)
const timeout = Runnable.prototype.timeout

Runnable.prototype.timeout = function (...args) {
  return timeout.apply(
    this,
    args.map((ms) => (typeof ms === 'number' ? ms * factor : ms))
  )
}
