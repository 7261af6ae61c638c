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
  })
} satisfies Record<InstanceType<(typeof Seats.rejections)[number]>["_tag"], unknown>
