/**
 * Who asks, and what they have registered for, over HTTP; and that answers to somebody with a credential are kept by nobody.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Members from "@turnout/core/access/application/Members"
import { PersonId } from "@turnout/core/access/domain/Person"
import { permissionsOf } from "@turnout/core/access/domain/policy/Role"
import { PeopleStore } from "@turnout/core/access/ports/PeopleStore"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type * as Server from "@turnout/http/Server"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { request, TOKEN } from "../support/AdminClient.ts"
import * as Given from "../support/Given.ts"
import * as HttpWorld from "../support/HttpWorld.ts"
import * as SignedIn from "../support/SignedIn.ts"

const make = Effect.fnUntraced(function* (options: Server.ServerOptions = {}) {
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => HttpWorld.start(options)),
    (server) => Effect.promise(() => server[Symbol.asyncDispose]())
  )
  const get = (path: string, token: string | null) =>
    Effect.promise(() => request(server.address, "GET", path, { token }))
  const run = <A, E>(work: Effect.Effect<A, E, HttpWorld.Services>) => Effect.promise(() => server.run(work))
  return { ...server, get, run }
})

interface Page {
  readonly items: ReadonlyArray<{ readonly id: string; readonly attendee: { readonly id: string } }>
  readonly nextCursor: string | null
}

describe("who asks", () => {
  it.live("is a person with their addresses, and with their organizations and roles", () =>
    Effect.gen(function* () {
      const { get, organization, run } = yield* make()
      const [music, chess] = [
        yield* Effect.promise(() => organization("music")),
        yield* Effect.promise(() => organization("chess"))
      ]
      yield* Effect.promise(() => organization("dance"))
      const { personId, text } = yield* run(SignedIn.by("ada@example.com"))
      const add = (organizationId: typeof music, role: "owner" | "viewer") =>
        run(
          Members.Members.use((members) =>
            members.add(
              organizationId,
              { subject: { address: "ada@example.com" }, role },
              permissionsOf("operator"),
              "x"
            )
          )
        )
      yield* add(music, "owner")
      yield* add(chess, "viewer")
      const { body, headers, status } = yield* get("/me", text)
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(body, {
        kind: "user",
        id: personId,
        name: null,
        addresses: ["ada@example.com"],
        organizations: [
          { id: music, slug: "music", name: "music", role: "owner" },
          { id: chess, slug: "chess", name: "chess", role: "viewer" }
        ].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        isOperator: false
      })
      assert.isNull(headers.get("set-cookie"))
    }).pipe(Effect.scoped)
  )

  it.live("is a program, an attendee, or whoever runs the installation", () =>
    Effect.gen(function* () {
      const { address, get, key, organization, run } = yield* make()
      const music = yield* Effect.promise(() => organization("music"))
      const checkin = yield* Effect.promise(() => key("checkin", music))
      assert.deepStrictEqual((yield* get("/me", checkin.text)).body, {
        kind: "apiKey",
        id: checkin.id,
        role: "checkin",
        organization: { id: music, slug: "music", name: "music" }
      })
      const operator = yield* Effect.promise(() => key("operator", null))
      assert.deepInclude((yield* get("/me", operator.text)).body, { role: "operator", organization: null })
      assert.deepStrictEqual((yield* get("/me", TOKEN)).body, { kind: "operator" })
      const { id: eventId } = yield* run(Given.publishedEvent())
      const registered = yield* Effect.promise(() =>
        request(address, "POST", `/events/${eventId}/registrations`, {
          token: null,
          body: Given.person(1),
          headers: { "idempotency-key": randomUUID() }
        })
      )
      const { link, registration } = registered.body as { link: string; registration: { id: string } }
      assert.deepStrictEqual((yield* get("/me", link)).body, {
        kind: "attendeeLink",
        eventId,
        registrationId: registration.id
      })
      const nobody = yield* get("/me", null)
      assert.deepStrictEqual([nobody.status, nobody.body.code], [401, "unauthorized"])
    }).pipe(Effect.scoped)
  )

  it.live("is nobody without a credential, also where everybody may do everything", () =>
    Effect.gen(function* () {
      const { get } = yield* make({ open: true })
      for (const path of ["/me", "/me/registrations", "/sessions"])
        assert.strictEqual((yield* get(path, null)).status, 401, path)
    }).pipe(Effect.scoped)
  )
})

describe("one's own registrations", () => {
  it.live("are those by each address and by the id of the person, the oldest first, page by page", () =>
    Effect.gen(function* () {
      const { get, run } = yield* make()
      const { personId, text } = yield* run(SignedIn.by("ada@example.com"))
      // An issuer that knows the same person tells of another address.
      const identity = { issuer: "https://id.example.com", subject: "ada" }
      const later = PersonId.make(randomUUID())
      const expected = yield* run(
        Effect.gen(function* () {
          const people = yield* PeopleStore
          yield* people.signedIn({ identity, address: "ada@example.com", name: null }, later)
          yield* people.signedIn({ identity, address: "lovelace@example.com", name: null }, later)
          const turnout = yield* Turnout.Turnout
          const ids: Array<string> = []
          for (const attendee of [
            { email: "ada@example.com" },
            { email: "lovelace@example.com" },
            { id: personId, name: "Ada", email: "old@example.com" },
            { email: "ada@example.com" },
            { email: "bob@example.com" },
            { email: "lovelace@example.com" }
          ]) {
            const { id } = yield* Given.publishedEvent()
            const { registration } = yield* turnout.register(id, { attendee })
            if (attendee.email !== "bob@example.com") ids.push(registration.id)
          }
          return ids
        })
      )
      const all: Array<string> = []
      const sizes: Array<number> = []
      let cursor = ""
      do {
        const { body, status } = yield* get(`/me/registrations?limit=2${cursor}`, text)
        assert.strictEqual(status, 200, JSON.stringify(body))
        const { items, nextCursor } = body as Page
        all.push(...items.map(({ id }) => id))
        sizes.push(items.length)
        cursor = nextCursor === null ? "" : `&cursor=${nextCursor}`
      } while (cursor !== "")
      assert.deepStrictEqual(all, expected)
      assert.deepStrictEqual(sizes, [2, 2, 1])
      const wrong = yield* get("/me/registrations?cursor=x", text)
      assert.deepStrictEqual([wrong.status, wrong.body.violations[0].pointer], [400, "/cursor"])
    }).pipe(Effect.scoped)
  )
})

describe("an answer", () => {
  it.live("is kept by nobody if the request has a credential, and differs by credentials for caches", () =>
    Effect.gen(function* () {
      const { address, get, key, run } = yield* make()
      const { text } = yield* run(SignedIn.by("ada@example.com"))
      const { text: staff } = yield* Effect.promise(() => key("operator", null))
      const { id } = yield* run(Given.publishedEvent())
      yield* run(Given.register(id, 1))
      for (const token of [text, staff, TOKEN, "wrong"])
        for (const path of [
          "/events",
          `/events/${id}`,
          "/me",
          "/sessions",
          `/events/${id}/registrations`,
          "/admin/keys"
        ]) {
          const { headers } = yield* get(path, token)
          assert.strictEqual(headers.get("cache-control"), "private, no-store", path)
          assert.match(headers.get("vary")!, /^authorization, cookie/, path)
        }
      for (const path of ["/events", `/events/${id}`, "/me", "/nowhere"]) {
        const { headers } = yield* get(path, null)
        const isForAll = path.startsWith("/events")
        assert.strictEqual(headers.get("cache-control"), isForAll ? "public, no-cache" : "private, no-store", path)
        assert.strictEqual(headers.get("vary"), "authorization, cookie", path)
      }
      // What says for itself who may keep it stays as it is.
      const file = yield* get(`/events/${id}/registrations.csv`, staff)
      assert.strictEqual(file.headers.get("cache-control"), "no-store")
      const page = yield* Effect.promise(() =>
        fetch(`${address}/sign-in`, { headers: { authorization: `Bearer ${text}` } })
      )
      assert.strictEqual(page.headers.get("cache-control"), "no-cache")
      assert.strictEqual(page.headers.get("vary"), "accept-encoding")
    }).pipe(Effect.scoped)
  )

  it.live("that is long enough to be compressed differs by credentials as well", () =>
    Effect.gen(function* () {
      const { get, run } = yield* make()
      for (let n = 0; n < 5; n++) yield* run(Given.publishedEvent())
      const { headers } = yield* get("/events", null)
      assert.strictEqual(headers.get("vary"), "authorization, cookie, accept-encoding")
    }).pipe(Effect.scoped)
  )
})
