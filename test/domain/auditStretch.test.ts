/**
 * How stretches of two sources become one list: each source keeps its order, nothing is left out, and nothing is listed twice.
 */
import type { AuditEntry } from "@turnout/core/access/domain/audit/AuditEntry"
import { type From, merge, type Stretch } from "@turnout/core/access/domain/audit/Stretch"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

const entry = (source: string, place: number, at: number): AuditEntry => ({
  id: `${source}:${place}`,
  at: new Date(at),
  who: "ada",
  action: "test",
  resource: null,
  organizationId: null,
  outcome: "done",
  credential: null,
  requestId: null,
  address: null,
  userAgent: null,
  details: {}
})

/** A source by the times of its rows, the latest first; a row without `isFound` is looked at in vain. */
interface Row {
  readonly at: number
  readonly isFound: boolean
}

/** Reads rows from a place on: up to so many are looked at, and up to so many are found. */
const read =
  (source: string, rows: ReadonlyArray<Row>, window: number) =>
  (from: From<number>, limit: number): Stretch<number> => {
    if (from === "end") return { entries: [], looked: null }
    const entries: Array<{ readonly place: number; readonly entry: AuditEntry }> = []
    let place = from === "latest" ? 0 : from
    const end = Math.min(rows.length, place + window)
    while (place < end && entries.length < limit) {
      const { at, isFound } = rows[place]!
      place += 1
      if (isFound) entries.push({ place, entry: entry(source, place, at) })
    }
    return {
      entries,
      looked: place === rows.length && entries.length < limit ? null : { place, at: new Date(rows[place - 1]!.at) }
    }
  }

/** Pages of a list, each of one stretch of both sources, up to the end. */
const pagesOf = (log: ReadonlyArray<Row>, journal: ReadonlyArray<Row>, window: number, limit: number) => {
  const [readLog, readJournal] = [read("log", log, window), read("journal", journal, window)]
  let place: { readonly log: From<number>; readonly journal: From<number> } = { log: "latest", journal: "latest" }
  const entries: Array<AuditEntry> = []
  for (let page = 0; page < 1_000; page++) {
    if (place.log === "end" && place.journal === "end") return entries
    const merged = merge(
      { stretch: readLog(place.log, limit + 1), from: place.log },
      { stretch: readJournal(place.journal, limit + 1), from: place.journal },
      limit
    )
    assert.isAtMost(merged.entries.length, limit)
    entries.push(...merged.entries)
    place = merged
  }
  return assert.fail("the pages do not end")
}

const rows = (isOrdered: boolean) =>
  fc
    .array(fc.record({ at: fc.integer({ min: 0, max: 30 }), isFound: fc.boolean() }), {
      maxLength: 25
    })
    .map((all) => (isOrdered ? all.toSorted((a, b) => b.at - a.at) : all))

const sizes = [fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 8 })] as const

const idsOf = (entries: ReadonlyArray<AuditEntry>, source: string) =>
  entries.filter(({ id }) => id.startsWith(source)).map(({ id }) => id)

const found = (source: string, all: ReadonlyArray<Row>) =>
  all.flatMap(({ isFound }, index) => (isFound ? [`${source}:${index + 1}`] : []))

describe("stretches of the audit trail", () => {
  it("become one list in the order of the times, in pages and stretches of every size", () => {
    fc.assert(
      fc.property(rows(true), rows(true), ...sizes, (log, journal, window, limit) => {
        const entries = pagesOf(log, journal, window, limit)
        const whole = [
          ...log.flatMap((row, index) => (row.isFound ? [entry("log", index + 1, row.at)] : [])),
          ...journal.flatMap((row, index) => (row.isFound ? [entry("journal", index + 1, row.at)] : []))
        ].toSorted((a, b) => b.at.getTime() - a.at.getTime())
        assert.deepStrictEqual(
          entries.map(({ at }) => at),
          whole.map(({ at }) => at)
        )
        // Of the same moment, those of the log come first.
        assert.deepStrictEqual(
          entries.map(({ id }) => id),
          whole.map(({ id }) => id)
        )
      })
    )
  })

  it("leave out nothing and list nothing twice, whatever the clocks have told", () => {
    fc.assert(
      fc.property(rows(false), rows(false), ...sizes, (log, journal, window, limit) => {
        const entries = pagesOf(log, journal, window, limit)
        assert.deepStrictEqual(idsOf(entries, "log"), found("log", log))
        assert.deepStrictEqual(idsOf(entries, "journal"), found("journal", journal))
      })
    )
  })
})
