/**
 * A PGlite database as a stream of the Postgres wire protocol, like a socket to a server.
 *
 * PGlite has one session for its whole life. When a stream ends, the session is cleared for the next one: an open transaction
 * is rolled back, and prepared statements, settings and temporary tables are forgotten. A stream that only asks to end a
 * statement has nothing to do with the session: PGlite runs every statement to its end.
 */
import type { PGlite } from "@electric-sql/pglite"
import { Duplex } from "node:stream"

/** The clearing that must end before a session can be used again. */
const clearing = new WeakMap<PGlite, Promise<void>>()

const clear = async (database: PGlite): Promise<void> => {
  if (database.closed) return
  await database.exec("ROLLBACK")
  await database.exec("DISCARD ALL")
}

/** The code of a request to end a statement, which is the first and only message of its stream: its length, and this. */
const CANCEL_LENGTH = 16
const CANCEL_CODE = 80_877_102

const isCancel = (chunk: Uint8Array): boolean => {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  return chunk.length === CANCEL_LENGTH && view.getInt32(0) === CANCEL_LENGTH && view.getInt32(4) === CANCEL_CODE
}

export const pgliteStream = (database: PGlite): Duplex => {
  let cleared: Promise<void> | undefined
  /** Whether anything was said about the session. */
  let isUsed = false
  /** Runs once for each stream, and as soon as the stream ends: the next one may write before this one is destroyed. */
  const clearSession = () => {
    if (cleared === undefined && isUsed) {
      cleared = clear(database).catch(() => {})
      clearing.set(database, cleared)
    }
    return cleared ?? Promise.resolve()
  }
  const stream: Duplex = new Duplex({
    read() {},
    write(chunk: Uint8Array, _encoding, done) {
      if (!isUsed && isCancel(chunk)) {
        stream.push(null)
        return done()
      }
      isUsed = true
      Promise.resolve(clearing.get(database))
        .then(() => database.execProtocolRaw(new Uint8Array(chunk)))
        .then(
          (answer) => {
            if (answer.length > 0) stream.push(answer)
            done()
          },
          (error: Error) => done(error)
        )
    },
    final(done) {
      void clearSession()
      stream.push(null)
      done()
    },
    destroy(error, done) {
      void clearSession().then(() => done(error))
    }
  })
  return stream
}
