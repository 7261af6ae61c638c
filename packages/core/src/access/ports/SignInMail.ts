/**
 * The mail that brings a sign-in link to an address.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"

/** The mail could not be handed over. */
export class LinkNotSent extends TaggedError<LinkNotSent>()("LinkNotSent", { cause: Schema.Defect() }) {
  override get message(): string {
    const { cause } = this
    return `The mail could not be sent: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

export class SignInMail extends Context.Service<
  SignInMail,
  {
    /** Hands over a mail to a folded address, with the text of a link (`tm_…`) and the time at which it ends. */
    readonly send: (address: string, linkText: string, expiresAt: Date) => Effect.Effect<void, LinkNotSent>
  }
>()("@turnout/SignInMail") {}
