/**
 * Upcasting: reading journal events that were written in an earlier schema version.
 *
 * Stored entries are never rewritten. When the form of a journal event changes, its type gets one more upcaster, which turns
 * the JSON of the version before into that of the new one; an entry of version 1 goes through all of them. Upcasters are pure,
 * and are never changed once an entry was written in the version that they lead to. A sample of every version lives in
 * `test/samples/journal`, and is read by the tests.
 */

export type Json = Readonly<Record<string, unknown>>

/** Turns the payload of a version into that of the next. */
export type Upcaster = (payload: Json) => Json

/** The upcasters of each type: the first leads from version 1 to version 2, and so on. */
export type Upcasters = Readonly<Record<string, ReadonlyArray<Upcaster>>>

/** The version in which a type is written today. */
export const currentVersion = (upcasters: Upcasters, type: string): number => (upcasters[type]?.length ?? 0) + 1

/** A payload in today's version. Throws if there is no such version. */
export const upcast = (upcasters: Upcasters, type: string, schemaVersion: number, payload: Json): Json => {
  const steps = upcasters[type] ?? []
  if (!Number.isInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > steps.length + 1)
    throw new Error(`unknown schema version ${schemaVersion} of ${type}`)
  return steps.slice(schemaVersion - 1).reduce((json, step) => step(json), payload)
}
