/**
 * `turnout events`: lists and shows events, makes them, and leads them through their lives.
 */
import type { Command } from "commander"
import type { Action } from "../../../Action.ts"
import * as Changing from "./change.ts"
import * as Listing from "./list.ts"
import * as Making from "./create.ts"

/** Declares the command and its subcommands. */
export const declare = (program: Command, action: Action): void => {
  const events = program.command("events").description("look at events, make them, and lead them through their lives")
  Listing.declare(events, action)
  Making.declare(events, action)
  Changing.declare(events, action)
}
