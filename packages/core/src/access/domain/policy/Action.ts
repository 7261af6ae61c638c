/**
 * Actions: what a request does, and who may. Every endpoint has one.
 *
 * An action names the permission that staff need, and what others may besides:
 *
 * - `nobody`: only staff.
 * - `everybody`: whoever asks, where the event is public.
 * - `registering`: whoever may register themselves, or somebody else without a credential, as the event's `registration` says.
 * - `attendee`: the person who is spoken of.
 * - `attendeeInTime`: the same, until self-service ends.
 *
 * Actions that are about nobody but the principal stand apart (`ownActions`): no role gives them, and no fact decides them.
 *
 * - `anyone`: whoever asks, with a credential or without.
 * - `bearer`: whoever has a credential.
 * - `self`: a person who has signed in, or has the token of an issuer.
 */
import type { Permission } from "./Permission.ts"

export type Others = "nobody" | "everybody" | "registering" | "attendee" | "attendeeInTime"

export interface Rule {
  readonly permission: Permission
  readonly others: Others
}

const staff = (permission: Permission): Rule => ({ permission, others: "nobody" })

export const actions = {
  createEvent: staff("events:write"),
  listEvents: { permission: "events:read", others: "everybody" },
  getEvent: { permission: "events:read", others: "everybody" },
  updateEvent: staff("events:write"),
  publishEvent: staff("events:write"),
  unpublishEvent: staff("events:write"),
  cancelEvent: staff("events:write"),
  completeEvent: staff("events:write"),
  reopenEvent: staff("events:write"),
  changeCapacity: staff("events:write"),
  deleteEvent: staff("events:write"),

  register: { permission: "registrations:write", others: "registering" },
  registerGuest: staff("registrations:write"),
  listRegistrations: staff("registrations:read"),
  exportRegistrations: staff("registrations:read"),
  getRegistration: { permission: "registrations:read", others: "attendee" },
  cancelRegistration: { permission: "registrations:write", others: "attendeeInTime" },
  confirmRegistration: staff("registrations:write"),
  reinstateRegistration: staff("registrations:write"),
  correctRegistration: staff("registrations:write"),
  markAttended: staff("registrations:checkin"),
  markNoShow: staff("registrations:checkin"),
  clearAttendance: staff("registrations:checkin"),
  releaseSeat: staff("registrations:checkin"),
  replaceAttendeeLink: staff("registrations:write"),
  listWaitlist: staff("registrations:read"),
  exportWaitlist: staff("registrations:read"),
  getWaitlistPlace: { permission: "registrations:read", others: "attendee" },
  listAttendeeRegistrations: { permission: "people:read", others: "attendee" },

  createOrganization: staff("organizations:write"),
  listOrganizations: staff("organizations:write"),
  getOrganization: staff("events:read"),
  updateOrganization: staff("organizations:write"),
  listMembers: staff("members:read"),
  addMember: staff("members:write"),
  getMember: staff("members:read"),
  changeMember: staff("members:write"),
  removeMember: staff("members:write"),
  listPeople: staff("people:read"),
  findPeople: staff("access:operate"),
  getPerson: staff("access:operate"),
  deactivatePerson: staff("access:operate"),
  reactivatePerson: staff("access:operate"),
  createApiKey: staff("keys:write"),
  listApiKeys: staff("keys:read"),
  replaceApiKey: staff("keys:write"),
  revokeApiKey: staff("keys:write"),
  reloadIssuers: staff("access:operate"),
  getOutboxStatus: staff("outbox:operate"),
  listBlockedStreams: staff("outbox:operate"),
  getBlockedStream: staff("outbox:operate"),
  retryBlockedStream: staff("outbox:operate"),
  retryAllBlockedStreams: staff("outbox:operate"),
  skipEntry: staff("outbox:operate"),
  discardBlockedStream: staff("outbox:operate"),
  forgetSink: staff("outbox:operate"),
  pruneJournal: staff("outbox:operate"),
  repairOutbox: staff("outbox:operate"),
  readJournal: staff("outbox:operate"),
  listAuditEntries: staff("audit:read"),
  exportAuditEntries: staff("audit:read"),
  exportAuditLines: staff("audit:read"),
  startReplay: staff("outbox:operate"),
  countReplay: staff("outbox:operate"),
  listReplays: staff("outbox:operate"),
  getReplay: staff("outbox:operate"),
  resumeReplay: staff("outbox:operate"),
  cancelReplay: staff("outbox:operate"),
  listSales: staff("registrations:read"),
  getSales: staff("registrations:read"),
  rebuildSales: staff("outbox:operate"),
  listDeadLetterQueues: staff("outbox:operate"),
  listDeadLetters: staff("outbox:operate"),
  redriveDeadLetters: staff("outbox:operate"),
  createWebhook: staff("webhooks:write"),
  listWebhooks: staff("webhooks:read"),
  getWebhook: staff("webhooks:read"),
  updateWebhook: staff("webhooks:write"),
  rotateWebhookSecret: staff("webhooks:write"),
  enableWebhook: staff("webhooks:write"),
  disableWebhook: staff("webhooks:write"),
  removeWebhook: staff("webhooks:write"),
  listWebhookAttempts: staff("webhooks:read")
} as const satisfies Readonly<Record<string, Rule>>

export type Action = keyof typeof actions

export type Own = "anyone" | "bearer" | "self"

export const ownActions = {
  requestSignIn: "anyone",
  redeemSignInLink: "anyone",
  listSessions: "self",
  endSession: "self",
  endAllSessions: "self",
  getMe: "bearer",
  listMyRegistrations: "self"
} as const satisfies Readonly<Record<string, Own>>

export type OwnAction = keyof typeof ownActions

/** An action of an endpoint, be it about a resource or about the principal. */
export type AnyAction = Action | OwnAction

/** Whether an action is about nobody but the principal. */
export const isOwn = (action: AnyAction): action is OwnAction => action in ownActions
