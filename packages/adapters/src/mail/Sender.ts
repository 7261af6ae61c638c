/**
 * The sender of mails: an address, or a name and an address in angle brackets.
 */
import { isAddress } from "@turnout/core/access/domain/Mail"

export interface Sender {
  /** Empty if there is none. */
  readonly name: string
  readonly address: string
}

/** The rule, which follows the name of a field. */
export const RULE = "must be an address, or a name and an address, such as Tickets <tickets@example.com>"

const MAX_NAME = 200
const WITH_NAME = /^(?<name>[^<>\p{Cc}\u2028\u2029]*)<(?<address>[^<>]+)>$/u

/** Reads a sender; `undefined` if the text is none. */
export const parse = (text: string): Sender | undefined => {
  if (isAddress(text)) return { name: "", address: text }
  const { address = "", name = "" } = WITH_NAME.exec(text)?.groups ?? {}
  return isAddress(address) && name.length <= MAX_NAME && name.isWellFormed()
    ? { name: name.trim(), address }
    : undefined
}
