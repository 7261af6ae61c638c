/**
 * The port of a server: whether it can be had, and what is said if it cannot.
 */
import { createServer, type AddressInfo } from "node:net"
import { CliError } from "../../CliError.ts"

interface Where {
  readonly host: string
  readonly port: number
}

/** The failure of a server that cannot listen. */
export const refused = ({ host, port }: Where, cause: unknown): CliError =>
  new CliError(`cannot listen on ${host}:${port} (${String(cause)}); try another --port`)

/**
 * The port for processes that will share it: the given one, or for 0 a free one, so that all of them, and all that take their place,
 * have the same. Rejects if nobody can listen there. The port is free again afterwards.
 */
export const claim = (where: Where): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", (cause) => reject(refused(where, cause)))
    server.listen(where.port, where.host, () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
