/**
 * The types that the functions of Turnout take, give and reject with, by name: hosts need them in signatures of their own.
 */
export type { HostClient, NodePostgresPool } from "@turnout/adapters/postgres/host-client"
export type { ChangedRegistration } from "@turnout/core/admission/application/RegistrationChanges"
export type {
  GivenAttendeeQuery,
  GivenEventQuery,
  GivenJournalQuery,
  GivenRegistrationQuery,
  GivenWaitlistQuery
} from "@turnout/core/admission/application/Queries"
export type { DoorsNotOpen, GivenAttended } from "@turnout/core/admission/domain/model/Attendance"
export type { Attendee, AttendeeId } from "@turnout/core/admission/domain/model/Attendee"
export type {
  Event,
  EventAlreadyExists,
  EventHasRegistrations,
  EventNotFound,
  EventNotStarted,
  EventOver,
  EventStatus,
  EventStatusConflict,
  GivenEvent,
  GivenEventChanges,
  ScheduleInvalid
} from "@turnout/core/admission/domain/model/Event"
export type { OrganizationId, OrganizationNotFound } from "@turnout/core/kernel/domain/OrganizationId"
export type { EventHadRegistrations, EventWasDeleted } from "@turnout/core/admission/domain/model/event/EventDeletion"
export type { VersionConflict } from "@turnout/core/admission/domain/model/event/EventVersion"
export type {
  GivenGuest,
  RegistrationClosed,
  RegistrationNotOpen,
  RegistrationOutcome,
  RuleSetAside,
  WaitlistFull
} from "@turnout/core/admission/domain/model/Register"
export type {
  AlreadyRegistered,
  Cancellation,
  GivenConfirmation,
  GivenCorrection,
  GivenRegistration,
  Registration,
  RegistrationId,
  RegistrationNotFound,
  RegistrationState,
  RegistrationStateConflict
} from "@turnout/core/admission/domain/model/Registration"
export type { IdempotencyKeyReused, Rejection } from "@turnout/core/admission/domain/model/Rejection"
export type {
  BeyondCapacity,
  CapacityBelowSeatsTaken,
  CapacityFull,
  Counts,
  DemotionsMismatch,
  GivenCapacity
} from "@turnout/core/admission/domain/model/Seats"
export type { GivenEventWriteOptions, GivenWriteOptions } from "@turnout/core/admission/domain/state/WriteOptions"
export type { WaitlistEntry, WaitlistPlace } from "@turnout/core/admission/ports/RegistrationReads"
export type { Received, SubscribeOptions } from "@turnout/core/journal/application/Subscription"
export type { JournalEvent } from "@turnout/core/journal/domain/JournalEvent"
export type { InputIssue, InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
export type { Overloaded } from "@turnout/core/kernel/application/Overloaded"
export type { Metadata, StoredJournalEntry } from "@turnout/core/kernel/domain/Entry"
export type { EventId } from "@turnout/core/kernel/domain/EventId"
export type { CountedPage, Page } from "@turnout/core/kernel/domain/Page"
export type { StoreError, StoreErrorReason } from "@turnout/core/kernel/ports/StoreError"
