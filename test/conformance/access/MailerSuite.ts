/**
 * The contract of a mailer, as a suite. One line runs it on a mailer, whose mails arrive in a `Postbox`:
 *
 * ```ts
 * suite("my mailer", layer, { html: true })
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { type Mail, MAX_BODY } from "@turnout/core/access/domain/Mail"
import { Mailer } from "@turnout/core/access/ports/Mailer"
import { Context, Effect, type Layer } from "effect"

export interface ReceivedMail {
  readonly to: ReadonlyArray<string>
  readonly subject: string
  readonly text: string
  readonly html?: string
}

/** Where the mails arrive. */
export class Postbox extends Context.Service<
  Postbox,
  {
    /** Returns the mails that have arrived, the oldest first, and forgets them. */
    readonly take: Effect.Effect<ReadonlyArray<ReceivedMail>>
  }
>()("@turnout-test/Postbox") {}

export interface MailerCapabilities {
  /** Whether HTML arrives. */
  readonly html: boolean
}

const MAIL: Mail = {
  to: "ada@example.com",
  subject: "Your link",
  text: "Hello Ada,\n\nhttps://example.com/s/1?a=b&c=d\n"
}

const send = (mail: Partial<Mail>) => Mailer.use((mailer) => mailer.send({ ...MAIL, ...mail }))
const taken = Postbox.use((postbox) => postbox.take)

/** Texts end with one line break, or none, by the way that they took. */
const trimmed = (text: string): string => text.replaceAll("\r\n", "\n").replace(/\n+$/, "")

const arrives = Effect.fnUntraced(function* (mail: Partial<Mail>) {
  yield* send(mail)
  const expected = { ...MAIL, ...mail }
  const mails = yield* taken
  assert.lengthOf(mails, 1)
  const [{ subject, text, to }] = mails as readonly [ReceivedMail]
  assert.deepStrictEqual([to, subject, trimmed(text)], [[expected.to], expected.subject, trimmed(expected.text)])
  return mails[0]!
})

export const suite = <E>(name: string, layer: Layer.Layer<Mailer | Postbox, E>, { html }: MailerCapabilities): void => {
  describe(`a mailer: ${name}`, () => {
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("sends a mail to its recipient, once, as it is", () =>
        Effect.gen(function* () {
          yield* arrives({})
          assert.deepStrictEqual(yield* taken, [])
        })
      )

      it.effect.each([
        { subject: "Plätze für Chloé Ånström-Núñez: 3 × 20 €" },
        { subject: "あなたの席が確保されました。開場は十八時です。" },
        { subject: "🎟️ Your ticket" },
        { subject: "x".repeat(250) },
        { subject: "ä".repeat(250) },
        { subject: 'A: b; c, d <e@example.com> "f" (g) \\ %0d%0aBcc: h' },
        { to: "o'brien+tickets@mail.example.com" },
        { to: "ada@xn--mnchen-3ya.de" }
      ])("keeps %j", (mail) => arrives(mail))

      it.effect.each([
        "Grüße aus Nürnberg, 東京 und Москва: ½ ≤ ∞",
        "a line of its own:\n.\nand more\n..\n",
        "From the beginning\nFrom: eve@example.com\nSubject: other\n\nBcc: eve@example.com",
        `${"a long line ".repeat(500)}\nand a short one`,
        "=3D =?utf-8?q?x?= = =\n--boundary--\n-- \nAda",
        "\n\nempty lines before\n\n\n\nand between",
        "  blanks before\n    and more"
      ])("keeps the text %j", (text) => arrives({ text }))

      it.effect("ends a mail at its end, whatever its text has", () =>
        Effect.gen(function* () {
          const smuggled =
            "\r\n.\r\nMAIL FROM:<eve@example.com>\r\nRCPT TO:<eve@example.com>\r\nDATA\r\nSubject: x\r\n\r\nx"
          for (const end of ["\r\n.\r\n", "\n.\n", "\n.\r\n", "\r.\r"]) {
            yield* send({ text: `before${smuggled.replaceAll("\r\n.\r\n", end)}${end}QUIT` })
            const mails = yield* taken
            assert.deepStrictEqual(
              mails.map(({ subject, to }) => [subject, to]),
              [[MAIL.subject, [MAIL.to]]]
            )
          }
        })
      )

      it.effect("sends HTML beside the text, if it sends any", () =>
        Effect.gen(function* () {
          const page = '<p>Grüße, <a href="https://example.com/s/1">Ada</a></p>\n.\n<p>x</p>'
          const mail = yield* arrives({ html: page })
          assert.strictEqual(mail.html === undefined ? undefined : trimmed(mail.html), html ? page : undefined)
        })
      )

      it.effect("sends many at once, each to its recipient", () =>
        Effect.gen(function* () {
          const all = Array.from({ length: 40 }, (_, n) => ({ to: `n${n}@example.com`, subject: `Number ${n}` }))
          yield* Effect.forEach(all, send, { concurrency: "unbounded" })
          const mails = yield* taken
          assert.sameMembers(
            mails.map(({ subject, to }) => `${to.join()} ${subject}`),
            all.map(({ subject, to }) => `${to} ${subject}`)
          )
        })
      )

      it.effect.each([
        { to: "" },
        { to: "ada" },
        { to: "ada@example.com, eve@example.com" },
        { to: "ada@example.com;eve@example.com" },
        { to: "ada@example.com eve@example.com" },
        { to: "Ada <ada@example.com>" },
        { to: "<ada@example.com>" },
        { to: "ada@example.com\r\nBcc: eve@example.com" },
        { to: "ada@example.com\nBcc: eve@example.com" },
        { to: "ada@example.com\r" },
        { to: "ada@example.com>\r\nRCPT TO:<eve@example.com" },
        { to: "ada@example.com\u0000" },
        { to: "ada@example.com\u2028" },
        { to: "ada(eve@example.com)@example.com" },
        { to: "group:ada@example.com,eve@example.com;@example.com" },
        { to: '"ada eve"@example.com' },
        { to: `${"a".repeat(250)}@example.com` },
        { to: "ad\ud800a@example.com" },
        { subject: "" },
        { subject: "  " },
        { subject: "Your link\r\nBcc: eve@example.com" },
        { subject: "Your link\nBcc: eve@example.com" },
        { subject: "Your link\rBcc: eve@example.com" },
        { subject: "Your link\u2028Bcc: eve@example.com" },
        { subject: "Your link\u0085Bcc: eve@example.com" },
        { subject: "Your\u0000link" },
        { subject: "Your\tlink" },
        { subject: "x".repeat(251) },
        { text: "a\u0000b" },
        { text: "a\udc00b" },
        { text: "x".repeat(MAX_BODY + 1) },
        { html: "x".repeat(MAX_BODY + 1) }
      ])("refuses %j for good, and sends nothing", (mail) =>
        Effect.gen(function* () {
          const failure = yield* Effect.flip(send(mail))
          assert.strictEqual(failure._tag, "MailFailed")
          assert.strictEqual(failure.reason._tag, "MailRefused")
          assert.isFalse(failure.isRetryable)
          assert.match(failure.message, /^The mail was refused: the (recipient|subject|text|HTML) must be/)
          assert.deepStrictEqual(yield* taken, [])
        })
      )
    })
  })
}
