/**
 * A component of a server, and what is known of it.
 */
import { described } from "@turnout/core/kernel/domain/document/Documented"
import { Instant } from "@turnout/core/kernel/domain/Instant"
import * as Schema from "effect/Schema"

export const Component = Schema.Struct({
  name: described(
    "The name of the component: store, redis, mail, issuers, or queue and the name of a sink",
    Schema.String,
    {
      examples: ["store"]
    }
  ),
  status: described(
    "up if the last thing that it was asked for has worked, down if that failed, unknown if it was not asked yet",
    Schema.Literals(["up", "down", "unknown"])
  ),
  since: described("When that began; null if it is not known", Schema.NullOr(Instant))
}).annotate({ identifier: "HealthComponent" })
export interface Component extends Schema.Schema.Type<typeof Component> {}

/** All components of a server. */
export const components = described(
  "The store first, which decides, and then the neighbours by their names",
  Schema.Array(Component)
)
