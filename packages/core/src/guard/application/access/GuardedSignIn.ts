/**
 * Signing in by mail, for everybody, where the server can send mail.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type From, SignIn } from "../../../access/application/SignIn.ts"
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
    redeem: Effect.fnUntraced(function* (linkText: string, from: From) {
      yield* mayAtAll(yield* CurrentPrincipal, "redeemSignInLink")
      yield* enabled
      return yield* signIn.redeem(linkText, from)
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
