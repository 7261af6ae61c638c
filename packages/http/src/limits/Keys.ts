/**
 * What limits count by. An address of IPv6 counts by its first 56 bits, since a customer of a provider is given as many as that to choose
 * the rest of.
 */
import { createHash } from "node:crypto"

const PREFIX_GROUPS = 3

/** The groups of an IPv6 address, of which `::` stands for as many zeros as are missing. */
const groupsOf = (address: string): ReadonlyArray<string> => {
  const [head = "", tail] = address.replace(/%.*$/, "").split("::")
  const before = head === "" ? [] : head.split(":")
  if (tail === undefined) return before
  const after = tail === "" ? [] : tail.split(":")
  return [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0"), ...after]
}

/** What an IP address counts by: itself, or its first 56 bits. */
export const ofAddress = (address: string): string => {
  if (!address.includes(":")) return address
  const groups = groupsOf(address)
  const first = groups.slice(0, PREFIX_GROUPS).map((group) => Number.parseInt(group, 16).toString(16))
  // The fourth group has eight bits of the prefix.
  const fourth = (Number.parseInt(groups[PREFIX_GROUPS] ?? "0", 16) >> 8).toString(16)
  return `${first.join(":")}:${fourth}00/56`
}

/** What an e-mail address counts by, which tells nobody the address. Case makes no difference. */
export const ofMailAddress = (address: string): string =>
  createHash("sha256").update(address.trim().toLowerCase()).digest("base64url").slice(0, 22)
