/**
 * The principal of the request that is being worked on. Every use case behind the policy needs it, so none can be called for nobody.
 */
import * as Context from "effect/Context"
import type { Principal } from "../../access/domain/policy/Principal.ts"

export class CurrentPrincipal extends Context.Service<CurrentPrincipal, Principal>()("@turnout/CurrentPrincipal") {}
