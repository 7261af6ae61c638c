/**
 * The policy: A2 and A3 of the invariants, as far as one pure function holds them. A table says what each role may, and properties
 * what holds for every principal, action and fact.
 */
import { type Action, actions, type Others } from "@turnout/core/access/domain/policy/Action"
import { DEFAULT_ORGANIZATION, OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { OF_INSTALLATION, type Permission, permissions } from "@turnout/core/access/domain/policy/Permission"
import { decide, type Facts, type Verdict, withoutLooking } from "@turnout/core/access/domain/policy/Policy"
import {
  actorOf,
  hasAnywhere,
  organizationsWith,
  type Principal,
  roleIn,
  type User
} from "@turnout/core/access/domain/policy/Principal"
import { mayGive, MemberRole, permissionsOf, Role } from "@turnout/core/access/domain/policy/Role"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

const OURS = DEFAULT_ORGANIZATION
const THEIRS = OrganizationId.make("00000000-0000-7000-8000-000000000001")
const EVENT = "00000000-0000-7000-8000-00000000000e" as EventId
const ADA = "mailto:ada@example.com"

const user = (rest: Partial<User> = {}): User => ({
  kind: "user",
  name: null,
  address: null,
  id: "ada",
  attendeeIds: [ADA],
  memberships: [],
  isOperator: false,
  ...rest
})
const member = (role: MemberRole, organizationId = OURS): User => user({ memberships: [{ organizationId, role }] })
const key = (role: Role, organizationId: OrganizationId | null = OURS): Principal => ({
  kind: "apiKey",
  id: "k",
  role,
  organizationId
})
const link: Principal = { kind: "attendeeLink", eventId: EVENT, registrationId: "r" }

const event = (rest: object = {}): Facts => ({
  on: "event",
  organizationId: OURS,
  isPublic: true,
  registration: "open",
  ...rest
})
const registration = (rest: object = {}): Facts => ({
  on: "registration",
  organizationId: OURS,
  eventId: EVENT,
  registrationId: "r",
  attendeeId: ADA,
  isSelfServiceOpen: true,
  ...rest
})

const inWords = (verdict: Verdict) => (verdict.allowed ? verdict.as : verdict.because)
const verdictOf = (principal: Principal, action: Action, facts: Facts) => inWords(decide(principal, action, facts))

const ALL_ACTIONS = Object.keys(actions) as ReadonlyArray<Action>
const ALL_PERMISSIONS = Object.keys(permissions) as ReadonlyArray<Permission>
const namesOf = (others: Others) => ALL_ACTIONS.filter((action) => actions[action].others === others)

// --- what is drawn

const organizations = fc.constantFrom(OURS, THEIRS)
const attendeeIds = fc.constantFrom(ADA, "mailto:bob@example.com")
const registrationIds = fc.constantFrom("r", "s")
const memberships = fc.uniqueArray(
  fc.record({ organizationId: organizations, role: fc.constantFrom(...MemberRole.literals) }),
  { selector: ({ organizationId }) => organizationId, maxLength: 2 }
)
const users = fc.record({
  kind: fc.constant("user" as const),
  name: fc.constant(null),
  address: fc.constant(null),
  id: fc.constantFrom("ada", "bob"),
  attendeeIds: fc.uniqueArray(attendeeIds),
  memberships,
  isOperator: fc.boolean()
})
const principals: fc.Arbitrary<Principal> = fc.oneof(
  fc.constantFrom<Principal>({ kind: "anonymous" }, { kind: "operator" }, { kind: "system" }),
  users,
  fc
    .record({
      id: fc.constantFrom("k", "l"),
      role: fc.constantFrom(...MemberRole.literals),
      organizationId: organizations
    })
    .map((made) => ({ kind: "apiKey" as const, ...made })),
  fc.constant(key("operator", null)),
  registrationIds.map((registrationId) => ({ kind: "attendeeLink" as const, eventId: EVENT, registrationId }))
)
const facts: fc.Arbitrary<Facts> = fc.oneof(
  fc.record({
    on: fc.constant("event" as const),
    organizationId: organizations,
    isPublic: fc.boolean(),
    registration: fc.constantFrom("open" as const, "members" as const, "invitation" as const)
  }),
  fc.record({
    on: fc.constant("registration" as const),
    organizationId: organizations,
    eventId: fc.constant(EVENT),
    registrationId: registrationIds,
    attendeeId: attendeeIds,
    isSelfServiceOpen: fc.boolean()
  }),
  fc.record({ on: fc.constant("attendee" as const), attendeeId: attendeeIds }),
  fc.record({ on: fc.constant("owned" as const), organizationId: fc.oneof(organizations, fc.constant(null)) }),
  fc.constant({ on: "absent" as const })
)
const drawnActions = fc.constantFrom(...ALL_ACTIONS)

describe("roles", () => {
  it("may do what is written here", () => {
    const table = Object.fromEntries(
      Role.literals.map((role) => [role, ALL_PERMISSIONS.filter((permission) => permissionsOf(role).has(permission))])
    )
    const checkin = ["events:read", "registrations:read", "registrations:checkin", "people:read"]
    const organizer = ["events:write", "registrations:write", "webhooks:read", "members:read", ...checkin]
    const owner = ["webhooks:write", "members:write", "keys:read", "keys:write", "audit:read", ...organizer]
    const operator = ["organizations:write", "outbox:operate", "access:operate", ...owner]
    const expected = { viewer: ["events:read", "registrations:read"], checkin, organizer, owner, operator }
    for (const [role, held] of Object.entries(expected)) assert.sameMembers(table[role] as Array<string>, held, role)
    assert.hasAllKeys(table, Object.keys(expected))
  })

  it("are given only by those who have all that is in them", () => {
    for (const giver of Role.literals) {
      for (const role of Role.literals) {
        const all = ALL_PERMISSIONS.filter((permission) => permissionsOf(role).has(permission))
        const expected = all.every((permission) => permissionsOf(giver).has(permission))
        assert.strictEqual(mayGive(permissionsOf(giver), role), expected, `${giver} gives ${role}`)
      }
    }
    assert.isFalse(mayGive(permissionsOf("owner"), "operator"))
    assert.isTrue(mayGive(permissionsOf("owner"), "owner"))
  })

  it("of an organization have nothing of the installation", () => {
    for (const role of MemberRole.literals) {
      assert.isFalse(
        [...OF_INSTALLATION].some((permission) => permissionsOf(role).has(permission)),
        role
      )
    }
  })
})

describe("principals", () => {
  it("are named so that no two share a name", () => {
    const names = [{ kind: "anonymous" }, { kind: "operator" }, { kind: "system" }, user(), key("viewer"), link].map(
      (principal) => actorOf(principal as Principal)
    )
    assert.deepStrictEqual(names, ["anonymous", "operator", "system", "user:ada", "key:k", "link:r"])
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        assert.notStrictEqual(actorOf(user({ id: one })), actorOf({ ...key("viewer"), id: other } as Principal))
      })
    )
  })

  it("are asked for their organizations as the policy decides", () => {
    fc.assert(
      fc.property(
        principals,
        fc.constantFrom(...ALL_PERMISSIONS),
        organizations,
        (principal, permission, organization) => {
          const role = roleIn(principal, organization)
          const has = role !== undefined && permissionsOf(role).has(permission)
          const among = organizationsWith(principal, permission)
          assert.strictEqual(among === "all" || among.includes(organization), has)
          if (has) assert.isTrue(hasAnywhere(principal, permission))
        }
      )
    )
  })
})

