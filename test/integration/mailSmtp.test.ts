/**
 * Mail by SMTP, over real sockets: what servers that are away, slow, strict or wrong mean for a mail, and that neither mail nor password goes
 * in the clear.
 */
import { assert, describe, it } from "@effect/vitest"
import * as SmtpMailer from "@turnout/adapters/mail/smtp"
import type { MailFailed } from "@turnout/core/access/ports/Mailer"
import { Effect, Exit, Fiber, Redacted, Scope } from "effect"
import type { Socket } from "node:net"
import { inspect } from "node:util"
import { Certificates } from "../support/Certificates.ts"
import * as SmtpServer from "../support/SmtpServer.ts"

const MAIL = { to: "ada@example.com", subject: "Your link", text: "https://example.com/s/1" }
const PASSWORD = "sëcret & long:with/all?of#it@"
const USER = "app@example.com"

const urlOf = (port: number, user = "", password = "", scheme = "smtp", host = "127.0.0.1") => {
  const credentials = user === "" ? "" : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`
  return Redacted.make(`${scheme}://${credentials}${host}:${port}`)
}

type Options = Partial<SmtpMailer.SmtpOptions>

const mailer = (port: number, options: Options = {}) =>
  Effect.orDie(SmtpMailer.make({ url: urlOf(port), from: "Tickets <tickets@example.com>", ...options }))

const sending = (port: number, options?: Options) => Effect.flatMap(mailer(port, options), ({ send }) => send(MAIL))

const failing = (port: number, options?: Options): Effect.Effect<MailFailed, unknown, Scope.Scope> =>
  Effect.flip(sending(port, options))

/** The password is in no form of an error. */
const assertSecret = (failure: MailFailed) => {
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), Buffer.from(PASSWORD).toString("base64")])
    for (const text of [failure.message, inspect(failure, { depth: 10 }), JSON.stringify(failure), String(failure)])
      assert.notInclude(text, secret)
}

const isRetryable = (failure: MailFailed, words: RegExp) => {
  assert.strictEqual(failure.reason._tag, "MailUnavailable", failure.message)
  assert.isTrue(failure.isRetryable)
  assert.match(failure.reason.words, words)
  assertSecret(failure)
}

const isRefused = (failure: MailFailed, words: RegExp) => {
  assert.strictEqual(failure.reason._tag, "MailRefused", failure.message)
  assert.isFalse(failure.isRetryable)
  assert.match(failure.reason.words, words)
  assertSecret(failure)
}

const replying = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode })

const USUAL = { EHLO: "250 mail.example.com", MAIL: "250 ok", RCPT: "250 ok", RSET: "250 ok", QUIT: "221 bye" } as const

describe("a mail by SMTP", { timeout: 30_000, concurrent: true }, () => {
  it.live("has the sender, an id of the sender's domain, and no more headers than it needs", () =>
    Effect.gen(function* () {
      const server = yield* SmtpServer.make()
      yield* sending(server.port, { from: "Kärtchen, die <tickets@münchen.example>" })
      const [mail] = server.mails
      assert.strictEqual(mail!.parsed.from?.name, "Kärtchen, die")
      assert.match(mail!.from, /^tickets@/)
      assert.match(mail!.raw, /^Message-ID: <[0-9a-f-]{36}@xn--mnchen-3ya\.example>\r$/m)
      const names = mail!.raw
        .split("\r\n\r\n")[0]!
        .split(/\r\n(?![ \t])/)
        .map((line) => line.split(":")[0]!)
      assert.sameMembers(names, [
        "From",
        "To",
        "Subject",
        "Message-ID",
        "Date",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding"
      ])
    })
  )

  it.live("has an address whose domain is in ASCII, as it is sent", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      const port = yield* SmtpServer.speaking(SmtpServer.dialogue({ ...USUAL, DATA: "554 enough" }, heard))
      const { send } = yield* mailer(port)
      yield* Effect.exit(send({ ...MAIL, to: "ada@xn--mnchen-3ya.de" }))
      assert.include(heard.join("\n"), "RCPT TO:<ada@xn--mnchen-3ya.de>")
    })
  )

  it.live("goes by a connection that is there, and by no more connections than are allowed", () =>
    Effect.gen(function* () {
      const server = yield* SmtpServer.make()
      const { send } = yield* mailer(server.port, { connections: 2 })
      yield* Effect.forEach(Array(30), () => send(MAIL), { concurrency: "unbounded" })
      assert.lengthOf(server.mails, 30)
      assert.isAtMost(server.connections(), 2)
    })
  )

  it.live("does not wait any longer once nobody waits for it, and the next ones are sent", () =>
    Effect.gen(function* () {
      let isSlow = true
      const server = yield* SmtpServer.make({
        onRcptTo: (_address, _session, callback) => void (isSlow ? undefined : callback())
      })
      const { send } = yield* mailer(server.port, { connections: 1 })
      const waiting = yield* Effect.forkChild(send(MAIL))
      yield* Effect.sleep(100)
      yield* Fiber.interrupt(waiting)
      isSlow = false
      yield* send(MAIL)
      assert.lengthOf(server.mails, 1)
    })
  )

  it.live("is not sent once the layer is gone", () =>
    Effect.gen(function* () {
      const server = yield* SmtpServer.make()
      const scope = yield* Scope.make()
      const { send } = yield* Scope.provide(mailer(server.port), scope)
      yield* send(MAIL)
      yield* Scope.close(scope, Exit.void)
      isRetryable(yield* Effect.flip(send(MAIL)), /closed/)
    })
  )
})

