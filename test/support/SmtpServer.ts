/**
 * A mail server on a free port of this machine, which keeps what it is sent.
 */
import { Effect } from "effect"
import { createServer, type AddressInfo, type Server, type Socket } from "node:net"
import { domainToASCII } from "node:url"
import PostalMime, { type Email } from "postal-mime"
import { SMTPServer, type SMTPServerOptions } from "smtp-server"

export interface StoredMail {
  readonly from: string
  readonly to: ReadonlyArray<string>
  /** The bytes as they were sent, of which each is a character. */
  readonly raw: string
  readonly parsed: Email
  /** Whether they came encrypted. */
  readonly isSecure: boolean
  readonly user: unknown
}

export interface MailServer {
  readonly port: number
  readonly mails: Array<StoredMail>
  /** The number of connections so far. */
  readonly connections: () => number
}

const listening = (server: Pick<Server, "listen">): Effect.Effect<number> =>
  Effect.callback((resume) => {
    const listened = server.listen(0, "127.0.0.1", () =>
      resume(Effect.succeed((listened.address() as AddressInfo).port))
    )
  })

/** The server shows domains in Unicode, whichever way they were sent. */
const withDomainInAscii = (address: string): string => {
  const begin = address.lastIndexOf("@") + 1
  return address.slice(0, begin) + domainToASCII(address.slice(begin))
}

/** A server for real, which takes every mail without a password and without TLS, unless the options say otherwise. */
export const make = (options: SMTPServerOptions = {}) =>
  Effect.gen(function* () {
    const mails: Array<StoredMail> = []
    let connections = 0
    const server = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const server = new SMTPServer({
          authOptional: true,
          disabledCommands: ["STARTTLS"],
          disableReverseLookup: true,
          closeTimeout: 100,
          onData: (stream, { envelope, secure, user }, callback) => {
            const pieces: Array<Buffer> = []
            stream.on("data", (piece: Buffer) => void pieces.push(piece))
            stream.on("end", () => {
              const bytes = Buffer.concat(pieces)
              const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address
              const to = envelope.rcptTo.map(({ address }) => withDomainInAscii(address))
              void PostalMime.parse(bytes).then((parsed) => {
                mails.push({ from, to, raw: bytes.toString("latin1"), parsed, isSecure: secure, user: user as unknown })
                callback(null)
              })
            })
          },
          ...options
        })
        // Clients of the tests hang up, and refuse certificates.
        server.on("error", () => {})
        server.on("connect", () => void (connections += 1))
        return server
      }),
      (server) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
    )
    const port = yield* listening(server.server)
    const made: MailServer = { port, mails, connections: () => connections }
    return made
  })

/** A server that speaks as the test says: `speak` is given each connection. Returns its port. */
export const speaking = (speak: (socket: Socket) => void) =>
  Effect.gen(function* () {
    const sockets = new Set<Socket>()
    const server = yield* Effect.acquireRelease(
      Effect.sync(() =>
        createServer((socket) => {
          sockets.add(socket)
          socket.on("error", () => {}).on("close", () => sockets.delete(socket))
          speak(socket)
        })
      ),
      (server) =>
        Effect.callback<void>((resume) => {
          for (const socket of sockets) socket.destroy()
          server.close(() => resume(Effect.void))
        })
    )
    return yield* listening(server)
  })

/** Answers each line of a connection by its command; leaves a line alone if there is no answer. */
export const dialogue =
  (answers: Readonly<Record<string, string | ((socket: Socket) => void)>>, heard: Array<string> = []) =>
  (socket: Socket): void => {
    socket.write("220 mail.example.com ESMTP\r\n")
    socket.setEncoding("latin1").on("data", (text: string) => {
      for (const line of text.split("\r\n").filter((line) => line !== "")) {
        heard.push(line)
        const answer = Object.entries(answers).find(([command]) => line.toUpperCase().startsWith(command))?.[1]
        if (typeof answer === "string") socket.write(`${answer}\r\n`)
        else answer?.(socket)
      }
    })
  }
