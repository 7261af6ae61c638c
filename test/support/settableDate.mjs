/**
 * Loaded before a program, lets its wall clock be set: SIGUSR2 sets it back by a minute. Timers and `performance` go on.
 */
const RealDate = Date
let aheadMillis = 0
process.on("SIGUSR2", () => (aheadMillis -= 60_000))

globalThis.Date = class Date extends RealDate {
  constructor(...given) {
    super(...(given.length === 0 ? [RealDate.now() + aheadMillis] : given))
  }
  static now() {
    return RealDate.now() + aheadMillis
  }
}
