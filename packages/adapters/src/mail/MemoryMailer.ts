/**
 * A mailer that keeps the mails in memory and sends none: for tests of those who embed, and for trying things out. The latest
 * `MAX_KEPT` are kept.
 */
import type { Mail } from "@turnout/core/access/domain/Mail"
import { Mailer } from "@turnout/core/access/ports/Mailer"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { checked } from "./CheckedMail.ts"

/** The most mails that are kept. */
export const MAX_KEPT = 1_000

export interface KeptMail extends Mail {
  /** When it was sent. */
  readonly at: Date
}

/** The mails that were sent. */
export class KeptMails extends Context.Service<
  KeptMails,
  {
    /** Returns the mails, the oldest first. */
    readonly all: Effect.Effect<ReadonlyArray<KeptMail>>
    /** Forgets the mails of before. */
    readonly clear: Effect.Effect<void>
  }
>()("@turnout/KeptMails") {}

export const make: Effect.Effect<{ readonly mailer: Mailer["Service"]; readonly mails: KeptMails["Service"] }> =
  Effect.sync(() => {
    const kept: Array<KeptMail> = []
    const keep = (mail: Mail): Effect.Effect<void> =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        if (kept.length === MAX_KEPT) kept.shift()
        kept.push({ ...mail, at: new Date(now) })
      })
    return {
      mailer: { send: checked(keep) },
      mails: { all: Effect.sync(() => [...kept]), clear: Effect.sync(() => void kept.splice(0)) }
    }
  })

export const layer: Layer.Layer<Mailer | KeptMails> = Layer.effectContext(
  Effect.map(make, ({ mailer, mails }) => Context.make(Mailer, mailer).pipe(Context.add(KeptMails, mails)))
)
