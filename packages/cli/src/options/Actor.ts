/**
 * The option that names the principal.
 */
import { Option } from "commander"

export const as = (): Option =>
  new Option("--as <name>", "the principal in the audit log or the journal (default: the user of the system)")
