/**
 * What the rejections of admission say.
 */
import { VersionConflict } from "@turnout/core/admission/domain/model/event/EventVersion"
import { CapacityBelowSeatsTaken, CapacityFull, DemotionsMismatch } from "@turnout/core/admission/domain/model/Seats"
import { assert, describe, it } from "vitest"
import { EVENT } from "./Deciding.ts"

const eventId = EVENT

describe("a rejection", () => {
  it.each([
    [
      "of a change by somebody who has seen one version",
      new VersionConflict({ eventId, expectedVersions: [3], version: 9, revision: 7 }),
      "Event 00000000-0000-7000-8000-000000000000 itself changed in version 7, and is at version 9 now; the caller has seen version 3. Read it again, and decide anew."
    ],
    [
      "of a change by somebody who has seen several versions",
      new VersionConflict({ eventId, expectedVersions: [3, 5], version: 9, revision: 7 }),
      "Event 00000000-0000-7000-8000-000000000000 itself changed in version 7, and is at version 9 now; the caller has seen version 3, 5. Read it again, and decide anew."
    ],
    [
      "of a change by somebody who has seen no version",
      new VersionConflict({ eventId, expectedVersions: [], version: 9, revision: 7 }),
      "Event 00000000-0000-7000-8000-000000000000 itself changed in version 7, and is at version 9 now; the caller has seen no version of it. Read it again, and decide anew."
    ],
    [
      "of a capacity below the seats taken",
      new CapacityBelowSeatsTaken({ eventId, capacity: 2, seatsTaken: 5 }),
      "5 seats are taken; a capacity of 2 needs keepOverhang, or demote with the number of seats to take back."
    ],
    [
      "of more demotions than there are people who have not come",
      new DemotionsMismatch({ eventId, demote: 3, needed: 3, confirmed: 2 }),
      "3 seats would have to be taken back, but only 2 are of people who have not come yet."
    ],
    [
      "of another number of demotions than are needed, which could be carried out",
      new DemotionsMismatch({ eventId, demote: 1, needed: 2, confirmed: 2 }),
      "2 seats have to be taken back, not 1: confirm that number."
    ],
    [
      "of somebody for whom no seat is free while nobody waits",
      new CapacityFull({ eventId, capacity: 2, waitlistLength: 0 }),
      "All 2 seats are taken."
    ],
    [
      "of somebody for whom no seat is free while others wait",
      new CapacityFull({ eventId, capacity: 2, waitlistLength: 1 }),
      "All 2 seats are taken, or due to those who wait."
    ]
  ])("%s says what is to be done", (_what, rejection, message) => {
    assert.strictEqual(rejection.message, message)
  })
})
