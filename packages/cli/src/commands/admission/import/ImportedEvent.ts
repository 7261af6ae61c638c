/**
 * The event that people are imported into: one that is there, or one that the import makes.
 *
 * An event is known by its id, or by its title and its organizer. The id of an event that an import makes follows from the two, so
 * that imports at the same moment make one event, and it is found again after it has got another title. Options that say something
 * else than the event are refused, and named. An import publishes an event only in the commit that makes it.
 */
import type { TurnoutService } from "@turnout/core/admission/application/Turnout"
import type { Rejection } from "@turnout/core/admission/domain/model/Rejection"
import { type Event, EventDetails, EventInput } from "@turnout/core/admission/domain/model/Event"
import { decoder, type InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import type { OrganizationNotFound } from "@turnout/core/kernel/domain/OrganizationId"
import { EventId } from "@turnout/core/kernel/domain/EventId"
import { MAX_LIMIT } from "@turnout/core/kernel/domain/Page"
import * as Text from "@turnout/core/kernel/domain/Text"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import * as Organizations from "../../../options/access/Organizations.ts"
import { CliError } from "../../../CliError.ts"
import { time } from "../../../output/Words.ts"
import * as EventDifferences from "./EventDifferences.ts"
import * as EventOptions from "./EventOptions.ts"
import { ACTOR } from "./Registering.ts"

/** An event that is there, or the input for one that is not. */
export type Target =
  | { readonly _tag: "Found"; readonly event: Event }
  | { readonly _tag: "New"; readonly input: EventInput & { readonly id: EventId } }

type Failure =
  CliError | InvalidInput | OrganizationNotFound | StoreError | Effect.Error<ReturnType<TurnoutService["getEvent"]>>

const decodeNames = decoder(
  Schema.Struct({ title: EventDetails.fields.title, organizer: EventDetails.fields.organizer })
)
const decodeInput = decoder(EventInput)

interface Names {
  readonly title: string
  readonly organizer: string
}

const folded = (text: string): string => Text.fold(Text.comparable(text))

/** The id of the event that imports make under these names: a UUID of version 8. */
const idOf = ({ organizer, title }: Names): EventId => {
  const hex = createHash("sha256")
    .update(JSON.stringify(["turnout import", folded(title), folded(organizer)]))
    .digest("hex")
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)]
  return EventId.make(parts.join("-"))
}

const eventsOf = Effect.fnUntraced(function* (turnout: TurnoutService, { organizer, title }: Names) {
  const found: Array<Event> = []
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = yield* turnout.listEvents({ organizer, limit: MAX_LIMIT, ...(cursor === undefined ? {} : { cursor }) })
    found.push(...page.items.filter((event) => folded(event.title) === folded(title)))
    cursor = page.nextCursor
  }
  return found
})

const eventOf = (turnout: TurnoutService, id: EventId) =>
  turnout.getEvent(id).pipe(
    Effect.map((event) => [event]),
    Effect.catchTag("EventNotFound", () => Effect.succeed([]))
  )

/** The events that may be meant: the one with the id, and without `--id` also those of the organizer that have the title. */
const candidates = Effect.fnUntraced(function* (turnout: TurnoutService, names: Names, id: EventId | undefined) {
  const [known] = yield* eventOf(turnout, id ?? idOf(names))
  const named = id === undefined ? yield* eventsOf(turnout, names) : []
  return [...(known === undefined ? [] : [known]), ...named.filter((event) => event.id !== known?.id)]
})

const ambiguous = ({ organizer, title }: Names, events: ReadonlyArray<Event>) => {
  const listed = events.map(({ id, startsAt, status }) => `${id} (${status}, starts at ${time(startsAt)})`)
  return new CliError(
    `more than one event can be meant by the title ${JSON.stringify(title)} of ${JSON.stringify(organizer)}: ${listed.join(", ")}. Name one with --event ID`,
    { _tag: "EventAmbiguous", events: events.map(({ id }) => id) }
  )
}

type Owner = Effect.Success<ReturnType<typeof Organizations.fieldOf>>

