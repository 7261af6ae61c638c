import * as Connections from "@turnout/http/internal/requests/Connections"
import { once } from "node:events"
import { Agent, createServer, request, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { assert, it } from "vitest"

it("an idle connection keeps nothing of the answer before", async () => {
  const server = createServer()
  const connections = Connections.track(server)
  const seen: Array<{ readonly socket: Socket; readonly known: boolean; readonly response: ServerResponse }> = []
  server.on("request", ({ socket }, response) => {
    seen.push({ socket, known: connections.latestAnswer(socket) === response, response })
    response.end("done")
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    for (let n = 0; n < 2; n++) {
      const sent = request({ port, host: "127.0.0.1", agent }).end()
      const [answer] = (await once(sent, "response")) as [NodeJS.ReadableStream]
      answer.resume()
      await once(answer, "end")
      const { response } = seen[n]!
      if (!response.closed) await once(response, "close")
    }
    assert.deepStrictEqual(
      seen.map(({ known }) => known),
      [true, true]
    )
    assert.strictEqual(seen[0]!.socket, seen[1]!.socket)
    assert.isFalse(seen[0]!.socket.destroyed)
    assert.isUndefined(connections.latestAnswer(seen[0]!.socket))
  } finally {
    agent.destroy()
    connections.closeQuiet()
    server.close()
  }
})
