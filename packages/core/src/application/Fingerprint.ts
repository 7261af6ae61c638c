/**
 * The fingerprint of a command: equal for equal commands, whatever the order of their fields, and different otherwise.
 */
import { createHash } from "node:crypto"
import type { Command } from "../domain/Command.ts"

const canonical = (value: unknown): string => {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null"
  if (value instanceof Date) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(",")}}`
}

/** SHA-256 of the command in canonical JSON, in base64url (43 characters). */
export const fingerprint = (command: Command): string =>
  createHash("sha256").update(canonical(command)).digest("base64url")
