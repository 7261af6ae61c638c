/**
 * A connection that cannot be made: the reason is told in the error of the library, in the log, and on the command line, without
 * the password.
 */
import { assert, describe, it } from "@effect/vitest"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { Effect, Layer } from "effect"
import { createServer as createHttpServer } from "node:http"
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"
import { TLSSocket } from "node:tls"
import { createTurnout } from "turnout"
import * as Database from "turnout/database"
import { afterAll, beforeAll } from "vitest"
import { Certificates } from "../support/Certificates.ts"
import * as CommandLine from "../support/CommandLine.ts"
import * as Http from "../support/HttpServerFixture.ts"
import { freePort } from "../support/PostgresServer.ts"

const certificates = new Certificates()
afterAll(() => certificates[Symbol.dispose]())

const servers: Array<Server> = []
const sockets = new Set<Socket>()
afterAll(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers) server.close()
})

const listen = async (server: Server): Promise<number> => {
  servers.push(server)
  server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.on("error", () => {})
    socket.on("close", () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return (server.address() as AddressInfo).port
}

/** A server that says something as soon as a client does. */
const saying = (answer: (socket: Socket) => void) =>
  listen(createServer((socket) => void socket.once("data", () => answer(socket))))

/** A server that has TLS with a certificate, and nothing after it. */
const withCertificate = (name: string) =>
  saying((socket) => {
    socket.write("S")
    const secure = new TLSSocket(socket, {
      isServer: true,
      cert: certificates.text(`${name}.pem`),
      key: certificates.text(`${name}.key`)
    })
    secure.on("error", () => {})
  })

/** The message with which a server refuses a login. */
const refusal = (code: string, words: string) => {
  const fields = `SFATAL\0VFATAL\0C${code}\0M${words}\0\0`
  const head = Buffer.alloc(5)
  head.write("E")
  head.writeInt32BE(4 + Buffer.byteLength(fields), 1)
  return Buffer.concat([head, Buffer.from(fields)])
}

const TRUSTED = () => `sslmode=verify-full&sslrootcert=${certificates.path("ca.pem")}`
const url = (port: number, query = "", host = "127.0.0.1") => `postgres://ada:sesame@${host}:${port}/app?${query}`

/** Each with the URL of a server, and the reason that is told. */
const ROWS: Readonly<Record<string, readonly [url: () => Promise<string>, reason: RegExp]>> = {
  "nobody listens": [async () => url(await freePort()), /connect ECONNREFUSED 127\.0\.0\.1:\d+/],
  "nobody listens at any address of the host": [
    async () => url(await freePort(), "", "localhost"),
    /connect ECONNREFUSED (?:::1|127\.0\.0\.1):\d+/
  ],
  "the host is not known": [
    async () => url(5432, "", "nowhere.invalid"),
    /the host nowhere\.invalid is not known: getaddrinfo/
  ],
  "an address of IPv6": [async () => url(await freePort(), "", "[::1]"), /connect E\w+ ::1:\d+/],
  "there is no Unix socket": [
    async () => "postgres://ada:sesame@/app?host=/nowhere",
    /connect ENOENT \/nowhere\/\.s\.PGSQL\.5432/
  ],
  "the server is silent": [
    async () => url(await listen(createServer()), "connect_timeout=1"),
    /there was no answer from 127\.0\.0\.1:\d+ within 1 second \(a pooler/
  ],
  "the server hangs up": [
    async () => url(await saying((socket) => socket.end())),
    /the server at 127\.0\.0\.1:\d+ ended the connection without a reason/
  ],
  "the server speaks HTTP": [
    async () => url(await listen(createHttpServer((_, response) => response.end()))),
    /what answers at 127\.0\.0\.1:\d+ is not Postgres/
  ],
  "the server speaks HTTP, and TLS is asked for": [
    async () => url(await listen(createHttpServer((_, response) => response.end())), "sslmode=require"),
    /what answers at 127\.0\.0\.1:\d+ is not Postgres/
  ],
  "the server speaks SSH": [
    async () => url(await saying((socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"))),
    /what answers at 127\.0\.0\.1:\d+ is not Postgres/
  ],
  "the server has no TLS": [
    async () => url(await saying((socket) => socket.write("N")), "sslmode=require"),
    /the server at 127\.0\.0\.1:\d+ speaks no TLS, which sslmode=require asks for/
  ],
  "the certificate has expired": [
    async () => url(await withCertificate("expired"), TRUSTED(), "localhost"),
    /the certificate of localhost is not accepted: certificate has expired/
  ],
  "the certificate is not valid yet": [
    async () => url(await withCertificate("early"), TRUSTED(), "localhost"),
    /the certificate of localhost is not accepted: certificate is not yet valid/
  ],
  "the certificate is self-signed": [
    async () => url(await withCertificate("self"), TRUSTED(), "localhost"),
    /the certificate of localhost is not accepted: self-signed certificate \(sslrootcert names/
  ],
  "the certificate is of another host": [
    async () => url(await withCertificate("elsewhere"), TRUSTED(), "localhost"),
    /the certificate of localhost is not accepted: .*elsewhere\.example/
  ],
  "TLS goes wrong": [
    async () =>
      url(
        await saying((socket) => (socket.write("S"), socket.write("nonsense that is no TLS at all"))),
        "sslmode=require"
      ),
    /TLS with 127\.0\.0\.1:\d+ failed: |Received \d+ bytes/
  ],
  "the password is wrong": [
    async () =>
      url(await saying((socket) => socket.write(refusal("28P01", 'password authentication failed for user "ada"')))),
    /password authentication failed for user "ada"/
  ],
  "the server wants TLS": [
    async () =>
      url(
        await saying((socket) =>
          socket.write(refusal("28000", 'no pg_hba.conf entry for host "h", user "ada", no encryption'))
        ),
        "sslmode=disable"
      ),
    /no pg_hba\.conf entry .*\(sslmode=disable: the server may want TLS, which sslmode=require asks for\)/
  ],
  "a file is not there": [
    async () => url(5432, "sslmode=verify-full&sslrootcert=/nowhere.pem"),
    /sslrootcert: the file cannot be read: ENOENT: no such file or directory, open '\/nowhere\.pem'/
  ]
}

beforeAll(() => {
  certificates.issue("expired", { year: 2001 })
  certificates.issue("early", { year: 2090 })
  certificates.issue("elsewhere", { subject: "elsewhere.example" })
  certificates.selfSigned("self")
})

describe("a connection that cannot be made", { timeout: 120_000 }, () => {
  for (const [name, [make, reason]] of Object.entries(ROWS)) {
    it.live(`the library and the log tell why: ${name}`, () =>
      Effect.gen(function* () {
        const database = yield* Effect.promise(make)
        const turnout = createTurnout({ database, migrate: "never" })
        const error = yield* Effect.promise(() => turnout.listEvents().catch((failure: unknown) => failure))
        yield* Effect.promise(() => turnout.close())
        assert.instanceOf(error, StoreError)
        assert.match((error as StoreError).words, reason)
        assert.notInclude(JSON.stringify(error), "sesame")

        const store = Layer.orDie(Database.layer({ database, migrate: "never" }))
        const { context, logged } = yield* Http.start({ store })
        const ready = yield* Http.get("/health/ready").pipe(Effect.provide(context))
        assert.strictEqual(ready.status, 503)
        assert.match(logged.join("\n"), reason)
        assert.notInclude(logged.join("\n") + ready.text, "sesame")
      }).pipe(Effect.scoped)
    )

    it.concurrent(`the command line tells why: ${name}`, async () => {
      await using turnout = await CommandLine.embedded()
      const { code, stderr, stdout } = await turnout.run("--database", await make(), "events", "list")
      assert.deepStrictEqual([code, stdout], [1, ""], stderr)
      assert.match(stderr, reason)
      assert.notInclude(stderr, "sesame")
    })
  }

  it.concurrent("a parameter of the URL that is wrong is wrong usage, wherever the URL comes from", async () => {
    await using turnout = await CommandLine.embedded()
    const database = url(5432, "sslmode=requre")
    const words =
      "must not have sslmode=requre: sslmode must be disable, allow, prefer, require, verify-ca or verify-full."
    const option = await turnout.run("--database", database, "events", "list")
    const variable = await turnout.start(["events", "list"], { DATABASE_URL: database }).ended
    for (const { code, stderr, stdout } of [option, variable]) {
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.include(stderr, words)
      assert.notInclude(stderr, "sesame")
    }
    const { document } = await turnout.json("--database", database, "events", "list")
    assert.include(document.error.message, words)
  })

  it.concurrent("a variable of psql that is wrong is told too", async () => {
    await using turnout = await CommandLine.embedded()
    const { code, stderr } = await turnout.start(["--database", url(5432), "events", "list"], { PGSSLMODE: "requre" })
      .ended
    assert.strictEqual(code, 1)
    assert.include(stderr, "must not have PGSSLMODE=requre: PGSSLMODE must be disable")
  })
})
