/**
 * A PGlite database as a stream of the Postgres wire protocol, like a socket to a server.
 *
 * PGlite has one session for its whole life. Streams have it one after the other: a stream waits until the one before has ended.
 * Then the session is cleared for it: an open transaction is rolled back, and prepared statements, settings and temporary
 * tables are forgotten. A stream that only asks to end a statement has nothing to do with the session: PGlite runs every
 * statement to its end.
 */
import type { PGlite } from "@electric-sql/pglite"
import { Duplex } from "node:stream"

/** When the last stream that asked for the session will have left it cleared. */
const turns = new WeakMap<PGlite, Promise<void>>()

const clear = async (database: PGlite): Promise<void> => {
  if (database.closed) return
  await database.exec("ROLLBACK")
  await database.exec("DISCARD ALL")
}

/** The session for one stream. */
const makeTurn = (database: PGlite) => {
  const over = Promise.withResolvers<void>()
  let begun: Promise<void> | undefined
  let isMine = false
  let isOver = false
  const begin = (): Promise<void> => {
    if (begun !== undefined) return begun
    const before = turns.get(database) ?? Promise.resolve()
    turns.set(
      database,
      before.then(() => over.promise)
    )
    begun = before.then(() => {
      isMine = !isOver
    })
    return begun
  }
  return {
    /** Sends something to the session, once it is this stream's turn. */
    send: async (chunk: Uint8Array): Promise<Uint8Array> => {
      await begin()
      return isOver ? new Uint8Array() : database.execProtocolRaw(new Uint8Array(chunk))
    },
    /** Leaves the session to the next stream, as soon as the stream ends: the next one may write before it is destroyed. */
    end: (): Promise<void> => {
      if (!isOver) {
        isOver = true
        const cleared = isMine ? clear(database).catch(() => {}) : Promise.resolve()
        void cleared.then(() => over.resolve())
      }
      return begun === undefined ? Promise.resolve() : over.promise
    }
  }
}

/** The code of a request to end a statement, which is the first and only message of its stream: its length, and this. */
const CANCEL_LENGTH = 16
const CANCEL_CODE = 80_877_102

const isCancel = (chunk: Uint8Array): boolean => {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  return chunk.length === CANCEL_LENGTH && view.getInt32(0) === CANCEL_LENGTH && view.getInt32(4) === CANCEL_CODE
}

export const pgliteStream = (database: PGlite): Duplex => {
  const turn = makeTurn(database)
  let isFirst = true
  const stream: Duplex = new Duplex({
    read() {},
    write(chunk: Uint8Array, _encoding, done) {
      if (isFirst && isCancel(chunk)) {
        stream.push(null)
        return done()
      }
      isFirst = false
      turn.send(chunk).then(
        (answer) => {
          if (answer.length > 0) stream.push(answer)
          done()
        },
        (error: Error) => done(error)
      )
    },
    final(done) {
      void turn.end()
      stream.push(null)
      done()
    },
    destroy(error, done) {
      void turn.end().then(() => done(error))
    }
  })
  return stream
}
