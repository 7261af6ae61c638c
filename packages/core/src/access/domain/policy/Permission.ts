/**
 * Permissions: what somebody may do, as `resource:action`. Roles are sets of them.
 */

/** Every permission, with what it allows. */
export const permissions = {
  "events:read": "see the events of the organization, drafts too",
  "events:write": "create, change, publish, cancel and delete events, and change their capacity",
  "registrations:read": "see who has registered and who waits, and export the lists",
  "registrations:write": "register others, and confirm, correct, cancel and reinstate registrations",
  "registrations:checkin": "record who came and who did not, and release the seats of those who did not",
  "people:read": "list and search the people who have registered for the events of the organization",
  "webhooks:read": "see the webhooks of the organization, and what became of their requests",
  "webhooks:write": "add, change and remove webhooks of the organization",
  "members:read": "see who is a member of the organization, and in which role",
  "members:write": "add and remove members, and change their roles",
  "keys:read": "see the API keys of the organization, without their secrets",
  "keys:write": "make, replace and revoke API keys of the organization",
  "audit:read": "read who has done what in the organization",
  "organizations:write": "add organizations and rename them",
  "outbox:operate": "look at the delivery of the journal to sinks and repair it, replay it, and move dead letters",
  "access:operate": "end the sessions of others, deactivate people, and fetch the keys of token issuers anew"
} as const

export type Permission = keyof typeof permissions

/** Those permissions that belong to the whole installation, and to no organization. */
export const OF_INSTALLATION: ReadonlySet<Permission> = new Set<Permission>([
  "organizations:write",
  "outbox:operate",
  "access:operate"
])
