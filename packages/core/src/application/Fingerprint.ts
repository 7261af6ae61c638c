/**
 * The fingerprint of a command: equal for equal commands, whatever the order of their fields, and different otherwise.
 */
import { hash } from "node:crypto"
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

/** The command that comes by the thousand has its fields in a fixed order instead of a sorted one. */
const text = (command: Command): string => {
  if (command._tag !== "Register") return canonical(command)
  const { _tag, attendee, eventId, notes, registeredAt } = command
  return JSON.stringify([_tag, eventId, attendee.id, attendee.name, attendee.email, notes, registeredAt])
}

/** SHA-256 of the command as JSON, in base64url (43 characters). */
export const fingerprint = (command: Command): string => hash("sha256", text(command), "base64url")
