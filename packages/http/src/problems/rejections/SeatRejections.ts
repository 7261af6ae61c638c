/**
 * Problems that answer the rejections of commands about seats.
 */
import * as Seats from "@turnout/core/admission/domain/model/Seats"
import { problem } from "../Problem.ts"

export const problems = {
  CapacityBelowSeatsTaken: problem(Seats.CapacityBelowSeatsTaken, {
    status: 409,
    code: "capacity_below_seats_taken",
    title: "More seats are taken than the capacity would have"
  }),
  DemotionsMismatch: problem(Seats.DemotionsMismatch, {
    status: 409,
    code: "demotions_mismatch",
    title: "Another number of seats has to be taken back"
  }),
  CapacityFull: problem(Seats.CapacityFull, { status: 409, code: "capacity_full", title: "The event is full" })
} satisfies Record<InstanceType<(typeof Seats.rejections)[number]>["_tag"], unknown>
