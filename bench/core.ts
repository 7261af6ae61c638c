/**
 * Pure decisions per second, and the bytes that they allocate: no store, no Effect, one batch after the other.
 *
 *     npm run bench:core -- [--rounds N] [--seconds N] [--batch N] [--json]
 *
 * A decision is the whole work of the core for one registration once its batch is loaded: it looks up the idempotency key,
 * decides the command, updates the working set, and makes the entry, the record of the key and the reply.
 */
import * as Batch from "@turnout/core/admission/domain/Batch"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { Event } from "@turnout/core/admission/domain/model/Event"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import { scope } from "@turnout/core/admission/domain/state/Idempotency"
import type { RegistrationId } from "@turnout/core/admission/domain/model/Registration"
import type { Request } from "@turnout/core/admission/domain/state/Request"
import { make, nothing, type WorkingSet } from "@turnout/core/admission/domain/state/WorkingSet"
import * as Rec from "effect/Record"
import { randomUUID } from "node:crypto"
import { alternate, median, summarise } from "./support/Contest.ts"
import { format, print, progress } from "./support/Report.ts"
import * as Settings from "./support/Settings.ts"

const settings = Settings.read({ rounds: 5, seconds: 2, batch: 1_000 })
const NOW = new Date("2030-01-01T00:00:00.000Z")
const LATER = new Date("2030-06-01T00:00:00.000Z")

const eventId = randomUUID() as EventId
const event = (capacity: number): Event => ({
  id: eventId,
  organizationId: DEFAULT_ORGANIZATION,
  title: "Conference",
  description: "",
  location: "",
  organizer: "Ada",
  startsAt: LATER,
  endsAt: new Date(LATER.getTime() + 86_400_000),
  timeZone: "Europe/Berlin",
  registrationOpensAt: null,
  registrationClosesAt: null,
  waitlist: "open",
  waitlistLimit: null,
  registration: "open",
  cancellationClosesAt: null,
  capacity,
  status: "published",
  version: 2,
  revision: 2,
  counts: { confirmed: 0, waitlisted: 0, attended: 0, noShow: 0 },
  createdAt: NOW,
  updatedAt: NOW
})

/** Makes a text one flat string, as a parser does: V8 keeps a text that was put together from parts as a tree. */
const flat = (text: string): string => Buffer.from(text).toString()

const request = (command: Request["command"], freshId: string): Request => {
  const { id, ...rest } = scope("anonymous", command._tag, flat(randomUUID()))
  return {
    command,
    now: NOW,
    freshId,
    idempotency: {
      scope: { ...rest, id: flat(id) },
      fingerprint: "fingerprint",
      ttlMillis: 259_200_000,
      refusalTtlMillis: 120_000
    },
    metadata: { actor: "anonymous", correlationId: null, causationId: null }
  }
}

const register = (): Request => {
  const email = flat(`person-${randomUUID()}@example.com`)
  return request(
    { _tag: "Register", eventId, attendee: fromInput({ name: "Ada", email }), notes: "", registeredAt: null },
    flat(randomUUID())
  )
}

const empty = (capacity: number): WorkingSet => make({ ...nothing, events: [event(capacity)] })

interface Prepared {
  readonly requests: ReadonlyArray<Request>
  readonly set: WorkingSet
}

/** Makes a batch of each kind. */
const kinds: Record<string, () => Prepared> = {
  "register, a seat is free": () => ({ requests: Array.from({ length: settings.batch }, register), set: empty(1e6) }),
  "register, onto the waitlist": () => ({ requests: Array.from({ length: settings.batch }, register), set: empty(0) }),
  "cancel, and promote the next": () => {
    const set = empty(settings.batch)
    const people = Array.from({ length: settings.batch * 2 }, register)
    Batch.decide(people, set)
    const seated = people.slice(0, settings.batch)
    const cancel = ({ freshId }: Request) =>
      request({ _tag: "CancelRegistration", eventId, registrationId: freshId as RegistrationId }, flat(randomUUID()))
    return { requests: seated.map(cancel), set }
  }
}

interface Turn {
  readonly perSecond: number
  readonly bytes: number
}

const decide = ({ requests, set }: Prepared): void => {
  const { replies } = Batch.decide(requests, set)
  if (replies.some(({ answer }) => answer._tag === "Failure")) throw new Error("a decision was a refusal")
}

/**
 * Decides prepared batches for a while. Only the decisions are timed. The median of the batches counts, since their
 * preparation leaves more garbage than the decisions, and the garbage collector may run at any time.
 */
const time = (prepare: () => Prepared): number => {
  const rates: Array<number> = []
  const until = performance.now() + settings.seconds * 1_000
  do {
    const prepared = prepare()
    const beganAt = performance.now()
    decide(prepared)
    rates.push((prepared.requests.length / (performance.now() - beganAt)) * 1_000)
  } while (performance.now() < until)
  return median(rates)
}

/**
 * The bytes that a decision leaves on the heap, garbage included. The heap is collected before the batch, so that no
 * collection happens within it.
 */
const weigh = (prepare: () => Prepared): number => {
  const prepared = prepare()
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  decide(prepared)
  return (process.memoryUsage().heapUsed - before) / prepared.requests.length
}

const turn = async (prepare: () => Prepared): Promise<Turn> => ({
  perSecond: time(prepare),
  bytes: median(Array.from({ length: 11 }, () => weigh(prepare)))
})

const contestants = Rec.map(kinds, (prepare) => () => turn(prepare))
for (const contestant of Object.values(contestants)) await contestant()
const turns = await alternate(contestants, settings.rounds, (name, round) =>
  progress(`round ${round + 1} of ${settings.rounds}: ${name}`)
)
progress("")

const figures = Rec.map(turns, (all) => ({
  perSecond: summarise(all.map(({ perSecond }) => perSecond)),
  bytes: summarise(all.map(({ bytes }) => bytes))
}))
const rows = Object.entries(figures).map(([name, { bytes, perSecond }]) => [
  name,
  format(perSecond.median),
  format(perSecond.min),
  format(perSecond.max),
  format(bytes.median)
])
print(settings, {
  bench: "Pure decisions",
  settings,
  figures,
  sections: [{ title: "Decisions", head: ["what", "a second", "lowest", "highest", "bytes allocated each"], rows }],
  targets: [
    {
      what: "pure decisions a second",
      value: figures["register, a seat is free"]!.perSecond.median,
      target: 1_000_000
    }
  ]
})
