/**
 * Signing in by mail, for everybody, where the server can send mail.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CurrentRequest } from "../../../access/application/audit/CurrentRequest.ts"
import { SignIn } from "../../../access/application/SignIn.ts"
import { TaggedError } from "../../../kernel/domain/TaggedError.ts"
import { CurrentPrincipal } from "../CurrentPrincipal.ts"
import { mayAtAll } from "../Guard.ts"

/** The server sends no mail, so nobody can sign in by mail. */
export class SignInDisabled extends TaggedError<SignInDisabled>()("SignInDisabled", {}) {
  override get message(): string {
    return "This server sends no mail, so nobody can sign in by mail here: ask those who run it."
  }
}

const make = Effect.fnUntraced(function* (isEnabled: boolean) {
  const signIn = yield* SignIn
  const enabled = isEnabled ? Effect.void : Effect.fail(new SignInDisabled())
  return {
    request: Effect.fnUntraced(function* (input: Parameters<typeof signIn.request>[0]) {
      yield* mayAtAll(yield* CurrentPrincipal, "requestSignIn")
      yield* enabled
      yield* signIn.request(input)
    }),
    /** Begins a session, which keeps where the request came from. */
    redeem: Effect.fnUntraced(function* (linkText: string) {
      yield* mayAtAll(yield* CurrentPrincipal, "redeemSignInLink")
      yield* enabled
      const { address, userAgent } = yield* CurrentRequest
      return yield* signIn.redeem(linkText, { address, userAgent })
    })
  }
})

export class GuardedSignIn extends Context.Service<GuardedSignIn, Effect.Success<ReturnType<typeof make>>>()(
  "@turnout/GuardedSignIn"
) {
  /** `isEnabled`: whether the server can send mail. */
  static readonly layer = (isEnabled: boolean): Layer.Layer<GuardedSignIn, never, SignIn> =>
    Layer.effect(GuardedSignIn, make(isEnabled))
}
