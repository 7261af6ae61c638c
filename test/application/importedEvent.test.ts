/**
 * Why an import registers nobody for an event.
 */
// oxlint-disable-next-line no-restricted-imports -- a program is for running: its package exports nothing
import { closedBecause } from "../../packages/cli/src/commands/admission/import/ImportedEvent.ts"
import type { Event, EventStatus } from "@turnout/core/admission/domain/model/Event"
import { assert, describe, it } from "vitest"

const now = new Date("2030-01-01T00:00:00.000Z")

const because = (status: EventStatus, endsAt = new Date("2031-01-01T00:00:00.000Z")) =>
  closedBecause({ id: "one", status, endsAt } as Event, now)

describe("an import into an event", () => {
  it.each([
    ["draft", /is a draft.*turnout events publish one/],
    ["cancelled", /is cancelled: nobody can be registered for it any more/],
    ["completed", /is completed: nobody can be registered for it any more/],
    ["reopening", /is being reopened: import again once it is published/]
  ] as const)("that is %s says so, and what to do", (status, words) => {
    assert.match(because(status) ?? "", words)
  })

  it("goes on until the event is over", () => {
    assert.isUndefined(because("published"))
    assert.match(because("published", now) ?? "", /is over since 2030-01-01T00:00:00Z/)
  })
})
