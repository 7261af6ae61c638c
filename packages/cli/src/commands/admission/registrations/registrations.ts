/**
 * `turnout registrations`: lists, shows and exports registrations, makes them, and changes them.
 */
import type { Command } from "commander"
import type { Action } from "../../../Action.ts"
import * as Adding from "./add.ts"
import * as Changing from "./change.ts"
import * as Correcting from "./correct.ts"
import * as Listing from "./list.ts"
import * as Showing from "./show.ts"

/** Declares the command and its subcommands. */
export const declare = (program: Command, action: Action): void => {
  const registrations = program
    .command("registrations")
    .description("look at registrations, export them, make them, and change them")
  Listing.declare(registrations, action)
  Showing.declare(registrations, action)
  Adding.declare(registrations, action)
  Correcting.declare(registrations, action)
  Changing.declare(registrations, action)
}
