/**
 * The group `registrations` of the HTTP API: the registrations and the waitlist of an event.
 */
import { TheLink } from "@turnout/core/access/domain/credentials/AttendeeLink"
import { RegistrationQuery } from "@turnout/core/admission/application/Queries"
import { AttendeeInput } from "@turnout/core/admission/domain/model/Attendee"
import { type AttendanceCommand, AttendedInput } from "@turnout/core/admission/domain/model/Attendance"
import { GuestInput, RegistrationOutcome } from "@turnout/core/admission/domain/model/Register"
import {
  CHANGED,
  ConfirmationInput,
  CorrectionInput,
  Registration,
  type RegistrationCommand,
  type RegistrationId,
  RegistrationInput,
  RegistrationState,
  TheRegistration
} from "@turnout/core/admission/domain/model/Registration"
import { described } from "@turnout/core/kernel/domain/document/Documented"
import { type EventId, TheEvent } from "@turnout/core/kernel/domain/EventId"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import { type About, about } from "../document/About.ts"
import * as RejectionProblems from "../problems/RejectionProblems.ts"
import { csv } from "../requests/Download.ts"
import { BodyBoundary, describeOptionalBody, OptionalBody, WriteBoundary } from "../requests/Boundaries.ts"
import { countedPage, cursor, cursorPage, describedEach, limit, several, TOTAL } from "../requests/Paging.ts"
import { created, headers } from "../requests/headers/WriteHeaders.ts"

const ofEvent = { eventId: TheEvent }
const ofRegistration = { eventId: TheEvent, registrationId: TheRegistration }

/** The path of a registration. Ids are UUIDs, in which nothing has to be escaped. */
export const pathOf = (eventId: EventId, registrationId: RegistrationId): string =>
  `/events/${eventId}/registrations/${registrationId}`

const AttendeeIdOfPath = described(
  "The host's own id of the attendee; or mailto: and the address of one who has registered by address alone",
  Schema.String,
  { examples: ["mailto:ada@example.com"] }
)

const position = described("The place in the waitlist; 1 is next", Schema.Natural)
const WaitlistEntry = Schema.Struct({
  position,
  registration: described("The registration that waits", Registration)
}).annotate({ identifier: "WaitlistEntry" })
const WaitlistPlace = Schema.Struct({
  position,
  length: described("The people who wait, with this one", Schema.Natural)
}).annotate({ identifier: "WaitlistPlace" })

const state = described(
  `One or more of ${RegistrationState.literals.join(", ")}, separated by commas`,
  Schema.optionalKey(several(RegistrationState)),
  { examples: ["confirmed,waitlisted"] }
)

const query = {
  ...describedEach(RegistrationQuery.fields, {
    attendeeId: [
      "The id of the attendee, in full: the host's own, or `mailto:` and the address of a person who registered by address alone",
      "mailto:ada@example.com"
    ],
    search: [
      "What the e-mail address, or a word of the name, begins with, without regard to case and accents; each word must be found",
      "ada"
    ],
    registeredFrom: ["Registered at this moment or later", "2026-01-01T00:00:00Z"],
    registeredUntil: ["Registered before this moment, which is after registeredFrom", "2035-01-01T00:00:00Z"],
    changedFrom: ["In the present state since this moment or a later one", "2026-01-01T00:00:00Z"],
    changedUntil: ["In the present state since before this moment, which is after changedFrom", "2035-01-01T00:00:00Z"],
    order: ["entry (the default): the first to register first; newest: the other way round", "entry"],
    total: TOTAL
  }),
  state,
  cursor,
  limit
}

/** A registration as a write left it; `changed` is false if there was nothing to do, and `changedAt` says since when. */
const ChangedRegistration = Schema.Struct({
  ...Registration.fields,
  changed: described(CHANGED, Schema.Boolean)
}).annotate({
  identifier: "ChangedRegistration"
})

/** Who is registered; a person who has signed in registers themself without saying who they are. */
const RegistrationRequest = Schema.Struct({
  ...RegistrationInput.fields,
  attendee: described(
    "The person who registers; without it, the person who has signed in, by their name and verified address",
    Schema.optionalKey(AttendeeInput)
  )
}).annotate({ identifier: "RegistrationInput" })

const AttendeeLink = Schema.Struct({ link: TheLink }).annotate({ identifier: "AttendeeLink" })

/** The answer to registering. */
const Registered = Schema.Struct({
  ...RegistrationOutcome.fields,
  link: Schema.optionalKey(TheLink)
}).annotate({ identifier: "Registered" })

type Change = (RegistrationCommand | AttendanceCommand)["_tag"]

const path = <const Path extends string>(action: Path): `/events/:eventId/registrations/:registrationId${Path}` =>
  `/events/:eventId/registrations/:registrationId${action}`

