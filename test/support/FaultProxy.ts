/**
 * A TCP proxy in front of Postgres that cuts connections around a commit.
 *
 * The proxy recognises a commit by its bytes. It is a COMMIT, sent as text on a new connection, or a statement that writes
 * a batch and is alone in its transaction; the proxy knows the name of that statement once it is prepared. The server has
 * committed when it answers with the tag `COMMIT`, or when it has run the write and is outside of a transaction again.
 */
import { Effect } from "effect"
import { connect, createServer, type AddressInfo, type Socket } from "node:net"

/**
 * - `silence after commit`: the server has committed, and from then on nothing gets through, though nothing is closed.
 * - `before commit`: the commit never reaches the server.
 * - `while committing`: the commit is passed on, and the client is cut off at once.
 * - `after commit`: the server has committed, and its answer is thrown away.
 * - `silence before an answer`: the next statement reaches the server, and from then on nothing gets back to the client.
 * - `before work`: the connection is cut at the first statement that reads events by their ids, or writes.
 */
export type Fault =
  | "before work"
  | "before commit"
  | "while committing"
  | "after commit"
  | "silence after commit"
  | "silence before an answer"

/** The bytes of the statement, and of the tag of its answer. The zero byte keeps READ COMMITTED from matching. */
const COMMIT = "COMMIT\0"
/** The preparation of a statement that writes a batch: the name of the statement, and then its text. */
const WRITE = /(effect_[0-9a-f]+_\d+)\0WITH tables AS/g
/** The bytes of "ready for query", outside of a transaction. */
const IDLE = "Z\0\0\0\u0005I"

export interface FaultProxy {
  /** The URL of the database through the proxy. */
  readonly url: string
  /** Arms one fault. With `stayDown`, nothing gets through after the fault until `restore`. */
  readonly arm: (fault: Fault, options?: { readonly stayDown?: boolean }) => void
  readonly restore: () => void
  /** The number of faults that were carried out. */
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
        /** Whether the server has been sent a write and has not ended its transaction. */
        let isWriting = false
        client.on("data", (chunk) => {
          const text = chunk.toString("latin1")
          for (const [, name] of text.matchAll(WRITE)) writes.add(name!)
          if ([...writes].some((name) => text.includes(`\0${name}\0`))) isWriting = true
          const commits = text.includes(COMMIT) || isWriting
          if (armed === "before work" && (commits || text.includes(".events WHERE id ="))) return cut()
          if (armed === "before commit" && commits) return cut()
          if (armed === "while committing" && commits) {
            // `end` sends the bytes before it closes, so the server gets all of them, and its answer reaches nobody.
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