/** The input of the event that the options describe. */
const toInput = Effect.fnUntraced(function* (
  names: Names,
  id: EventId,
  options: EventOptions.EventOptions,
  owner: Owner,
  now: Date
) {
  const { capacity, timeZone = EventOptions.DEFAULT_TIME_ZONE } = options
  if (capacity === undefined) {
    const what = options.id === undefined ? `the title ${JSON.stringify(names.title)}` : `the id ${id}`
    return yield* Effect.fail(
      new CliError(
        `there is no event with ${what} of ${JSON.stringify(names.organizer)}; to make it, say its --capacity`
      )
    )
  }
  const times = yield* EventOptions.timesIn(options, timeZone)
  const startsAt = times.startsAt ?? new Date(now.getTime() + EventOptions.DEFAULT_LEAD_MILLIS)
  const endsAt = times.endsAt ?? new Date(startsAt.getTime() + EventOptions.DEFAULT_LENGTH_MILLIS)
  const input = yield* decodeInput({ id, ...owner, ...names, capacity, timeZone, startsAt, endsAt })
  if (endsAt <= now)
    return yield* Effect.fail(
      new CliError(`the event would be over: it ends at ${time(endsAt)}. Say another --ends-at`)
    )
  return { ...input, id }
})

/** Finds the event that the options name, or describes the one that is to be made. Changes nothing. */
export const find = Effect.fnUntraced(function* (
  turnout: TurnoutService,
  options: EventOptions.EventOptions,
  now: Date
): Effect.fn.Return<Target, Failure, OrganizationStore> {
  if (options.event !== undefined) return { _tag: "Found", event: yield* turnout.getEvent(options.event) }
  const { organizer = EventOptions.DEFAULT_ORGANIZER, title } = options
  const names = yield* decodeNames({ title, organizer })
  const owner = yield* Organizations.fieldOf(options)
  const [event, ...others] = yield* candidates(turnout, names, options.id)
  if (event === undefined)
    return { _tag: "New", input: yield* toInput(names, options.id ?? idOf(names), options, owner, now) }
  if (others.length > 0) return yield* Effect.fail(ambiguous(names, [event, ...others]))
  const sameNames = {
    title: folded(title!) === folded(event.title),
    organizer: folded(organizer) === folded(event.organizer)
  }
  const found = [
    ...(sameNames.title ? [] : [{ option: "--title", stored: event.title, given: names.title }]),
    ...(sameNames.organizer ? [] : [{ option: "--organizer", stored: event.organizer, given: names.organizer }]),
    ...(yield* EventDifferences.differences(options, event, owner.organizationId))
  ]
  if (found.length > 0) return yield* Effect.fail(EventDifferences.refusal(event, found))
  return { _tag: "Found", event }
})

/**
 * Makes the event and publishes it in one commit; gives `undefined` if an event with its id was made meanwhile. Fails with the
 * rejection if no event with that id can be made, as after one that was deleted.
 */
export const make = (
  turnout: TurnoutService,
  { input }: Extract<Target, { readonly _tag: "New" }>,
  onMade: (event: Event) => void
): Effect.Effect<Event | undefined, Rejection | InvalidInput | StoreError> => {
  const options = { actor: ACTOR }
  const both = turnout.executeAll([
    { command: { _tag: "CreateEvent", event: input }, options },
    { command: { _tag: "PublishEvent", eventId: input.id }, options }
  ])
  return both.pipe(
    Effect.flatMap(([created, published]) => {
      const made = created!.answer
      if (Result.isFailure(made))
        return made.failure._tag === "EventAlreadyExists" ? Effect.undefined : Effect.fail(made.failure)
      const outcome = Result.getOrElse(published!.answer, () => made.success)
      return Effect.succeed("event" in outcome ? outcome.event : undefined)
    }),
    Effect.tap((event) => Effect.sync(() => event !== undefined && onMade(event))),
    Effect.uninterruptible
  )
}

/** Says why nobody can be registered for the event, if that is so. */
export const closedBecause = ({ endsAt, id, status }: Event, now: Date): string | undefined => {
  if (status === "draft")
    return `Event ${id} is a draft, and an import publishes only an event that it makes. Publish it (turnout events publish ${id}), and import again.`
  if (status === "reopening") return `Event ${id} is being reopened: import again once it is published.`
  if (status !== "published") return `Event ${id} is ${status}: nobody can be registered for it any more.`
  return endsAt <= now
    ? `Event ${id} is over since ${time(endsAt)}: nobody can be registered for it any more.`
    : undefined
}
