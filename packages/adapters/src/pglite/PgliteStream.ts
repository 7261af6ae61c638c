/**
 * A PGlite database as a stream of the Postgres wire protocol, like a socket to a server.
 *
 * PGlite has one session for its whole life. When a stream ends, the session is cleared for the next one: an open transaction
 * is rolled back, and prepared statements, settings and temporary tables are forgotten.
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

export const pgliteStream = (database: PGlite): Duplex => {
  let cleared: Promise<void> | undefined
  /** Runs once for each stream, and as soon as the stream ends: the next one may write before this one is destroyed. */
  const clearSession = () => {
    if (cleared === undefined) {
      cleared = clear(database).catch(() => {})
      clearing.set(database, cleared)
    }
    return cleared
  }
  const stream: Duplex = new Duplex({
    read() {},
    write(chunk: Uint8Array, _encoding, done) {
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
