/**
 * Makes the wall clock of a program settable, if it is loaded before the program: SIGUSR2 sets the clock back by a minute.
 * Timers and `performance` are not affected.
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
