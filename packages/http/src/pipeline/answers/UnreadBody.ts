/**
 * The rest of a body that nobody reads, since the request was refused before.
 *
 * A client that is still sending reads the answer only if the connection stays open meanwhile. So a short rest is read and thrown away,
 * and the connection serves the next request. With a longer one, the answer says that the connection ends, the server sends nothing more,
 * and gives the client a moment to read the answer.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { Exchange } from "../Exchange.ts"

/** The most bytes that are thrown away to keep a connection. */
const MAX_DISCARDED_BYTES = 256 * 1024

/** The time for which a client may read the answer: a reset before that could take it away. */
const LINGER_MILLIS = 500

/** What Node keeps to itself, and what its own listener, which runs right after ours, goes by. */
interface IncomingInternals {
  _consuming: boolean
}
interface ResponseInternals {
  _last: boolean
}

const closeSocket = (socket: Socket): void => {
  if (socket.destroyed) return
  socket.end()
  const timer = setTimeout(() => socket.destroy(), LINGER_MILLIS)
  socket.once("close", () => clearTimeout(timer))
}

const onFinish = (request: IncomingMessage, response: ServerResponse): void => {
  if (request.complete || request.destroyed) return
  const { socket } = request
  if ((response as unknown as ResponseInternals)._last) {
    // Node would read all of the body, and would reset the connection with bytes in it that nobody has read.
    ;(request as unknown as IncomingInternals)._consuming = true
    ;(response as unknown as ResponseInternals)._last = false
    return closeSocket(socket)
  }
  let bytes = 0
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= MAX_DISCARDED_BYTES) return
    request.pause()
    closeSocket(socket)
  })
  request.resume()
}

/**
 * Sees to the rest of the body of a request that is answered now. Tells whether the answer has to say that the connection ends.
 */
export const discard = ({ awaitsContinue, request, response }: Exchange): boolean => {
  if (request.complete) return false
  response.prependListener("finish", () => onFinish(request, response))
  return awaitsContinue || Number(request.headers["content-length"]) > MAX_DISCARDED_BYTES
}
