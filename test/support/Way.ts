/**
 * An address that forwards to a port and can be closed for a while, which cuts off the connections through it.
 */
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

export interface Way {
  readonly port: number
  /** Cuts off the present connections. */
  readonly cut: () => void
  readonly close: () => void
  readonly open: () => void
  readonly end: () => Promise<void>
}

export const make = async (target: () => number): Promise<Way> => {
  const sockets = new Set<Socket>()
  let isOpen = true
  const server = createServer((client) => {
    if (!isOpen) return void client.destroy()
    const upstream = connect(target(), "127.0.0.1")
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on("error", () => {})
      socket.on("close", () => sockets.delete(socket))
    }
    client.pipe(upstream).pipe(client)
    client.on("close", () => upstream.destroy())
    upstream.on("close", () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    close: () => {
      isOpen = false
      cut()
    },
    open: () => {
      isOpen = true
    },
    end: () => {
      cut()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    }
  }
}
