/** For mocha: its time limits are multiplied by HA_PAIR_PATIENCE, as those of test/support/patience.ts are. */
const { Runnable } = require('mocha')

const factor = Number(process.env.HA_PAIR_PATIENCE ?? 1)
const own = Object.getOwnPropertyDescriptor(Runnable.prototype, 'timeout')

Object.defineProperty(Runnable.prototype, 'timeout', {
  ...own,
  value(...args) {
    return own.value.apply(
      this,
      args.map((ms) => (typeof ms === 'number' ? ms * factor : ms))
    )
  }
})
