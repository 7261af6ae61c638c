/**
 * The connections of the server, and the answers that are being made on each.
 *
 * An answer is forgotten when it is done. Otherwise each idle connection would keep its last request and answer in memory, and
 * every collection of garbage would have to move them.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"

interface Connection {
  /** The number of requests whose answers are not done. */
  running: number
  /** The answer to the latest of them. */
  latest: ServerResponse | undefined
}

export interface Connections {
  /** The answer to the latest request of a connection; `undefined` if that answer is done. */
  readonly latestAnswer: (socket: Socket) => ServerResponse | undefined
  /**
   * Ends every connection without a running request, at once and from then on. Node's `server.close()` ends only connections
   * that have served a request: a connection that never sent a byte, or half a header, would delay the end for the whole
   * grace time.
   */
  readonly closeQuiet: () => void
}

/** Keeps an account of the connections of a server from now on. */
export const track = (server: Server): Connections => {
  const connections = new Map<Socket, Connection>()
  let closing = false
  const closeIfQuiet = (socket: Socket, { running }: Connection) => {
    if (closing && running === 0) socket.destroySoon()
  }
  const onRequest = ({ socket }: IncomingMessage, response: ServerResponse) => {
    const connection = connections.get(socket)
    // The connection has ended while the parser still had bytes of it.
    if (connection === undefined) return
    connection.running += 1
    connection.latest = response
    response.on("close", () => {
      connection.running -= 1
      if (connection.latest === response) connection.latest = undefined
      closeIfQuiet(socket, connection)
    })
  }
  server.on("connection", (socket: Socket) => {
    const connection = { running: 0, latest: undefined }
    connections.set(socket, connection)
    socket.once("close", () => connections.delete(socket))
    closeIfQuiet(socket, connection)
  })
  server.on("request", onRequest)
  server.on("checkContinue", onRequest)
  server.on("checkExpectation", onRequest)
  return {
    latestAnswer: (socket) => connections.get(socket)?.latest,
    closeQuiet: () => {
      closing = true
      for (const [socket, connection] of connections) closeIfQuiet(socket, connection)
    }
  }
}
