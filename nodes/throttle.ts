/** Turns a storm of calls into a few. */
export interface Throttle {
  touch(): void
  /** Nothing is passed on any more. */
  end(): void
}

/** The first `touch` calls at once; those that follow within `everyMs` share one call, at its end. None is lost. */
export function throttle(everyMs: number, tell: () => void): Throttle {
  let timer: NodeJS.Timeout | null = null
  let touched = false
  let ended = false
  const rest = (): void => {
    timer = setTimeout(() => {
      timer = null
      if (!touched) return
      touched = false
      rest()
      tell()
    }, everyMs)
    timer.unref()
  }
  return {
    touch() {
      if (ended) return
      if (timer !== null) {
        touched = true
        return
      }
      rest()
      tell()
    },
    end() {
      ended = true
      if (timer !== null) clearTimeout(timer)
    }
  }
}