describe("a server that takes no mail", { timeout: 30_000, concurrent: true }, () => {
  it.live("because it is not there, may be tried again", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const port = yield* Scope.provide(
        SmtpServer.speaking(() => {}),
        scope
      )
      yield* Scope.close(scope, Exit.void)
      isRetryable(yield* failing(port), /ECONNREFUSED/)
      const url = Redacted.make("smtp://mail.invalid")
      isRetryable(yield* failing(port, { url, stepMillis: 2_000 }), /./)
    })
  )

  it.live("several times in a row, is left alone for a while, and not for a mail that it refuses", () =>
    Effect.gen(function* () {
      let connections = 0
      let isWell = false
      const port = yield* SmtpServer.speaking((socket) => {
        connections += 1
        if (isWell) SmtpServer.dialogue({ ...USUAL, MAIL: "550 not from you" })(socket)
        else socket.end("421 too busy\r\n")
      })
      const { send } = yield* mailer(port)
      for (let n = 0; n < SmtpMailer.FAILURES_TO_OPEN; n++) isRetryable(yield* Effect.flip(send(MAIL)), /busy|closed/i)
      const before = connections
      const begunAt = performance.now()
      for (let n = 0; n < 20; n++) isRetryable(yield* Effect.flip(send(MAIL)), /left alone/)
      assert.isBelow(performance.now() - begunAt, 1_000)
      assert.strictEqual(connections, before, "it was asked all the same")
      isWell = true
      // It is asked again after some seconds, and what it says of one mail opens no circuit.
      let failure = yield* Effect.flip(send(MAIL))
      while (failure.reason._tag !== "MailRefused") {
        assert.isBelow(performance.now() - begunAt, 20_000)
        yield* Effect.sleep(200)
        failure = yield* Effect.flip(send(MAIL))
      }
      for (let n = 0; n < 2 * SmtpMailer.FAILURES_TO_OPEN; n++)
        isRefused(yield* Effect.flip(send(MAIL)), /not from you/)
    }).pipe(Effect.scoped)
  )

  it.live.each<readonly [string, (socket: Socket) => void]>([
    ["says nothing", () => {}],
    ["hangs after the greeting", SmtpServer.dialogue({})],
    ["hangs after the recipient", SmtpServer.dialogue({ ...USUAL })],
    ["hangs after the mail", SmtpServer.dialogue({ ...USUAL, DATA: "354 go on" })]
  ])("because it %s, may be tried again", ([, speak]) =>
    Effect.gen(function* () {
      const port = yield* SmtpServer.speaking(speak)
      const begunAt = performance.now()
      isRetryable(yield* failing(port, { stepMillis: 200 }), /[Tt]imeout|[Gg]reeting never received|timed out/)
      assert.isBelow(performance.now() - begunAt, 5_000)
    })
  )

  it.live("because it answers in drops, has its time for a mail, and no more", () =>
    Effect.gen(function* () {
      const port = yield* SmtpServer.speaking((socket) => {
        const timer = setInterval(() => socket.write("220-wait\r\n"), 20)
        socket.on("close", () => clearInterval(timer))
      })
      isRetryable(yield* failing(port, { timeoutMillis: 300 }), /has not taken it within 300 milliseconds/)
    })
  )

  it.live.each<readonly [string, (socket: Socket) => void]>([
    ["at once", (socket) => void socket.destroy()],
    ["after the greeting", SmtpServer.dialogue({ EHLO: (socket) => void socket.destroy() })],
    ["after the recipient", SmtpServer.dialogue({ ...USUAL, RCPT: (socket) => void socket.destroy() })],
    [
      "in the middle of the mail",
      SmtpServer.dialogue({ ...USUAL, DATA: "354 go on", SUBJECT: (s) => void s.destroy() })
    ],
    ["after the mail", SmtpServer.dialogue({ ...USUAL, DATA: "354 go on", ".": (socket) => void socket.destroy() })]
  ])("because it hangs up %s, is tried once, and may be tried again", ([, speak]) =>
    Effect.gen(function* () {
      let connections = 0
      const port = yield* SmtpServer.speaking((socket) => {
        connections += 1
        speak(socket)
      })
      isRetryable(yield* failing(port), /closed|ECONNRESET/)
      yield* Effect.sleep(200)
      assert.strictEqual(connections, 1)
    })
  )

  it.live.each([
    ["knows no such recipient", 550, "5.1.1 no such user here", /^550 5\.1\.1 no such user here$/],
    ["has no room for ever", 552, "5.2.2 mailbox full", /^552 /],
    ["finds the address wrong", 553, "5.1.3 bad address", /^553 /]
  ] as const)("since it %s, is refused for good", ([, code, text, words]) =>
    Effect.gen(function* () {
      const server = yield* SmtpServer.make({
        onRcptTo: (_address, _session, callback) => callback(replying(code, text))
      })
      isRefused(yield* failing(server.port), words)
    })
  )

  it.live("and says so in characters that a terminal obeys, is quoted in others", () =>
    Effect.gen(function* () {
      const port = yield* SmtpServer.speaking(
        SmtpServer.dialogue({ ...USUAL, RCPT: "550-no such\u001b[2J user\r\n550 here" })
      )
      isRefused(yield* failing(port), /^550-no such\\x1b\[2J user\\n550 here$/)
    })
  )

  it.live("since it does not like the sender, is refused for good", () =>
    Effect.gen(function* () {
      const port = yield* SmtpServer.speaking(SmtpServer.dialogue({ ...USUAL, MAIL: "550 5.7.1 not from you" }))
      isRefused(yield* failing(port), /^550 5\.7\.1 not from you$/)
    })
  )

  it.live("since it does not like the text, is refused for good", () =>
    Effect.gen(function* () {
      const server = yield* SmtpServer.make({
        onData: (stream, _session, callback) => stream.resume().on("end", () => callback(replying(554, "5.7.1 spam")))
      })
      isRefused(yield* failing(server.port), /^554 5\.7\.1 spam/)
    })
  )

  it.live.each([421, 450, 451, 452])(
    "for now, by %i to the recipient, may be tried again, on the same connection or another",
    (code) =>
      Effect.gen(function* () {
        let isStrict = true
        const server = yield* SmtpServer.make({
          onRcptTo: (_address, _session, callback) => callback(isStrict ? replying(code, "4.7.1 greylisted") : null)
        })
        const { send } = yield* mailer(server.port)
        isRetryable(yield* Effect.flip(send(MAIL)), new RegExp(`^${code} 4\\.7\\.1 greylisted`))
        isStrict = false
        yield* send(MAIL)
        assert.lengthOf(server.mails, 1)
      })
  )

  it.live("for now, by 451 to the text, may be tried again", () =>
    Effect.gen(function* () {
      const server = yield* SmtpServer.make({
        onData: (stream, _session, callback) => stream.resume().on("end", () => callback(replying(451, "4.3.0 later")))
      })
      isRetryable(yield* failing(server.port), /^451 4\.3\.0 later/)
    })
  )

  it.live.each([421, 554])("from anybody, by %i for a greeting, may be tried again", (code) =>
    Effect.gen(function* () {
      const port = yield* SmtpServer.speaking((socket) => void socket.end(`${code} no mail today\r\n`))
      isRetryable(yield* failing(port), new RegExp(`${code} no mail today`))
    })
  )

  it.live("because it speaks another language, may be tried again", () =>
    Effect.gen(function* () {
      const port = yield* SmtpServer.speaking((socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"))
      isRetryable(yield* failing(port), /HTTP\/1\.1 400/)
      const endless = yield* SmtpServer.speaking((socket) => {
        const more = () => void socket.write("x".repeat(16_384), (error) => (error ? undefined : more()))
        more()
      })
      isRetryable(yield* failing(endless), /./)
    })
  )
})

describe("a server that wants a password", { timeout: 30_000, concurrent: true }, () => {
  const authenticating = {
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: ({ password, username }, _session, callback) =>
      username === USER && password === PASSWORD
        ? callback(null, { user: username })
        : callback(replying(535, `5.7.8 wrong password ${password}`))
  } satisfies Parameters<typeof SmtpServer.make>[0]

  it.live("is given it", () =>
    Effect.gen(function* () {
      const server = yield* SmtpServer.make(authenticating)
      yield* sending(server.port, { url: urlOf(server.port, USER, PASSWORD) })
      assert.strictEqual(server.mails[0]!.user, USER)
    })
  )

  it.live("and is given none, or another one, has not refused the mail", () =>
    Effect.gen(function* () {
      const server = yield* SmtpServer.make(authenticating)
      isRetryable(yield* failing(server.port), /530|authentication|Authentication/)
      isRetryable(
        yield* failing(server.port, { url: urlOf(server.port, "eve", PASSWORD) }),
        /535 5\.7\.8 wrong password \*\*\*/
      )
      assert.lengthOf(server.mails, 0)
    })
  )

  it.live("and repeats how it was told, does not make it known", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      const port = yield* SmtpServer.speaking(
        SmtpServer.dialogue(
          {
            ...USUAL,
            EHLO: "250-mail.example.com\r\n250 AUTH PLAIN",
            AUTH: (socket) => void socket.write(`501 5.5.4 what is ${heard.at(-1)!}\r\n`)
          },
          heard
        )
      )
      isRetryable(yield* failing(port, { url: urlOf(port, USER, PASSWORD) }), /^501 5\.5\.4 what is AUTH PLAIN \*\*\*$/)
    })
  )
})

