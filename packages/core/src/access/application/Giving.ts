/**
 * Giving roles away, to members and to API keys: nobody gives a role with permissions that they lack.
 */
import * as Effect from "effect/Effect"
import type { Permission } from "../domain/policy/Permission.ts"
import { MayNotGive, mayGive, type Role } from "../domain/policy/Role.ts"

/** Refuses a role with permissions that are not among those `held`. */
export const check = (held: ReadonlySet<Permission>, role: Role): Effect.Effect<void, MayNotGive> =>
  mayGive(held, role) ? Effect.void : Effect.fail(new MayNotGive({ role }))
