/**
 * Members over HTTP: whom owners and operators make members, what members see of their organization, what is told of another's, and
 * when a role that was taken away stops opening anything.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as ApiKeys from "@turnout/core/access/application/ApiKeys"
import { REMEMBERED_MILLIS } from "@turnout/core/access/application/Authentication"
import { type MemberRole, permissionsOf } from "@turnout/core/access/domain/policy/Role"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import * as Server from "@turnout/http/Server"
import { Effect, Layer, Logger, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { randomUUID } from "node:crypto"
import { type Asked, call, type Reply, TOKEN } from "../support/AdminClient.ts"
import * as SignedIn from "../support/SignedIn.ts"

const server = () =>
  Server.layer({ port: 0, adminToken: Redacted.make(TOKEN) }).pipe(
    Layer.provideMerge(Layer.mergeAll(Turnout.layer(), ApiKeys.layer)),
    Layer.provideMerge(Memory.layer)
  )

const run = <A, E>(work: Effect.Effect<A, E, Layer.Success<ReturnType<typeof server>>>) =>
  work.pipe(Effect.provide(Layer.fresh(server())), Effect.provide(Logger.layer([])))

const codeOf = ({ body, status }: Reply): readonly [number, unknown] => [status, body.code]

const organization = (slug: string) =>
  Effect.map(
    call("POST", "/admin/organizations", { body: { slug, name: slug } }),
    ({ body }) => body.id as OrganizationId
  )

const add = (organization: string, address: string, role: string, asked: Asked = {}) =>
  call("POST", `/admin/organizations/${organization}/members`, { body: { subject: { address }, role }, ...asked })

/** Somebody with a role in the organization who has signed in: the id of the member, and the text of a session. */
const member = Effect.fnUntraced(function* (organization: string, role: MemberRole) {
  const address = `${role}-${randomUUID()}@example.com`
  const { body } = yield* add(organization, address, role)
  const { personId, text } = yield* SignedIn.by(address)
  return { id: body.id as string, address, personId, token: text }
})

const entries = Effect.map(
  AuditLog.use((log) => log.list({ after: null, limit: 500 })),
  (all) =>
    all
      .toReversed()
      .filter(({ action }) => action.startsWith("members."))
      .map(({ action, who }) => [who, action])
)