describe("a connection to a server", { timeout: 30_000, concurrent: true }, () => {
  const certificates = new Certificates()
  certificates.issue("server")
  certificates.selfSigned("self")
  const [ca, self] = [certificates.text("ca.pem"), certificates.text("self.pem")]
  const tlsOf = (name: string) => ({
    key: certificates.text(`${name}.key`),
    cert: certificates.text(`${name}.pem`),
    disabledCommands: []
  })
  const [trusted, unknown] = [tlsOf("server"), tlsOf("self")]
  certificates[Symbol.dispose]()
  const atLocalhost = (port: number, scheme = "smtp") => ({ url: urlOf(port, USER, PASSWORD, scheme, "localhost"), ca })

  it.live("turns to TLS where it must", () =>
    Effect.gen(function* () {
      const server = yield* SmtpServer.make(trusted)
      yield* sending(server.port, { url: urlOf(server.port, "", "", "smtp", "localhost"), ca, requireTls: true })
      assert.isTrue(server.mails[0]!.isSecure)
    })
  )

  it.live("begins with TLS where the URL says so", () =>
    Effect.gen(function* () {
      const server = yield* SmtpServer.make({ ...trusted, secure: true })
      yield* sending(server.port, { url: urlOf(server.port, "", "", "smtps", "localhost"), ca })
      assert.isTrue(server.mails[0]!.isSecure)
    })
  )

  it.live("is in the clear on this machine, unless it must not be", () =>
    Effect.gen(function* () {
      const server = yield* SmtpServer.make(unknown)
      yield* sending(server.port)
      assert.isFalse(server.mails[0]!.isSecure)
    })
  )

  it.live.each([
    ["with a certificate that nobody has signed", unknown, /self-signed|self signed|unable to verify/],
    ["with a certificate for another host", trusted, /does not match|altnames/]
  ] as const)("is given up %s, before it has a password or a mail", ([what, tls, words]) =>
    Effect.gen(function* () {
      for (const secure of [false, true]) {
        const server = yield* SmtpServer.make({
          ...tls,
          secure,
          onAuth: () => assert.fail("it was given the password")
        })
        const options = atLocalhost(server.port, secure ? "smtps" : "smtp")
        const url = what.includes("host") ? urlOf(server.port, USER, PASSWORD, secure ? "smtps" : "smtp") : options.url
        isRetryable(yield* failing(server.port, { ...options, url, requireTls: true }), words)
        assert.lengthOf(server.mails, 0)
      }
    })
  )

  it.live("is given up if the server offers no TLS, or somebody in between has taken the offer away", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      const port = yield* SmtpServer.speaking(
        SmtpServer.dialogue(
          { ...USUAL, EHLO: "250-mail.example.com\r\n250 AUTH PLAIN LOGIN", STARTTLS: "502 what" },
          heard
        )
      )
      isRetryable(yield* failing(port, { ...atLocalhost(port), requireTls: true }), /./)
      assert.deepStrictEqual(
        heard.filter((line) => !/^(EHLO|STARTTLS|QUIT|HELO)/.test(line)),
        []
      )
    })
  )

  it.live("is never in the clear to another machine, unless the operator has said so", () =>
    Effect.gen(function* () {
      // An address of this machine that does not look like one.
      const elsewhere = (port: number) => ({ url: urlOf(port, USER, PASSWORD, "smtp", "0.0.0.0") })
      const server = yield* SmtpServer.make({
        allowInsecureAuth: true,
        onAuth: ({ username }, _session, callback) => callback(null, { user: username })
      })
      isRetryable(yield* failing(server.port, elsewhere(server.port)), /./)
      assert.lengthOf(server.mails, 0)
      yield* sending(server.port, { ...elsewhere(server.port), requireTls: false })
      assert.deepInclude(server.mails[0], { isSecure: false, user: USER })
      const offering = yield* SmtpServer.make(trusted)
      const url = urlOf(offering.port, "", "", "smtp", "localhost.")
      yield* Effect.exit(sending(offering.port, { url, ca, requireTls: false }))
      assert.deepStrictEqual(
        offering.mails.filter(({ isSecure }) => !isSecure),
        []
      )
    })
  )

  it.live("trusts a certificate that is given as its own authority", () =>
    Effect.gen(function* () {
      const server = yield* SmtpServer.make(unknown)
      yield* sending(server.port, { url: urlOf(server.port, "", "", "smtp", "localhost"), ca: self, requireTls: true })
      assert.isTrue(server.mails[0]!.isSecure)
    })
  )
})