describe("the organizations in which somebody may do something", () => {
  const memberships = [
    { organizationId: OURS, role: "viewer" as const },
    { organizationId: THEIRS, role: "organizer" as const }
  ]

  it.each([
    ["the operator", { kind: "operator" }, "events:write", "all"],
    ["the process itself", { kind: "system" }, "events:write", "all"],
    ["a person who runs the installation", user({ isOperator: true }), "events:write", "all"],
    ["an operator's key", key("operator", null), "events:write", "all"],
    ["a member", user({ memberships }), "events:write", [THEIRS]],
    ["a member of several", user({ memberships }), "events:read", [OURS, THEIRS]],
    ["a member without the permission", user({ memberships }), "keys:write", []],
    ["a key", key("organizer", THEIRS), "events:write", [THEIRS]],
    ["a key without the permission", key("viewer"), "events:write", []],
    ["a key of no organization that is no operator's", key("owner", null), "events:write", []],
    ["a person without a membership", user(), "events:read", []],
    ["somebody without a credential", { kind: "anonymous" }, "events:read", []],
    ["the bearer of a link", link, "events:read", []]
  ] as const)("are found for %s", (_, principal, permission, expected) => {
    assert.deepStrictEqual(organizationsWith(principal as Principal, permission), expected as never)
  })
})

