/**
 * Secure random bytes, drawn from the operating system a few thousand at a time, since one draw for each id would cost too
 * much. Every byte is handed out once.
 */
import * as Layer from "effect/Layer"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { randomFillSync } from "node:crypto"

const POOL_BYTES = 4_096

const makePool = (): ((size: number) => Uint8Array) => {
  let pool = new Uint8Array(0)
  let used = 0
  return (size) => {
    if (size > POOL_BYTES) return randomFillSync(new Uint8Array(size))
    if (used + size > pool.length) {
      pool = randomFillSync(new Uint8Array(POOL_BYTES))
      used = 0
    }
    const bytes = pool.subarray(used, used + size)
    used += size
    return bytes
  }
}

export const layer: Layer.Layer<SecureRandom.SecureRandom> = Layer.sync(SecureRandom.SecureRandom, () =>
  SecureRandom.make(makePool())
)