describe("the settings of SMTP", () => {
  const problemOf = (options: Options) =>
    SmtpMailer.make({ url: urlOf(25), from: "tickets@example.com", ...options } as SmtpMailer.SmtpOptions).pipe(
      Effect.scoped,
      Effect.match({ onSuccess: () => undefined, onFailure: ({ message }) => message })
    )

  it.live.each([
    "smtp://mail.example.com",
    "smtps://mail.example.com:465/",
    "smtp://app:p%40ss@mail.example.com",
    "smtp://[::1]:25"
  ])("take the URL %s", (url) =>
    Effect.map(problemOf({ url: Redacted.make(url) }), (problem) => assert.isUndefined(problem))
  )

  it.live.each([
    "mail.example.com",
    "http://app:s3cret@mail.example.com",
    "smtp://app:s3cret@",
    "smtp://app:s3cret@mail.example.com/path",
    "smtp://app:s3cret@mail.example.com?x=1",
    "smtp://app:s3cret@mail.example.com#x",
    "smtp://app:s3cret@mail.example.com:0",
    "smtp://app:s3cret@mail.example.com:99999",
    "smtp://app@mail.example.com",
    "smtp://app:s3cret%@mail.example.com",
    "smtp://app:s3cret%00@mail.example.com",
    "smtp://app:s3cret @mail.example.com"
  ])("refuse the URL %s, and do not repeat it", (url) =>
    Effect.gen(function* () {
      const problem = yield* problemOf({ url: Redacted.make(url) })
      assert.match(problem!, /^url: must be a URL such as smtp:\/\/user:password@mail\.example\.com/)
      assert.notInclude(problem!, "s3cret")
      assert.match((yield* problemOf({ url: url as never }))!, /^url: must be a URL/)
    })
  )

  it.live.each([
    [{ from: "" }, "from"],
    [{ from: "Tickets" }, "from"],
    [{ from: "a@example.com, b@example.com" }, "from"],
    [{ from: "Tickets\r\nBcc: eve@example.com <a@example.com>" }, "from"],
    [{ from: "Tickets <a@example.com>\r\nBcc: eve@example.com" }, "from"],
    [{ connections: 0 }, "connections"],
    [{ stepMillis: 0 }, "stepMillis"],
    [{ timeoutMillis: 1e9 }, "timeoutMillis"],
    [{ password: "x" }, "password"]
  ])("refuse %j, and name the field", ([options, field]) =>
    Effect.map(problemOf(options as Options), (problem) => assert.match(problem!, new RegExp(`^${field as string}: `)))
  )
})
