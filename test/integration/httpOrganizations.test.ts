/**
 * Organizations over HTTP: operators add and rename them, and events are created for them and listed by them.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import * as Server from "@turnout/http/Server"
import { Effect, Layer, Logger, Redacted } from "effect"
import { randomUUID } from "node:crypto"
import { call, TOKEN } from "../support/AdminClient.ts"
import * as Given from "../support/Given.ts"

const server = () =>
  Server.layer({ port: 0, adminToken: Redacted.make(TOKEN) }).pipe(
    Layer.provideMerge(Turnout.layer()),
    Layer.provideMerge(Memory.layer)
  )

const run = <A, E>(work: Effect.Effect<A, E, Layer.Success<ReturnType<typeof server>>>) =>
  work.pipe(Effect.provide(Layer.fresh(server())), Effect.provide(Logger.layer([])))

const add = (slug: string, name: string) => call("POST", "/admin/organizations", { body: { slug, name } })

describe("organizations over HTTP", () => {
  it.effect("are added, found by id and short name, renamed and listed, with entries in the audit log", () =>
    run(
      Effect.gen(function* () {
        const added = yield* add("music", "Music society")
        assert.deepInclude(added.body, { slug: "music", name: "Music society" })
        assert.strictEqual(added.status, 201)
        const { id } = added.body as { id: string }
        for (const name of [id, id.toUpperCase(), "music"]) {
          const found = yield* call("GET", `/admin/organizations/${name}`)
          assert.deepStrictEqual([found.status, found.body], [200, added.body])
        }
        const renamed = yield* call("PATCH", "/admin/organizations/music", { body: { slug: "choir" } })
        assert.deepStrictEqual(renamed.body, { ...added.body, slug: "choir" })
        const first = yield* call("GET", "/admin/organizations?limit=1")
        assert.deepStrictEqual([first.body.items[0].id, first.body.next], [id, "choir"])
        const second = yield* call("GET", "/admin/organizations?limit=1&after=choir")
        assert.strictEqual(second.body.items[0].id, DEFAULT_ORGANIZATION)
        const { body } = yield* call("GET", "/admin/audit")
        assert.deepStrictEqual(
          body.items.map(({ action, who }: { action: string; who: string }) => [who, action]),
          [
            ["operator", "organizations.update"],
            ["operator", "organizations.create"]
          ]
        )
      })
    )
  )

  it.effect("are refused by problems that name what is wrong", () =>
    run(
      Effect.gen(function* () {
        yield* add("music", "Music society")
        const taken = yield* add("music", "Another")
        assert.deepStrictEqual([taken.status, taken.body.code, taken.body.slug], [409, "slug_taken", "music"])
        const renamed = yield* call("PATCH", "/admin/organizations/default", { body: { slug: "music" } })
        assert.deepStrictEqual([renamed.status, renamed.body.code], [409, "slug_taken"])
        for (const path of ["nobody", randomUUID()]) {
          const unknown = yield* call("GET", `/admin/organizations/${path}`)
          assert.deepStrictEqual([unknown.status, unknown.body.code], [404, "organization_not_found"], path)
          const changed = yield* call("PATCH", `/admin/organizations/${path}`, { body: { name: "X" } })
          assert.deepStrictEqual([changed.status, changed.body.code], [404, "organization_not_found"], path)
        }
        for (const [body, pointer] of [
          [{ slug: "Music", name: "X" }, "/slug"],
          [{ slug: "x", name: "" }, "/name"],
          [{ slug: "x" }, "/name"]
        ] as const) {
          const refused = yield* call("POST", "/admin/organizations", { body })
          assert.deepStrictEqual([refused.status, refused.body.violations[0].pointer], [400, pointer])
        }
        assert.strictEqual((yield* call("GET", "/admin/organizations", { token: null })).status, 401)
      })
    )
  )

  it.effect("own events, which are listed alone, and none is created for one that is not there", () =>
    run(
      Effect.gen(function* () {
        const { id: organizationId } = (yield* add("music", "Music society")).body as { id: string }
        const { id } = yield* Given.draftEvent({ organizationId })
        yield* Given.draftEvent()
        const listed = yield* call("GET", `/events?organizationId=${organizationId}&total=true`)
        assert.deepStrictEqual(
          [listed.body.items.map((event: { id: string }) => event.id), listed.body.total],
          [[id], 1]
        )
        const wrong = yield* call("GET", "/events?organizationId=music")
        assert.deepStrictEqual([wrong.status, wrong.body.violations[0].pointer], [400, "/organizationId"])
      })
    )
  )
})
