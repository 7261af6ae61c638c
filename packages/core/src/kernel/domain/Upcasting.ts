/**
 * Upcasting: reading journal events that were written in an earlier schema version.
 *
 * What is stored is never rewritten. When the form of an event changes, its type gets one more upcaster, which turns the JSON
 * of the version before into that of the new one; what was stored in version 1 goes through all of them. Upcasters are pure,
 * and are never changed once something was written in the version that they lead to. A sample of every version lives in
 * `test/samples/journal`, and is read by the tests.
 */

export type Json = Readonly<Record<string, unknown>>

/** The payload of a version as that of the next. */
export type Upcaster = (payload: Json) => Json

/** By type: the first leads from version 1 to version 2, and so on. */
export type Upcasters = Readonly<Record<string, ReadonlyArray<Upcaster>>>

/** The version that a type is written in today. */
export const currentVersion = (upcasters: Upcasters, type: string): number => (upcasters[type]?.length ?? 0) + 1

/** A payload in today's version. Throws if there never was such a version. */
export const upcast = (upcasters: Upcasters, type: string, schemaVersion: number, payload: Json): Json => {
  const steps = upcasters[type] ?? []
  if (!Number.isInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > steps.length + 1)
    throw new Error(`unknown schema version ${schemaVersion} of ${type}`)
  return steps.slice(schemaVersion - 1).reduce((json, step) => step(json), payload)
}