const changeRegistration = <const Name extends string, const Operation extends Change>(
  name: Name,
  action: `/${string}`,
  operation: Operation,
  words: About
) =>
  HttpApiEndpoint.post(name, path(action), {
    params: ofRegistration,
    headers,
    success: ChangedRegistration,
    error: [...RejectionProblems.rejectionsOf(operation), ...RejectionProblems.refusalsOf(operation)]
  })
    .annotateMerge(about(words))
    .middleware(WriteBoundary)

const EXAMPLES = {
  register: { attendee: { name: "Ada Lovelace", email: "ada@example.com" }, notes: "Needs a step-free way in" },
  guest: { attendee: { name: "Grace Hopper", email: "grace@example.com" }, beyond: "raise" },
  confirm: { beyond: "raise" },
  correct: { attendee: { name: "Ada King" } },
  attended: { early: true }
} as const

const CHANGES_MEANWHILE =
  "The rows are read page by page while they are sent, and are no snapshot: each shows what was committed when its page was read. A failure of the store cuts the answer off."

export class RegistrationsGroup extends HttpApiGroup.make("registrations")
  .add(
    HttpApiEndpoint.post("register", "/events/:eventId/registrations", {
      params: ofEvent,
      headers,
      payload: RegistrationRequest,
      success: created(Registered),
      error: RejectionProblems.rejectionsOf("Register")
    })
      .annotateMerge(
        about({
          id: "register",
          summary: "Register an attendee",
          description:
            "The attendee gets a seat while seats are free, and otherwise joins the end of the waitlist. Who is registered already is refused.",
          answer: "The registration that was made",
          body: EXAMPLES.register
        })
      )
      .middleware(WriteBoundary),
    HttpApiEndpoint.post("registerGuest", "/events/:eventId/guests", {
      params: ofEvent,
      headers,
      payload: GuestInput,
      success: created(Registered),
      error: RejectionProblems.rejectionsOf("RegisterGuest")
    })
      .annotateMerge(
        about({
          id: "registerGuest",
          summary: "Register somebody for staff",
          description:
            "It is possible outside the registration window, with the waitlist closed or full, and into a draft.",
          answer: "The registration that was made",
          body: EXAMPLES.guest
        })
      )
      .middleware(WriteBoundary),
    HttpApiEndpoint.get("list", "/events/:eventId/registrations", {
      params: ofEvent,
      query,
      success: countedPage(Registration, "CountedRegistrationPage"),
      error: RejectionProblems.eventNotFound
    }).annotateMerge(
      about({
        id: "listRegistrations",
        summary: "List registrations",
        description:
          "Finds registrations of an event by state, by attendee, by text and by time; all conditions must hold. The list comes page by page.",
        answer: "A page of registrations"
      })
    ),
    HttpApiEndpoint.get("export", "/events/:eventId/registrations.csv", {
      params: ofEvent,
      query: { state },
      success: csv,
      error: RejectionProblems.eventNotFound
    }).annotateMerge(
      about({
        id: "exportRegistrations",
        summary: "Download registrations as CSV, in the order of entry",
        description: CHANGES_MEANWHILE,
        answer: "The registrations as CSV in UTF-8, with a header"
      })
    ),
    HttpApiEndpoint.get("get", "/events/:eventId/registrations/:registrationId", {
      params: ofRegistration,
      success: Registration,
      error: [RejectionProblems.eventNotFound, RejectionProblems.registrationNotFound]
    }).annotateMerge(
      about({
        id: "getRegistration",
        summary: "Get a registration",
        description: "The registration with its attendee, as it is now.",
        answer: "The registration"
      })
    ),
    changeRegistration("cancel", "/cancel", "CancelRegistration", {
      id: "cancelRegistration",
      summary: "Cancel a registration, and promote the first in line",
      description: "Gives up the seat or the place in the waitlist, whatever the status of the event is.",
      answer: "The registration as it is now"
    }),
    HttpApiEndpoint.post("confirm", path("/confirm"), {
      params: ofRegistration,
      headers,
      payload: ConfirmationInput,
      success: ChangedRegistration,
      error: RejectionProblems.rejectionsOf("ConfirmRegistration")
    })
      .annotateMerge(
        about({
          id: "confirmRegistration",
          summary: "Give a chosen waiter a seat",
          description:
            "The waiter may be at any place in the waitlist; those before keep theirs. beyond says what to do if no seat is free.",
          answer: "The registration as it is now",
          body: EXAMPLES.confirm
        })
      )
      .annotate(OptionalBody, true)
      .annotate(OpenApi.Transform, describeOptionalBody)
      .middleware(WriteBoundary),
    changeRegistration("reinstate", "/reinstate", "ReinstateRegistration", {
      id: "reinstateRegistration",
      summary: "Take a cancellation back",
      description: "The attendee gets a seat if one is free, or else the old place in the waitlist.",
      answer: "The registration as it is now"
    }),
    HttpApiEndpoint.patch("correct", path(""), {
      params: ofRegistration,
      headers,
      payload: CorrectionInput,
      success: ChangedRegistration,
      error: RejectionProblems.rejectionsOf("CorrectRegistration")
    })
      .annotateMerge(
        about({
          id: "correctRegistration",
          summary: "Correct who the attendee is, and the notes",
          description: "A field that is absent stays as it is. The seat or the place in the waitlist stays, too.",
          answer: "The registration as it is now",
          body: EXAMPLES.correct
        })
      )
      .middleware(WriteBoundary),
    HttpApiEndpoint.post("markAttended", path("/attended"), {
      params: ofRegistration,
      headers,
      payload: AttendedInput,
      success: ChangedRegistration,
      error: RejectionProblems.rejectionsOf("MarkAttended")
    })
      .annotateMerge(
        about({
          id: "markAttended",
          summary: "Note that the attendee came",
          description: "It is possible from 12 hours before the start of the event on; before that, it needs early.",
          answer: "The registration as it is now",
          body: EXAMPLES.attended
        })
      )
      .annotate(OptionalBody, true)
      .annotate(OpenApi.Transform, describeOptionalBody)
      .middleware(WriteBoundary),
    changeRegistration("markNoShow", "/no-show", "MarkNoShow", {
      id: "markNoShow",
      summary: "Note that the attendee did not come",
      description: "It is possible once the event has started. The seat stays taken until it is released.",
      answer: "The registration as it is now"
    }),
    changeRegistration("clearAttendance", "/clear-attendance", "ClearAttendance", {
      id: "clearAttendance",
      summary: "Take back that the attendee came, or did not come",
      description: "The registration is confirmed again.",
      answer: "The registration as it is now"
    }),
    changeRegistration("releaseSeat", "/release-seat", "ReleaseSeat", {
      id: "releaseSeat",
      summary: "Give the seat of somebody who did not come to the first in line",
      description: "The registration is cancelled, and the first person in the waitlist is promoted.",
      answer: "The registration as it is now"
    }),
    HttpApiEndpoint.post("replaceLink", path("/link"), {
      params: ofRegistration,
      success: AttendeeLink,
      error: [RejectionProblems.eventNotFound, RejectionProblems.registrationNotFound]
    })
      .annotateMerge(
        about({
          id: "replaceAttendeeLink",
          summary: "Make a new link for an attendee",
          description:
            "The link before ends at once. It opens this registration: its bearer sees it, and cancels it while self-service is open. Each request makes another link.",
          answer: "The link"
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.get("waitlist", "/events/:eventId/waitlist", {
      params: ofEvent,
      query: { cursor, limit },
      success: cursorPage(WaitlistEntry, "WaitlistPage"),
      error: [RejectionProblems.eventNotFound, RejectionProblems.eventStatusConflict]
    }).annotateMerge(
      about({
        id: "listWaitlist",
        summary: "List the waitlist, first in line first",
        description: "The people who wait, with their places. The list comes page by page.",
        answer: "A page of the waitlist"
      })
    ),
    HttpApiEndpoint.get("exportWaitlist", "/events/:eventId/waitlist.csv", {
      params: ofEvent,
      success: csv,
      error: [RejectionProblems.eventNotFound, RejectionProblems.eventStatusConflict]
    }).annotateMerge(
      about({
        id: "exportWaitlist",
        summary: "Download the waitlist as CSV, first in line first",
        description: CHANGES_MEANWHILE,
        answer: "The waitlist as CSV in UTF-8, with a header"
      })
    ),
    HttpApiEndpoint.get("position", "/events/:eventId/registrations/:registrationId/position", {
      params: ofRegistration,
      success: WaitlistPlace,
      error: [
        RejectionProblems.eventNotFound,
        RejectionProblems.eventStatusConflict,
        RejectionProblems.registrationNotFound,
        RejectionProblems.registrationStateConflict
      ]
    }).annotateMerge(
      about({
        id: "getWaitlistPlace",
        summary: "Get the place of a waiter",
        description: "The place in the waitlist as it is now, and how many people wait.",
        answer: "The place"
      })
    ),
    HttpApiEndpoint.get("ofAttendee", "/attendees/:attendeeId/registrations", {
      params: { attendeeId: AttendeeIdOfPath },
      query: { cursor, limit },
      success: cursorPage(Registration, "RegistrationPage")
    }).annotateMerge(
      about({
        id: "listAttendeeRegistrations",
        summary: "List the registrations of an attendee",
        description: "The registrations of one person for all events, the oldest first. The list comes page by page.",
        answer: "A page of registrations"
      })
    )
  )
  .annotate(
    OpenApi.Description,
    "Registrations: confirmed while seats are free, then waitlisted in the order of arrival."
  ) {}
