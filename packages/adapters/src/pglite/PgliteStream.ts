/**
 * A PGlite database as a stream that speaks the Postgres wire protocol, as a socket to a server would.
 *
 * PGlite has one session for its whole life. A stream that ends therefore clears the session for the next one: it rolls
 * back what is open and forgets prepared statements and settings.
 */
import type { PGlite } from "@electric-sql/pglite"
import { Duplex } from "node:stream"

export const pgliteStream = (database: PGlite): Duplex => {
  const stream: Duplex = new Duplex({
    read() {},
    write(chunk: Uint8Array, _encoding, done) {
      database.execProtocolRaw(new Uint8Array(chunk)).then(
        (answer) => {
          if (answer.length > 0) stream.push(answer)
          done()
        },
        (error: Error) => done(error)
      )
    },
    final(done) {
      stream.push(null)
      done()
    },
    destroy(error, done) {
      if (database.closed) return done(error)
      database.exec("ROLLBACK; DISCARD ALL").then(
        () => done(error),
        () => done(error)
      )
    }
  })
  return stream
}
