/**
 * The operations of the server by name. Made by `npm run fetch-client` from the OpenAPI document: do not edit.
 */
import type { Operation } from "./Call.ts"

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  createEvent: { method: "POST", path: "/events", query: [], headers: ["idempotency-key"], answer: "json" },
  listEvents: {
    method: "GET",
    path: "/events",
    query: [
      "status",
      "organizationId",
      "organizer",
      "search",
      "from",
      "until",
      "startsFrom",
      "startsUntil",
      "overBy",
      "order",
      "total",
      "cursor",
      "limit"
    ],
    headers: [],
    answer: "json"
  },
  getEvent: { method: "GET", path: "/events/{eventId}", query: [], headers: [], answer: "json" },
  updateEvent: {
    method: "PATCH",
    path: "/events/{eventId}",
    query: [],
    headers: ["idempotency-key", "if-match"],
    answer: "json"
  },
  deleteEvent: {
    method: "DELETE",
    path: "/events/{eventId}",
    query: [],
    headers: ["idempotency-key", "if-match"],
    answer: "none"
  },
  publishEvent: {
    method: "POST",
    path: "/events/{eventId}/publish",
    query: [],
    headers: ["idempotency-key", "if-match"],
    answer: "json"
  },
  unpublishEvent: {
    method: "POST",
    path: "/events/{eventId}/unpublish",
    query: [],
    headers: ["idempotency-key", "if-match"],
    answer: "json"
  },
  cancelEvent: {
    method: "POST",
    path: "/events/{eventId}/cancel",
    query: [],
    headers: ["idempotency-key", "if-match"],
    answer: "json"
  },
  completeEvent: {
    method: "POST",
    path: "/events/{eventId}/complete",
    query: [],
    headers: ["idempotency-key", "if-match"],
    answer: "json"
  },
  reopenEvent: {
    method: "POST",
    path: "/events/{eventId}/reopen",
    query: [],
    headers: ["idempotency-key", "if-match"],
    answer: "json"
  },
  changeCapacity: {
    method: "PUT",
    path: "/events/{eventId}/capacity",
    query: [],
    headers: ["idempotency-key", "if-match"],
    answer: "json"
  },
  register: {
    method: "POST",
    path: "/events/{eventId}/registrations",
    query: [],
    headers: ["idempotency-key"],
    answer: "json"
  },
  listRegistrations: {
    method: "GET",
    path: "/events/{eventId}/registrations",
    query: [
      "state",
      "attendeeId",
      "search",
      "registeredFrom",
      "registeredUntil",
      "changedFrom",
      "changedUntil",
      "order",
      "total",
      "cursor",
      "limit"
    ],
    headers: [],
    answer: "json"
  },
  registerGuest: {
    method: "POST",
    path: "/events/{eventId}/guests",
    query: [],
    headers: ["idempotency-key"],
    answer: "json"
  },
  exportRegistrations: {
    method: "GET",
    path: "/events/{eventId}/registrations.csv",
    query: ["state"],
    headers: [],
    answer: "stream"
  },
  getRegistration: {
    method: "GET",
    path: "/events/{eventId}/registrations/{registrationId}",
    query: [],
    headers: [],
    answer: "json"
  },
  correctRegistration: {
    method: "PATCH",
    path: "/events/{eventId}/registrations/{registrationId}",
    query: [],
    headers: ["idempotency-key"],
    answer: "json"
  },
  cancelRegistration: {
    method: "POST",
    path: "/events/{eventId}/registrations/{registrationId}/cancel",
    query: [],
    headers: ["idempotency-key"],
    answer: "json"
  },
  confirmRegistration: {
    method: "POST",
    path: "/events/{eventId}/registrations/{registrationId}/confirm",
    query: [],
    headers: ["idempotency-key"],
    answer: "json"
  },
  reinstateRegistration: {
    method: "POST",
    path: "/events/{eventId}/registrations/{registrationId}/reinstate",
    query: [],
    headers: ["idempotency-key"],
    answer: "json"
  },
  markAttended: {
    method: "POST",
    path: "/events/{eventId}/registrations/{registrationId}/attended",
    query: [],
    headers: ["idempotency-key"],
    answer: "json"
  },
  markNoShow: {
    method: "POST",
    path: "/events/{eventId}/registrations/{registrationId}/no-show",
    query: [],
    headers: ["idempotency-key"],
    answer: "json"
  },
  clearAttendance: {
    method: "POST",
    path: "/events/{eventId}/registrations/{registrationId}/clear-attendance",
    query: [],
    headers: ["idempotency-key"],
    answer: "json"
  },
  releaseSeat: {
    method: "POST",
    path: "/events/{eventId}/registrations/{registrationId}/release-seat",
    query: [],
    headers: ["idempotency-key"],
    answer: "json"
  },
  replaceAttendeeLink: {
    method: "POST",
    path: "/events/{eventId}/registrations/{registrationId}/link",
    query: [],
    headers: [],
    answer: "json"
  },
  listWaitlist: {
    method: "GET",
    path: "/events/{eventId}/waitlist",
    query: ["cursor", "limit"],
    headers: [],
    answer: "json"
  },
  exportWaitlist: { method: "GET", path: "/events/{eventId}/waitlist.csv", query: [], headers: [], answer: "stream" },
  getWaitlistPlace: {
    method: "GET",
    path: "/events/{eventId}/registrations/{registrationId}/position",
    query: [],
    headers: [],
    answer: "json"
  },
  listAttendeeRegistrations: {
    method: "GET",
    path: "/attendees/{attendeeId}/registrations",
    query: ["cursor", "limit"],
    headers: [],
    answer: "json"
  },
  requestSignIn: { method: "POST", path: "/sign-in", query: [], headers: [], answer: "none" },
  redeemSignInLink: { method: "POST", path: "/sign-in/redeem", query: [], headers: [], answer: "json" },
  listSessions: { method: "GET", path: "/sessions", query: ["after", "limit"], headers: [], answer: "json" },
  endAllSessions: { method: "DELETE", path: "/sessions", query: [], headers: [], answer: "json" },
  endSession: { method: "DELETE", path: "/sessions/{sessionId}", query: [], headers: [], answer: "none" },
  getMe: { method: "GET", path: "/me", query: [], headers: [], answer: "json" },
  listMyRegistrations: {
    method: "GET",
    path: "/me/registrations",
    query: ["cursor", "limit"],
    headers: [],
    answer: "json"
  },
  getLiveness: { method: "GET", path: "/health/live", query: [], headers: [], answer: "none" },
  getReadiness: { method: "GET", path: "/health/ready", query: [], headers: [], answer: "json" },
  getHealth: { method: "GET", path: "/health", query: [], headers: [], answer: "json" }
}
