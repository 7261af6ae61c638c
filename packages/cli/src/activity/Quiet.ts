/**
 * The option about how much a command that runs until it is stopped writes to its log.
 */
import { Option } from "commander"

export const quiet = (): Option => new Option("--quiet", "log failures and nothing else")