describe("the policy", () => {
  it.each([
    [
      "somebody without a credential",
      { kind: "anonymous" },
      ["unauthenticated", null, null, "unauthenticated", "unauthenticated"]
    ],
    ["a person", user(), ["forbidden", null, null, null, null]],
    ["a viewer", member("viewer"), ["forbidden", null, null, null, null]],
    ["a key that may only look", key("viewer"), ["forbidden", null, "forbidden", "forbidden", "forbidden"]],
    ["the bearer of a link", link, ["forbidden", null, "forbidden", null, null]],
    ["an owner", member("owner"), [null, null, null, null, null]]
  ] as const)("refuses %s without looking where no fact could help", (_, principal, expected) => {
    const asked = ["updateEvent", "getEvent", "register", "listAttendeeRegistrations", "cancelRegistration"] as const
    assert.deepStrictEqual(
      asked.map((action) => withoutLooking(principal as Principal, action)),
      expected.map((because) => (because === null ? undefined : { allowed: false as const, because }))
    )
  })

  it("lets everybody see public events and nothing else of them", () => {
    assert.sameMembers(namesOf("everybody"), ["listEvents", "getEvent"])
    for (const principal of [
      { kind: "anonymous" } as const,
      user(),
      member("viewer", THEIRS),
      link,
      key("viewer", THEIRS)
    ]) {
      assert.strictEqual(verdictOf(principal, "getEvent", event()), "everybody", principal.kind)
      assert.strictEqual(verdictOf(principal, "getEvent", event({ isPublic: false })), "notFound", principal.kind)
      assert.include(["unauthenticated", "forbidden"], verdictOf(principal, "updateEvent", event()), principal.kind)
    }
  })

  it.each([
    ["open", { kind: "anonymous" }, "everybody"],
    ["open", user(), "everybody"],
    ["open", member("viewer"), "everybody"],
    ["open", member("organizer"), "staff"],
    ["open", link, "forbidden"],
    ["open", key("viewer"), "forbidden"],
    ["open", key("organizer", THEIRS), "forbidden"],
    ["members", { kind: "anonymous" }, "unauthenticated"],
    ["members", user(), "forbidden"],
    ["members", member("owner", THEIRS), "forbidden"],
    ["members", member("viewer"), "everybody"],
    ["members", member("organizer"), "staff"],
    ["invitation", { kind: "anonymous" }, "unauthenticated"],
    ["invitation", user(), "forbidden"],
    ["invitation", member("checkin"), "forbidden"],
    ["invitation", key("organizer"), "staff"]
  ] as const)("where registration is %s, registering is for %j: %s", (access, principal, expected) => {
    assert.strictEqual(verdictOf(principal as Principal, "register", event({ registration: access })), expected)
    const ofDraft = verdictOf(principal as Principal, "register", event({ registration: access, isPublic: false }))
    const isKept = expected === "staff" || withoutLooking(principal as Principal, "register") !== undefined
    const hidden = roleIn(principal as Principal, OURS) === undefined ? "notFound" : "forbidden"
    assert.strictEqual(ofDraft, isKept ? expected : hidden)
  })

  it("lets attendees see and cancel what is theirs, by their address or their link, and cancel in time", () => {
    for (const principal of [user(), member("viewer", THEIRS), link]) {
      for (const action of ["getRegistration", "getWaitlistPlace", "cancelRegistration"] as const) {
        assert.strictEqual(verdictOf(principal, action, registration()), "attendee", `${principal.kind} ${action}`)
        const other = registration({ attendeeId: "mailto:bob@example.com", registrationId: "s" })
        assert.strictEqual(verdictOf(principal, action, other), "notFound", `${principal.kind} ${action}`)
      }
      const late = registration({ isSelfServiceOpen: false })
      assert.strictEqual(verdictOf(principal, "cancelRegistration", late), "tooLate")
      assert.strictEqual(verdictOf(principal, "getRegistration", late), "attendee")
    }
    const late = registration({ isSelfServiceOpen: false })
    assert.strictEqual(verdictOf(member("organizer"), "cancelRegistration", late), "staff")
    assert.strictEqual(verdictOf(member("viewer"), "cancelRegistration", registration()), "attendee")
    assert.strictEqual(verdictOf(user({ attendeeIds: [] }), "getRegistration", registration()), "notFound")
    const elsewhere = registration({ eventId: OURS })
    assert.strictEqual(verdictOf(link, "getRegistration", elsewhere), "notFound")
  })

  it("tells members what they may not, and others nothing", () => {
    const all = registration({ attendeeId: "mailto:bob@example.com" })
    assert.strictEqual(verdictOf(member("checkin"), "markAttended", all), "staff")
    assert.strictEqual(verdictOf(member("viewer"), "markAttended", all), "forbidden")
    assert.strictEqual(verdictOf(member("checkin", THEIRS), "markAttended", all), "notFound")
    assert.strictEqual(verdictOf(member("checkin"), "correctRegistration", all), "forbidden")
    assert.strictEqual(verdictOf(member("viewer"), "correctRegistration", registration()), "forbidden")
    const both = user({
      memberships: [
        { organizationId: OURS, role: "viewer" },
        { organizationId: THEIRS, role: "organizer" }
      ]
    })
    assert.strictEqual(verdictOf(both, "correctRegistration", registration()), "forbidden")
    assert.strictEqual(verdictOf(both, "correctRegistration", registration({ organizationId: THEIRS })), "staff")
    // An event of others is public to be seen, and to register for, and for nothing else.
    for (const principal of [member("organizer", THEIRS), key("organizer", THEIRS)])
      assert.strictEqual(verdictOf(principal, "updateEvent", event()), "notFound", principal.kind)
  })

  it("keeps what belongs to the installation for operators", () => {
    const installation: Facts = { on: "owned", organizationId: null }
    assert.strictEqual(verdictOf(key("operator", null), "getOutboxStatus", installation), "staff")
    assert.strictEqual(verdictOf(member("owner"), "getOutboxStatus", installation), "forbidden")
    assert.strictEqual(verdictOf(member("owner"), "getWebhook", installation), "notFound")
    assert.strictEqual(verdictOf(member("owner"), "getWebhook", { on: "owned", organizationId: OURS }), "staff")
    assert.strictEqual(verdictOf(member("owner"), "getWebhook", { on: "owned", organizationId: THEIRS }), "notFound")
    assert.strictEqual(verdictOf({ kind: "anonymous" }, "getOutboxStatus", installation), "unauthenticated")
    assert.strictEqual(verdictOf(key("owner", null), "getWebhook", installation), "notFound")
  })

  it("gives people their own list, and staff the part of it that is theirs", () => {
    const ada: Facts = { on: "attendee", attendeeId: ADA }
    assert.strictEqual(verdictOf(user(), "listAttendeeRegistrations", ada), "attendee")
    assert.strictEqual(verdictOf(user({ attendeeIds: [] }), "listAttendeeRegistrations", ada), "notFound")
    assert.strictEqual(verdictOf(member("checkin"), "listAttendeeRegistrations", ada), "attendee")
    assert.strictEqual(verdictOf(key("checkin"), "listAttendeeRegistrations", ada), "staff")
    assert.strictEqual(verdictOf(key("viewer"), "listAttendeeRegistrations", ada), "forbidden")
    assert.strictEqual(verdictOf(link, "listAttendeeRegistrations", ada), "notFound")
  })

  it("tells nothing of what belongs to others: it answers as if there were nothing (A2)", () => {
    fc.assert(
      fc.property(principals, drawnActions, facts, (principal, action, resource) => {
        if (resource.on === "absent" || resource.on === "attendee") return
        const owner = resource.organizationId
        const isStaff = owner === null ? roleIn(principal, OURS) === "operator" : roleIn(principal, owner) !== undefined
        const isPublic = resource.on === "event" && resource.isPublic
        const isTheirs =
          resource.on === "registration" &&
          (principal.kind === "attendeeLink"
            ? principal.registrationId === resource.registrationId
            : principal.kind === "user" && principal.attendeeIds.includes(resource.attendeeId))
        fc.pre(!isStaff && !isPublic && !isTheirs)
        // That there is an installation is no secret, nor what only operators may.
        fc.pre(owner !== null || !OF_INSTALLATION.has(actions[action].permission))
        assert.deepStrictEqual(decide(principal, action, resource), decide(principal, action, { on: "absent" }))
        assert.isFalse(decide(principal, action, resource).allowed)
      }),
      { numRuns: 2_000 }
    )
  })

  it("refuses without looking only what no fact allows", () => {
    fc.assert(
      fc.property(principals, drawnActions, facts, (principal, action, resource) => {
        const early = withoutLooking(principal, action)
        if (early !== undefined) assert.deepStrictEqual(decide(principal, action, resource), early)
      }),
      { numRuns: 2_000 }
    )
  })

  it("takes nothing away from somebody who is given a role", () => {
    fc.assert(
      fc.property(users, organizations, drawnActions, facts, (person, organizationId, action, resource) => {
        const before = decide(person, action, resource)
        fc.pre(before.allowed && !person.memberships.some((one) => one.organizationId === organizationId))
        for (const role of MemberRole.literals) {
          const more = { ...person, memberships: [...person.memberships, { organizationId, role }] }
          assert.isTrue(decide(more, action, resource).allowed, role)
        }
      }),
      { numRuns: 2_000 }
    )
  })

  it("lets an operator do everything with what is there", () => {
    fc.assert(
      fc.property(drawnActions, facts, (action, resource) => {
        for (const principal of [key("operator", null), user({ isOperator: true }), { kind: "operator" } as const]) {
          assert.strictEqual(decide(principal, action, resource).allowed, resource.on !== "absent")
        }
      })
    )
  })
})
