/**
 * The message ids of a batch: one fresh UUID, counted up in its last 32 bits.
 *
 * A version 7 UUID has more random bits than these, so two batches do not meet; and a thousand ids cost one draw.
 */
export const messageIds = (first: string, count: number): ReadonlyArray<string> => {
  const prefix = first.slice(0, -8)
  const start = Number.parseInt(first.slice(-8), 16)
  return Array.from({ length: count }, (_, index) => {
    const last = ((start + index) >>> 0).toString(16)
    return `${prefix}${last.padStart(8, "0")}`
  })
}
