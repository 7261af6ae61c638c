/**
 * The deadlines of requests. Those of one length end in the order in which they began, so they stand in a list, and one timer waits for the
 * first of them. To begin and to end a deadline costs a few assignments, whereas a timer for each request costs more than many handlers.
 */

/** A deadline that has begun. */
export interface Deadline {
  readonly at: number
  readonly onLate: () => void
  before: Deadline | undefined
  after: Deadline | undefined
  isOver: boolean
}

/** The deadlines of one length, in milliseconds. */
export class Deadlines {
  readonly millis: number
  private first: Deadline | undefined
  private last: Deadline | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(millis: number) {
    this.millis = millis
  }

  /** Calls `onLate` when the time is up, unless the deadline has ended before. */
  begin(onLate: () => void): Deadline {
    const at = performance.now() + this.millis
    const deadline: Deadline = { at, onLate, before: this.last, after: undefined, isOver: false }
    if (this.last === undefined) this.first = deadline
    else this.last.after = deadline
    this.last = deadline
    // The timer is left running when the list is empty: it finds nothing to do, and waits no more.
    this.timer ??= setTimeout(this.onTimer, this.millis)
    return deadline
  }

  /** Ends a deadline of this list. */
  end(deadline: Deadline): void {
    if (deadline.isOver) return
    deadline.isOver = true
    const { after, before } = deadline
    if (before === undefined) this.first = after
    else before.after = after
    if (after === undefined) this.last = before
    else after.before = before
  }

  /** Forgets all of them, so that no timer keeps the process alive. */
  close(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.first = this.last = undefined
  }

  private readonly onTimer = () => {
    this.timer = undefined
    const now = performance.now()
    while (this.first !== undefined && this.first.at <= now) {
      const late = this.first
      this.end(late)
      late.onLate()
    }
    if (this.first !== undefined) this.timer = setTimeout(this.onTimer, Math.ceil(this.first.at - now))
  }
}
