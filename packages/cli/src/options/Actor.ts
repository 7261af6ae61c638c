/**
 * The option that says who does something.
 */
import { Option } from "commander"

export const as = (): Option =>
  new Option("--as <name>", "who the audit log or the journal says did it (default: the user of the system)")
