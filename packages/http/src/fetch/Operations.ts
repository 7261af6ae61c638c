/**
 * The operations of the server, by group and name. Made by `npm run fetch-client` from the OpenAPI document: do not edit.
 */
import type { Operation } from "./Call.ts"

export const OPERATIONS: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  events: {
    create: { method: "POST", path: "/events", query: [], headers: ["idempotency-key"], answer: "json" },
    list: {
      method: "GET",
      path: "/events",
      query: [
        "status",
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
    get: { method: "GET", path: "/events/{eventId}", query: [], headers: [], answer: "json" },
    update: {
      method: "PATCH",
      path: "/events/{eventId}",
      query: [],
      headers: ["idempotency-key", "if-match"],
      answer: "json"
    },
    delete: {
      method: "DELETE",
      path: "/events/{eventId}",
      query: [],
      headers: ["idempotency-key", "if-match"],
      answer: "none"
    },
    publish: {
      method: "POST",
      path: "/events/{eventId}/publish",
      query: [],
      headers: ["idempotency-key", "if-match"],
      answer: "json"
    },
    unpublish: {
      method: "POST",
      path: "/events/{eventId}/unpublish",
      query: [],
      headers: ["idempotency-key", "if-match"],
      answer: "json"
    },
    cancel: {
      method: "POST",
      path: "/events/{eventId}/cancel",
      query: [],
      headers: ["idempotency-key", "if-match"],
      answer: "json"
    },
    complete: {
      method: "POST",
      path: "/events/{eventId}/complete",
      query: [],
      headers: ["idempotency-key", "if-match"],
      answer: "json"
    },
    reopen: {
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
    }
  },
  registrations: {
    register: {
      method: "POST",
      path: "/events/{eventId}/registrations",
      query: [],
      headers: ["idempotency-key"],
      answer: "json"
    },
    list: {
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
    export: {
      method: "GET",
      path: "/events/{eventId}/registrations.csv",
      query: ["state"],
      headers: [],
      answer: "stream"
    },
    get: {
      method: "GET",
      path: "/events/{eventId}/registrations/{registrationId}",
      query: [],
      headers: [],
      answer: "json"
    },
    correct: {
      method: "PATCH",
      path: "/events/{eventId}/registrations/{registrationId}",
      query: [],
      headers: ["idempotency-key"],
      answer: "json"
    },
    cancel: {
      method: "POST",
      path: "/events/{eventId}/registrations/{registrationId}/cancel",
      query: [],
      headers: ["idempotency-key"],
      answer: "json"
    },
    confirm: {
      method: "POST",
      path: "/events/{eventId}/registrations/{registrationId}/confirm",
      query: [],
      headers: ["idempotency-key"],
      answer: "json"
    },
    reinstate: {
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
    waitlist: {
      method: "GET",
      path: "/events/{eventId}/waitlist",
      query: ["cursor", "limit"],
      headers: [],
      answer: "json"
    },
    exportWaitlist: { method: "GET", path: "/events/{eventId}/waitlist.csv", query: [], headers: [], answer: "stream" },
    position: {
      method: "GET",
      path: "/events/{eventId}/registrations/{registrationId}/position",
      query: [],
      headers: [],
      answer: "json"
    },
    ofAttendee: {
      method: "GET",
      path: "/attendees/{attendeeId}/registrations",
      query: ["cursor", "limit"],
      headers: [],
      answer: "json"
    }
  },
  health: {
    live: { method: "GET", path: "/health/live", query: [], headers: [], answer: "none" },
    ready: { method: "GET", path: "/health/ready", query: [], headers: [], answer: "none" }
  }
}
