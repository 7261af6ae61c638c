/**
 * A TCP proxy in front of Postgres that cuts connections around a commit.
 *
 * It looks into the bytes. What commits is a COMMIT, sent as text on a new connection, or the statement that writes a batch,
 * where nothing else is in its transaction; that one is known by its name once it was prepared. Either is answered with the
 * tag `COMMIT`, or by a server that was told to write and is outside of a transaction again.
 */
import { Effect } from "effect"
import { connect, createServer, type AddressInfo, type Socket } from "node:net"

/**
 * - `silence after commit`: the server has committed, and from then on nothing gets through, though nothing is closed.
 * - `before commit`: the server never hears of what commits.
 * - `while committing`: it is passed on and the client is cut off at once.
 * - `after commit`: the server has committed, and its answer is thrown away.
 * - `silence before an answer`: the server hears what it is asked next, and from then on nothing gets back to the client.
 * - `before work`: cuts on the first statement that asks for events by their ids, or writes.
 */
export type Fault =
  | "before work"
  | "before commit"
  | "while committing"
  | "after commit"
  | "silence after commit"
  | "silence before an answer"

/** The statement, and the tag of its answer, as they are on the wire; unlike in READ COMMITTED. */
const COMMIT = "COMMIT\0"
/** A statement that writes a batch, where it is prepared: its name comes before it. */
const WRITE = /(effect_[0-9a-f]+_\d+)\0WITH tables AS/g
/** "Ready for query", outside of a transaction. */
const IDLE = "Z\0\0\0\u0005I"

export interface FaultProxy {
  /** The URL of the database through the proxy. */
  readonly url: string
  /** Arms one fault; with `stayDown` nothing gets through afterwards until `restore`. */
  readonly arm: (fault: Fault, options?: { readonly stayDown?: boolean }) => void
  readonly restore: () => void
  /** How many faults were carried out. */
  readonly faults: () => number
}

export const make = (url: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const target = new URL(url)
      const sockets = new Set<Socket>()
      let armed: Fault | undefined
      let stayDown = false
      let down = false
      let faults = 0

      const server = createServer((client) => {
        if (down) return void client.destroy()
        const upstream = connect(Number(target.port || 5432), target.hostname)
        for (const socket of [client, upstream]) {
          sockets.add(socket)
          socket.on("error", () => {})
          socket.on("close", () => sockets.delete(socket))
        }
        const cut = () => {
          armed = undefined
          faults += 1
          down = stayDown
          client.destroy()
          upstream.destroy()
        }
        const writes = new Set<string>()
        /** Whether the server was told to write and has not ended the transaction. */
        let isWriting = false
        client.on("data", (chunk) => {
          const text = chunk.toString("latin1")
          for (const [, name] of text.matchAll(WRITE)) writes.add(name!)
          if ([...writes].some((name) => text.includes(`\0${name}\0`))) isWriting = true
          const commits = text.includes(COMMIT) || isWriting
          if (armed === "before work" && (commits || text.includes(".events WHERE id ="))) return cut()
          if (armed === "before commit" && commits) return cut()
          if (armed === "while committing" && commits) {
            // `end` lets the bytes out before it closes, so the server gets all of them and nobody to answer.
            armed = undefined
            faults += 1
            down = stayDown
            upstream.end(chunk)
            client.destroy()
            return
          }
          upstream.write(chunk)
        })
        let silent = false
        upstream.on("data", (chunk) => {
          if (armed === "silence before an answer") {
            armed = undefined
            faults += 1
            silent = true
          }
          const hasCommitted = chunk.includes(COMMIT) || (isWriting && chunk.includes(IDLE))
          if (chunk.includes(IDLE)) isWriting = false
          if (armed === "silence after commit" && hasCommitted) {
            armed = undefined
            faults += 1
            silent = true
          }
          if (silent) return
          if (armed === "after commit" && hasCommitted) return cut()
          client.write(chunk)
        })
        client.on("close", () => upstream.end())
        upstream.on("close", () => client.destroy())
      })
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      const through = new URL(url)
      through.hostname = "127.0.0.1"
      through.port = String((server.address() as AddressInfo).port)
      const proxy: FaultProxy = {
        url: through.href,
        arm: (fault, options) => {
          armed = fault
          stayDown = options?.stayDown ?? false
        },
        restore: () => {
          down = false
        },
        faults: () => faults
      }
      const close = () =>
        new Promise<void>((resolve) => {
          for (const socket of sockets) socket.destroy()
          server.close(() => resolve())
        })
      return { proxy, close }
    }),
    ({ close }) => Effect.promise(close)
  ).pipe(Effect.map(({ proxy }) => proxy))
