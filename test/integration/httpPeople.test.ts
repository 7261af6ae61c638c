/**
 * People over HTTP: staff find those who have registered for the events of their organization, and operators deactivate those who
 * sign in.
 */
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Effect } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { request, TOKEN } from "../support/AdminClient.ts"
import * as Given from "../support/Given.ts"
import * as HttpWorld from "../support/HttpWorld.ts"
import * as SignedIn from "../support/SignedIn.ts"

let world: HttpWorld.HttpWorld
beforeAll(async () => {
  world = await HttpWorld.start()
})
afterAll(() => world[Symbol.asyncDispose]())

describe("people over HTTP", () => {
  it("are listed, page by page and by text, with what concerns the organization and nothing else", async () => {
    const [music, chess] = [await world.organization("music"), await world.organization("chess")]
    await world.run(
      Effect.gen(function* () {
        const turnout = yield* Turnout.Turnout
        for (const [organizationId, people] of [
          [music, [1, 2, 3]],
          [music, [2]],
          [chess, [3, 4]]
        ] as const) {
          const { id } = yield* turnout.createEvent({ ...Given.eventInput({ capacity: 10 }), organizationId })
          yield* turnout.publishEvent(id)
          for (const n of people) yield* turnout.register(id, Given.person(n))
        }
      })
    )
    const { text: token } = await world.key("checkin", music)
    const list = async (query: string) =>
      (await request(world.address, "GET", `/admin/organizations/music/people${query}`, { token })).body as {
        items: ReadonlyArray<{ id: string; registrations: number }>
        next: string | null
      }
    const first = await list("?limit=2")
    assert.deepStrictEqual(
      first.items.map(({ id, registrations }) => [id, registrations]),
      [
        ["mailto:person-1@example.com", 1],
        ["mailto:person-2@example.com", 2]
      ]
    )
    const rest = await list(`?limit=2&after=${encodeURIComponent(first.next!)}`)
    assert.deepStrictEqual(
      [rest.items.map(({ id, registrations }) => [id, registrations]), rest.next],
      [[["mailto:person-3@example.com", 1]], null]
    )
    assert.lengthOf((await list("?search=person-2")).items, 1)
    assert.lengthOf((await list("?search=person-4")).items, 0)
    const wrong = await request(world.address, "GET", "/admin/organizations/music/people?search=", { token })
    assert.deepStrictEqual([wrong.status, wrong.body.violations[0].pointer], [400, "/search"])
  })

  it("are found by operators by an address that they have proved, and by nobody else", async () => {
    const { personId } = await world.run(SignedIn.by("carol@example.com"))
    const find = (query: string, token?: string | null) =>
      request(world.address, "GET", `/admin/people${query}`, token === undefined ? {} : { token })
    const found = await find("?address=Carol%40EXAMPLE.com")
    assert.deepStrictEqual(
      found.body.items.map(({ addresses, id }: { addresses: unknown; id: string }) => [id, addresses]),
      [[personId, ["carol@example.com"]]]
    )
    const nobody = await find("?address=nobody%40example.com")
    assert.deepStrictEqual([nobody.status, nobody.body], [200, { items: [] }])
    const wrong = await find("?address=carol")
    assert.deepStrictEqual([wrong.status, wrong.body.violations[0].pointer], [400, "/address"])
    assert.deepStrictEqual([(await find("")).status, (await find("?address=", null)).status], [400, 401])
    const { text: owner } = await world.key("owner", await world.organization("finders"))
    for (const address of ["carol%40example.com", "nobody%40example.com"]) {
      const refused = await find(`?address=${address}`, owner)
      assert.deepStrictEqual([refused.status, refused.body.code], [403, "forbidden"])
    }
  })

  it("are deactivated by operators, which ends their sessions and keeps their registrations", async () => {
    const address = "ada@example.com"
    const { personId, text } = await world.run(SignedIn.by(address))
    const { id: eventId } = await world.run(Given.publishedEvent())
    const register = (key: string) =>
      request(world.address, "POST", `/events/${eventId}/registrations`, {
        token: text,
        body: {},
        headers: { "idempotency-key": key }
      })
    const { body } = await register("one")
    assert.strictEqual(body.registration.attendee.email, address)
    const change = (what: string) => request(world.address, "POST", `/admin/people/${personId}/${what}`)
    assert.isNotNull((await change("deactivate")).body.deactivatedAt)
    // The session is remembered for ten seconds; a server that does not know it yet refuses it at once.
    const { registration } = body
    const { body: kept } = await request(world.address, "GET", `/events/${eventId}/registrations/${registration.id}`)
    assert.strictEqual(kept.state, "confirmed")
    const refused = await world.run(Effect.flip(Effect.scoped(SignedIn.by(address))))
    assert.strictEqual((refused as { readonly _tag: string })._tag, "PersonDeactivated")
    assert.isNull((await change("reactivate")).body.deactivatedAt)
    assert.deepInclude((await request(world.address, "GET", `/admin/people/${personId}`)).body, {
      id: personId,
      addresses: [address]
    })
    const { body: log } = await request(world.address, "GET", "/admin/audit?limit=10", { token: TOKEN })
    const entries = log.items.map(({ action, who }: { action: string; who: string }) => `${who} ${action}`)
    for (const entry of ["operator people.deactivate", "operator people.reactivate"]) assert.include(entries, entry)
  })
})
