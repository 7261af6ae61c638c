/**
 * The option that names the version of an event that a change is based on.
 */
import { Option } from "commander"
import { wholeNumber } from "./Numbers.ts"

export const ifVersion = (): Option =>
  new Option(
    "--if-version <n>",
    "only if the event itself is as in this version, which `turnout events show` has told"
  ).argParser(wholeNumber(1, Number.MAX_SAFE_INTEGER))