describe("members over HTTP", () => {
  it.effect("are added, listed, changed and removed by owners, who are named in the audit log", () =>
    run(
      Effect.gen(function* () {
        const id = yield* organization("music")
        const owner = yield* member("music", "owner")
        const { token } = owner
        const asked = { token }
        const second = yield* add(id, "Grace@Example.com", "owner", asked)
        assert.deepStrictEqual(
          [second.status, second.body.subject, second.body.role, second.body.organizationId],
          [201, { address: "grace@example.com" }, "owner", id]
        )
        const identity = { issuer: "https://id.example.com", subject: "248289761001" }
        const added = yield* call("POST", "/admin/organizations/music/members", {
          ...asked,
          body: { subject: identity, role: "organizer" }
        })
        assert.deepStrictEqual([added.status, added.body.subject], [201, identity])

        const first = yield* call("GET", "/admin/organizations/music/members?limit=2", asked)
        assert.deepStrictEqual(
          [first.body.items.map((one: { id: string }) => one.id), first.body.next],
          [[owner.id, second.body.id], second.body.id]
        )
        const rest = yield* call("GET", `/admin/organizations/${id}/members?after=${first.body.next}`, asked)
        assert.deepStrictEqual([rest.body.items, rest.body.next], [[added.body], null])

        const at = `/admin/organizations/${id.toUpperCase()}/members/${added.body.id}`
        const changed = yield* call("PATCH", at, { ...asked, body: { role: "viewer" } })
        assert.deepStrictEqual([changed.status, changed.body.role], [200, "viewer"])
        assert.deepStrictEqual((yield* call("GET", at, asked)).body, changed.body)
        const removed = yield* call("DELETE", at, asked)
        assert.deepStrictEqual([removed.status, removed.body], [200, changed.body])
        assert.deepStrictEqual(codeOf(yield* call("GET", at, asked)), [404, "member_not_found"])

        const who = `user:${owner.personId}`
        assert.deepStrictEqual(yield* entries, [
          ["operator", "members.add"],
          [who, "members.add"],
          [who, "members.add"],
          [who, "members.change"],
          [who, "members.remove"]
        ])
      })
    )
  )

  it.effect("are refused by problems that name what is wrong", () =>
    run(
      Effect.gen(function* () {
        const id = yield* organization("music")
        const { id: ada, token } = yield* member("music", "owner")
        const asked = { token }
        const members = "/admin/organizations/music/members"
        const { body: door } = yield* add("music", "door@example.com", "checkin", asked)
        const again = yield* add("music", "DOOR@example.com", "viewer", asked)
        assert.deepStrictEqual(codeOf(again), [409, "member_exists"])
        assert.deepInclude(again.body, { organization: id, subject: "mailto:door@example.com" })
        for (const [method, body] of [
          ["PATCH", { role: "viewer" }],
          ["DELETE", undefined]
        ] as const) {
          const last = yield* call(method, `${members}/${ada}`, { ...asked, ...(body && { body }) })
          assert.deepStrictEqual([...codeOf(last), last.body.member], [409, "last_owner", ada])
          const unknown = yield* call(method, `${members}/${randomUUID()}`, { ...asked, ...(body && { body }) })
          assert.deepStrictEqual(codeOf(unknown), [404, "member_not_found"])
          const none = yield* call(method, `${members}/x`, { ...asked, ...(body && { body }) })
          assert.deepStrictEqual(codeOf(none), [400, "validation_failed"])
        }
        for (const [body, pointer] of [
          [{ subject: { address: "x" }, role: "viewer" }, "/subject/address"],
          [{ subject: { address: "x@example.com" }, role: "operator" }, "/role"],
          [{ subject: { address: "x@example.com" } }, "/role"],
          [{ role: "viewer" }, "/subject"]
        ] as const) {
          const refused = yield* call("POST", members, { ...asked, body })
          assert.deepStrictEqual([refused.status, refused.body.violations[0].pointer], [400, pointer])
        }
        const owner = yield* call("PATCH", `${members}/${door.id}`, { ...asked, body: { role: "owner" } })
        assert.strictEqual(owner.status, 200)
        assert.strictEqual((yield* call("DELETE", `${members}/${ada}`, asked)).status, 200)
      })
    )
  )

  it.effect("see their organization as their role says, and change nobody unless they are owners", () =>
    run(
      Effect.gen(function* () {
        const id = yield* organization("music")
        yield* member("music", "owner")
        const { body: other } = yield* add("music", "other@example.com", "viewer")
        const at = "/admin/organizations/music/members"
        const before = yield* call("GET", at)
        const log = yield* entries
        for (const role of ["organizer", "checkin", "viewer"] as const) {
          const key = yield* ApiKeys.ApiKeys.use((keys) =>
            keys.create({ name: role, role, organizationId: id }, permissionsOf("operator"), "ada")
          )
          const { token } = yield* member("music", role)
          for (const asked of [{ token }, { token: key.text }]) {
            for (const name of ["music", id]) {
              const seen = yield* call("GET", `/admin/organizations/${name}`, asked)
              assert.deepStrictEqual([seen.status, seen.body.slug], [200, "music"], role)
            }
            const reads = role === "organizer" ? 200 : 403
            assert.strictEqual((yield* call("GET", at, asked)).status, reads, role)
            assert.strictEqual((yield* call("GET", `${at}/${other.id}`, asked)).status, reads, role)
            for (const [method, path, body] of [
              ["POST", at, { subject: { address: "new@example.com" }, role: "viewer" }],
              ["PATCH", `${at}/${other.id}`, { role: "checkin" }],
              ["DELETE", `${at}/${other.id}`, undefined],
              ["PATCH", "/admin/organizations/music", { name: "Mine" }]
            ] as const)
              assert.deepStrictEqual(
                codeOf(yield* call(method, path, { ...asked, ...(body && { body }) })),
                [403, "forbidden"],
                `${role} ${method}`
              )
          }
          const { body: own } = yield* call("GET", `${at}?limit=500`)
          const { id: last } = own.items.at(-1) as { id: string }
          yield* call("DELETE", `${at}/${last}`)
        }
        assert.deepStrictEqual((yield* call("GET", at)).body, before.body)
        assert.lengthOf(yield* entries, log.length + 6)
      })
    )
  )

  it.effect("are told nothing of another organization, in no verb, by no name", () =>
    run(
      Effect.gen(function* () {
        yield* organization("music")
        const theirs = yield* organization("theatre")
        const { token } = yield* member("music", "owner")
        const other = yield* member("theatre", "owner")
        const log = yield* entries
        const bodyOf = (name: string, { body }: Reply) =>
          JSON.parse(JSON.stringify(body).replaceAll(name, "NAME")) as Record<string, unknown>
        for (const [method, path, body] of [
          ["GET", "", undefined],
          ["GET", "/members", undefined],
          ["POST", "/members", { subject: { address: "x@example.com" }, role: "viewer" }],
          ["GET", `/members/${other.id}`, undefined],
          ["PATCH", `/members/${other.id}`, { role: "viewer" }],
          ["DELETE", `/members/${other.id}`, undefined]
        ] as const) {
          const replies: Array<Record<string, unknown>> = []
          for (const name of ["theatre", theirs, "nowhere", randomUUID()]) {
            const reply = yield* call(method, `/admin/organizations/${name}${path}`, { token, ...(body && { body }) })
            assert.deepStrictEqual(codeOf(reply), [404, "organization_not_found"], `${method} ${name}${path}`)
            replies.push({ ...bodyOf(name, reply), requestId: null })
          }
          for (const reply of replies) assert.deepStrictEqual(reply, replies[0])
        }
        // A member is found in its own organization only.
        const inOwn = `/admin/organizations/music/members/${other.id}`
        for (const [method, body] of [["GET"], ["PATCH", { role: "viewer" }], ["DELETE"]] as const) {
          const reply = yield* call(method, inOwn, { token, ...(body && { body }) })
          assert.deepStrictEqual(codeOf(reply), [404, "member_not_found"], method)
        }
        assert.deepStrictEqual(yield* entries, log)
        const { body } = yield* call("GET", "/admin/organizations/theatre/members")
        assert.deepStrictEqual(
          body.items.map(({ role }: { role: string }) => role),
          ["owner"]
        )
      })
    )
  )

  it.effect("lose what their role opened within ten seconds of losing it", () =>
    run(
      Effect.gen(function* () {
        yield* organization("music")
        yield* organization("theatre")
        const owner = yield* member("music", "owner")
        const { address, id, token } = yield* member("music", "owner")
        yield* add("theatre", address, "viewer")
        const members = "/admin/organizations/music/members"
        const statuses = Effect.gen(function* () {
          const read = yield* call("GET", members, { token })
          const seen = yield* call("GET", "/admin/organizations/music", { token })
          const elsewhere = yield* call("GET", "/admin/organizations/theatre", { token })
          return [read.status, seen.status, elsewhere.status]
        })
        assert.deepStrictEqual(yield* statuses, [200, 200, 200])
        yield* call("PATCH", `${members}/${id}`, { token: owner.token, body: { role: "checkin" } })
        assert.isAtMost(REMEMBERED_MILLIS, 10_000)
        yield* TestClock.adjust(REMEMBERED_MILLIS)
        assert.deepStrictEqual(yield* statuses, [403, 200, 200])
        yield* call("DELETE", `${members}/${id}`, { token: owner.token })
        yield* TestClock.adjust(REMEMBERED_MILLIS)
        assert.deepStrictEqual(yield* statuses, [403, 404, 200])
      })
    )
  )
})
