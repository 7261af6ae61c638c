import * as MemoryMailer from "@turnout/adapters/mail/memory"
import * as PrintingMailer from "@turnout/adapters/mail/printing"
import * as SmtpMailer from "@turnout/adapters/mail/smtp"
import { Mailer } from "@turnout/core/access/ports/Mailer"
import { Context, Effect, Layer, Redacted } from "effect"
import * as SmtpServer from "../../support/SmtpServer.ts"
import { Postbox, type ReceivedMail, suite } from "./MailerSuite.ts"

const memory = Layer.effect(
  Postbox,
  Effect.map(MemoryMailer.KeptMails, ({ all, clear }) => ({
    take: Effect.map(Effect.tap(all, clear), (mails) => mails.map(({ to, ...mail }) => ({ ...mail, to: [to] })))
  }))
).pipe(Layer.provideMerge(MemoryMailer.layer))

/** What was printed, read as a person does. */
const read = (lines: ReadonlyArray<string>): ReceivedMail => {
  const [to = "", subject = "", , ...text] = lines
  return { to: [to.replace(/^To: /, "")], subject: subject.replace(/^Subject: /, ""), text: text.join("\n") }
}

const printing = Layer.effectContext(
  Effect.sync(() => {
    const printed: Array<ReadonlyArray<string>> = []
    const mailer = PrintingMailer.make((lines) => Effect.sync(() => void printed.push(lines)))
    const take = Effect.sync(() => printed.splice(0).map(read))
    return Context.make(Mailer, mailer).pipe(Context.add(Postbox, { take }))
  })
)

const smtp = Layer.effectContext(
  Effect.gen(function* () {
    const { mails, port } = yield* SmtpServer.make()
    const mailer = yield* SmtpMailer.make({
      url: Redacted.make(`smtp://127.0.0.1:${port}`),
      from: "Tickets <tickets@example.com>"
    })
    const take = Effect.sync(() =>
      mails.splice(0).map(({ parsed: { html, subject = "", text = "" }, to }): ReceivedMail => ({
        to,
        subject,
        text,
        ...(html === undefined ? {} : { html })
      }))
    )
    return Context.make(Mailer, mailer).pipe(Context.add(Postbox, { take }))
  })
)

suite("memory", memory, { html: true })
suite("printing", printing, { html: false })
suite("SMTP", smtp, { html: true })
