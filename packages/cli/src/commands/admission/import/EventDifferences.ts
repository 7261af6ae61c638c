/**
 * The options of an import that say something else than the event that is there, and the refusal that names them.
 */
import type { Event } from "@turnout/core/admission/domain/model/Event"
import type { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import * as Effect from "effect/Effect"
import { CliError } from "../../../CliError.ts"
import { type EventOptions, timesIn } from "./EventOptions.ts"

/** An option that says something else than the event. */
export interface Difference {
  readonly option: string
  readonly stored: string | number
  readonly given: string | number
}

/** The name under which the runtime knows a zone: one zone may have several names. */
const canonical = (zone: string): string => new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone

/** The options that say something else than the event, apart from its names. Options that are not given say nothing. */
export const differences = Effect.fnUntraced(function* (
  options: EventOptions,
  event: Event,
  organizationId: OrganizationId | undefined
): Effect.fn.Return<ReadonlyArray<Difference>, InvalidInput> {
  const { capacity, timeZone: zone } = options
  const times = yield* timesIn(options, event.timeZone)
  const differs = (option: string, stored: string | number, given: string | number | undefined) =>
    given === undefined || given === stored ? [] : [{ option, stored, given }]
  return [
    ...differs("--organization", event.organizationId, organizationId),
    ...differs("--capacity", event.capacity, capacity),
    ...differs("--starts-at", event.startsAt.toISOString(), times.startsAt?.toISOString()),
    ...differs("--ends-at", event.endsAt.toISOString(), times.endsAt?.toISOString()),
    ...(zone === undefined || canonical(zone) === canonical(event.timeZone)
      ? []
      : [{ option: "--time-zone", stored: event.timeZone, given: zone }])
  ]
})

/** The refusal to import into an event that differs from the options. */
export const refusal = ({ id, title }: Event, found: ReadonlyArray<Difference>): CliError => {
  const said = found.map(
    ({ given, option, stored }) =>
      `${option} says ${JSON.stringify(given)}, and the event has ${JSON.stringify(stored)}`
  )
  const isCapacity = ({ option }: Difference) => option === "--capacity"
  const ways = [
    ...(found.some(isCapacity) ? [`change its capacity with turnout events capacity ${id} SEATS`] : []),
    ...(found.every(isCapacity) ? [] : [`change the event with turnout events update ${id}`]),
    `import with --event ${id}, which takes the event as it is`,
    `or make another event with an --id of its own`
  ]
  return new CliError(
    `event ${id} (${title}) is not as the options say, so nothing has changed: ${said.join("; ")}. To go on, ${ways.join(", ")}`,
    { _tag: "EventDiffers", eventId: id, differences: found }
  )
}
