/**
 * The option that names the encoding of a file.
 */
import { InvalidArgumentError, Option } from "commander"
import * as Encoding from "../spreadsheet/Encoding.ts"

const toEncoding = (label: string): string => {
  const encoding = Encoding.named(label)
  if (encoding === undefined)
    throw new InvalidArgumentError(`is not known. Usual encodings are ${Encoding.USUAL.join(", ")}.`)
  return encoding
}

export const encoding = (): Option =>
  new Option("--encoding <name>", "encoding of the file, such as windows-1252 (default: that is found out)").argParser(
    toEncoding
  )
