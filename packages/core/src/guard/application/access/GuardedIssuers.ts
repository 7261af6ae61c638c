/**
 * The issuers whose tokens a server takes, behind the policy.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AuditLog } from "../../../access/ports/AuditLog.ts"
import type { IssuerState, TokenVerifier } from "../../../access/ports/TokenVerifier.ts"
import type { StoreError } from "../../../kernel/ports/StoreError.ts"
import { onInstallation } from "../Guard.ts"

const make = (verifier: TokenVerifier["Service"] | undefined) =>
  Effect.map(AuditLog, (log) => ({
    /** Fetches the keys of all issuers anew, and returns what is known then; nothing, if the server takes no tokens. */
    reload: onInstallation(
      "reloadIssuers",
      Effect.fnUntraced(function* (who): Effect.fn.Return<ReadonlyArray<IssuerState>, StoreError> {
        if (verifier === undefined) return []
        const states = yield* verifier.reload
        yield* log.note(who, "issuers.reload", {
          issuers: states.map(({ failure, issuer, keys }) => ({ issuer, keys, failure: failure?.words ?? null }))
        })
        return states
      })
    )
  }))

export class GuardedIssuers extends Context.Service<GuardedIssuers, Effect.Success<ReturnType<typeof make>>>()(
  "@turnout/GuardedIssuers"
) {
  /** The issuers of this verifier; none without one. */
  static readonly layer = (
    verifier: TokenVerifier["Service"] | undefined
  ): Layer.Layer<GuardedIssuers, never, AuditLog> => Layer.effect(GuardedIssuers, make(verifier))
}
