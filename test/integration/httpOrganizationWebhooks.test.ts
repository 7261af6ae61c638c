/**
 * Webhooks of organizations, over HTTP at both ends: members manage those of their own organization, each is posted what happens to its
 * events and not a byte of what happens to those of others, and those of the installation are posted everything.
 */
import * as Members from "@turnout/core/access/application/Members"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { permissionsOf } from "@turnout/core/access/domain/policy/Role"
import { everything } from "@turnout/core/delivery/domain/Replay"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import * as WebhookRelays from "@turnout/core/webhooks/application/WebhookRelays"
import { MAX_WEBHOOKS_OF_AN_ORGANIZATION, sinkOf } from "@turnout/core/webhooks/domain/Webhook"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Effect, Fiber, Layer, Logger } from "effect"
import { randomUUID } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { Webhook as Verifier } from "standardwebhooks"
import * as Database from "turnout/database"
import { afterAll, assert, beforeAll, describe, inject, it } from "vitest"
import * as AdminClient from "../support/AdminClient.ts"
import * as Given from "../support/Given.ts"
import * as HookReceivers from "../support/HookReceivers.ts"
import * as HttpWorld from "../support/HttpWorld.ts"
import * as SignedIn from "../support/SignedIn.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

/** Pauses that tests can wait for. */
const FAST: WebhookRelays.WebhookRelayOptions = {
  refreshMillis: 50,
  openMillis: 100,
  longestOpenMillis: 200,
  relay: {
    pollMillis: 50,
    graceMillis: 500,
    retryPolicy: { firstPauseMillis: 50, longestPauseMillis: 200, maxAttempts: 50 }
  }
}

const TITLES = { north: "kept-by-north", south: "kept-by-south" } as const
type Side = keyof typeof TITLES

/** An organization with the keys of its staff. */
interface Organization {
  readonly id: OrganizationId
  readonly slug: string
  readonly owner: string
  readonly organizer: string
  readonly viewer: string
}

interface Setting extends AsyncDisposable {
  readonly world: HttpWorld.HttpWorld
  /** Deletes what pruning leaves out of the journal of a deleted event; absent where the journal is kept whole. */
  readonly prune?: (eventId: string) => Promise<void>
}

const onMemory = async (): Promise<Setting> => {
  const world = await HttpWorld.start()
  return { world, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}

const onPostgres = async (): Promise<Setting> => {
  const database = await TestDatabase.scratch(inject("postgresUrl"))
  const world = await HttpWorld.start({}, { stores: Layer.orDie(Database.layer({ database: database.url })) })
  const prune = (eventId: string) =>
    Effect.gen(function* () {
      const sql = yield* TestDatabase.client(database.url)
      yield* sql.unsafe(`DELETE FROM turnout.journal WHERE event_id = '${eventId}' AND type <> 'EventDeleted'`)
    }).pipe(Effect.scoped, Effect.runPromise)
  return {
    world,
    prune,
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    }
  }
}

describe.each([
  ["memory", onMemory],
  ["Postgres", onPostgres]
] as const)("webhooks of organizations: %s", { timeout: 60_000 }, (_, open) => {
  let setting: Setting
  let receivers: HookReceivers.Receivers
  beforeAll(async () => {
    setting = await open()
    receivers = HookReceivers.make()
  })
  afterAll(async () => {
    await setting[Symbol.asyncDispose]()
    await receivers[Symbol.asyncDispose]()
  })

  const call = (method: string, path: string, token: string | null, body?: unknown) =>
    AdminClient.request(setting.world.address, method, path, {
      token,
      ...(body === undefined ? {} : { body }),
      headers: { "idempotency-key": randomUUID() }
    })

  const organization = async (side: Side): Promise<Organization> => {
    const slug = `${side}-${randomUUID().slice(0, 8)}`
    const id = await setting.world.organization(slug)
    const key = async (role: "owner" | "organizer" | "viewer") => (await setting.world.key(role, id)).text
    return { id, slug, owner: await key("owner"), organizer: await key("organizer"), viewer: await key("viewer") }
  }

  const bothSides = async () => ({ north: await organization("north"), south: await organization("south") })

  /** Adds a webhook, and returns its id, its secret and its receiver. */
  const add = async (token: string, name: string, changes: object = {}) => {
    const receiver = await receivers.open(name)
    const { body, status } = await call("POST", "/admin/webhooks", token, { url: receiver.url, ...changes })
    assert.strictEqual(status, 201, JSON.stringify(body))
    return { ...(body as { webhook: { id: string; organizationId: string | null }; secret: string }), receiver }
  }

  /** Relays until it is stopped, as a process of its own does, which remembers nothing of the one before. */
  const relay = (): AsyncDisposable => {
    const fiber = setting.world.run(
      Effect.map(Effect.context<HttpWorld.Services>(), (context) =>
        Effect.runFork(
          WebhookRelays.run(FAST).pipe(
            Effect.scoped,
            Effect.provide(receivers.post),
            Effect.provide(context),
            Effect.provide(Logger.layer([]))
          )
        )
      )
    )
    return { [Symbol.asyncDispose]: async () => void (await Effect.runPromise(Fiber.interrupt(await fiber))) }
  }

  const make = async (token: string, title: string, changes: object = {}) => {
    const { body, status } = await call("POST", "/events", token, { ...Given.eventInput({ title }), ...changes })
    assert.strictEqual(status, 201, JSON.stringify(body))
    return body.id as string
  }
  const publish = (token: string, id: string) => call("POST", `/events/${id}/publish`, token)
  const register = (token: string, id: string, side: Side, n: number) =>
    call("POST", `/events/${id}/registrations`, token, {
      attendee: { name: TITLES[side], email: `${TITLES[side]}-${n}@example.com` },
      notes: TITLES[side]
    })

  const placesOf = ({ posted }: HookReceivers.Receiver) =>
    posted.map(({ message }) => `${message.eventId} ${message.version}`).toSorted()
  const until = async (isSo: () => boolean, what: () => unknown) => {
    for (let n = 0; n < 400 && !isSo(); n++) await sleep(25)
    assert.isTrue(isSo(), JSON.stringify(what()))
  }
  const untilPosted = (receiver: HookReceivers.Receiver, places: ReadonlyArray<string>) =>
    until(
      () => places.every((place) => placesOf(receiver).includes(place)),
      () => placesOf(receiver)
    )
  const versions = (eventId: string, upTo: number, from = 1) =>
    Array.from({ length: upTo - from + 1 }, (_, index) => `${eventId} ${from + index}`)

  /** What a receiver was posted of the word of a side, in headers and bodies. */
  const isToldOf = ({ posted }: HookReceivers.Receiver, side: Side) =>
    posted.some(({ body, headers }) => (JSON.stringify(headers) + body).includes(TITLES[side]))

  it("O9: are posted what happens to the events of their organization, before and after they were added, and nothing else", async () => {
    const sides = await bothSides()
    const before = await make(sides.north.organizer, TITLES.north)
    const beforeOfSouth = await make(sides.south.organizer, TITLES.south)
    const north = await add(sides.north.owner, "north")
    const south = await add(sides.south.owner, "south", { from: "beginning" })
    const all = await add(AdminClient.TOKEN, "all")
    assert.deepStrictEqual(
      [north, south, all].map(({ webhook }) => webhook.organizationId),
      [sides.north.id, sides.south.id, null]
    )
    await using _relaying = relay()
    const ofDefault = await make(AdminClient.TOKEN, "of nobody")
    const made: Record<Side, string> = { north: "", south: "" }
    for (const side of ["north", "south"] as const) {
      const { organizer } = sides[side]
      made[side] = await make(organizer, TITLES[side])
      await publish(organizer, made[side])
      for (const n of [1, 2, 3]) await register(organizer, made[side], side, n)
    }
    await publish(sides.north.organizer, before)
    await publish(sides.south.organizer, beforeOfSouth)

    const ofNorth = [...versions(before, 2, 2), ...versions(made.north, 5)].toSorted()
    const ofSouth = [...versions(beforeOfSouth, 2), ...versions(made.south, 5)].toSorted()
    const ofAll = [
      ...ofNorth,
      ...versions(beforeOfSouth, 2, 2),
      ...versions(made.south, 5),
      `${ofDefault} 1`
    ].toSorted()
    await untilPosted(all.receiver, ofAll)
    await untilPosted(north.receiver, ofNorth)
    await untilPosted(south.receiver, ofSouth)
    await sleep(200)
    assert.deepStrictEqual(placesOf(north.receiver), ofNorth)
    assert.deepStrictEqual(placesOf(south.receiver), ofSouth)
    assert.deepStrictEqual(placesOf(all.receiver), ofAll)
    assert.isTrue(isToldOf(north.receiver, "north") && isToldOf(south.receiver, "south"))
    assert.isFalse(isToldOf(north.receiver, "south") || isToldOf(south.receiver, "north"))
    for (const { receiver, secret } of [north, south])
      for (const { body, headers } of receiver.posted)
        new Verifier(secret).verify(body, headers as Record<string, string>)

    // What was posted is told to the members of the organization, and passing over what is of others left no trace.
    const { body: log } = await call("GET", `/admin/webhooks/${north.webhook.id}/attempts`, sides.north.organizer)
    const logged = (log.items as Array<{ eventId: string; version: number }>).map(
      (one) => `${one.eventId} ${one.version}`
    )
    assert.deepStrictEqual(logged.toSorted(), ofNorth)
    // The stream of a webhook is for operators to see to.
    const sink = encodeURIComponent(sinkOf(north.webhook.id))
    assert.strictEqual((await call("GET", `/admin/sinks/${sink}/blocked`, sides.north.owner)).status, 403)
  })

  it("O9: are posted the same by a process that has just started, also about events that are gone, and in replays", async () => {
    const sides = await bothSides()
    const north = await add(sides.north.owner, "north")
    const south = await add(sides.south.owner, "south")
    const ids: Record<Side, Array<string>> = { north: [], south: [] }
    const gone: Array<string> = []
    {
      await using _relaying = relay()
      for (const side of ["north", "south"] as const) ids[side].push(await make(sides[side].organizer, TITLES[side]))
      await untilPosted(north.receiver, versions(ids.north[0]!, 1))
      await untilPosted(south.receiver, versions(ids.south[0]!, 1))
    }
    for (const side of ["north", "south"] as const) {
      const { organizer } = sides[side]
      await publish(organizer, ids[side][0]!)
      for (const fate of ["kept", "deleted", "pruned"]) {
        const id = await make(organizer, TITLES[side])
        ids[side].push(id)
        if (fate === "kept") continue
        assert.strictEqual((await call("DELETE", `/events/${id}`, organizer)).status, 204)
        if (fate === "pruned") gone.push(id)
      }
    }
    for (const id of gone) await setting.prune?.(id)
    await using _relaying = relay()
    const placesFor = (side: Side) => {
      const [first, kept, deleted, pruned] = ids[side] as [string, string, string, string]
      return [
        ...versions(first, 2),
        ...versions(kept, 1),
        ...versions(deleted, 2),
        ...versions(pruned, 2, setting.prune === undefined ? 1 : 2)
      ]
    }
    for (const [side, { receiver }] of [
      ["north", north],
      ["south", south]
    ] as const) {
      await untilPosted(receiver, placesFor(side))
      await sleep(100)
      assert.deepStrictEqual(placesOf(receiver), placesFor(side).toSorted())
    }
    const before = north.receiver.posted.length
    const selection = { ...everything }
    await setting.world.run(
      Replays.use((replays) =>
        replays.start({ sink: sinkOf(north.webhook.id), selection, perSecond: null, who: "ada" })
      )
    )
    await until(
      () => north.receiver.posted.length >= 2 * before,
      () => placesOf(north.receiver)
    )
    await sleep(200)
    assert.isFalse(isToldOf(north.receiver, "south") || isToldOf(south.receiver, "north"))
    for (const { message } of north.receiver.posted) assert.include(ids.north, message.eventId)
    for (const { message } of south.receiver.posted) assert.include(ids.south, message.eventId)
  })

  it("O9: leave out the types that they do not want as well, and hold up nobody's messages when they fail", async () => {
    const sides = await bothSides()
    const north = await add(sides.north.owner, "north", { types: ["EventPublished"] })
    const south = await add(sides.south.owner, "south")
    south.receiver.status = 500
    await using _relaying = relay()
    const ofSouth = await make(sides.south.organizer, TITLES.south)
    const ofNorth = await make(sides.north.organizer, TITLES.north)
    await publish(sides.north.organizer, ofNorth)
    await publish(sides.south.organizer, ofSouth)
    await untilPosted(north.receiver, [`${ofNorth} 2`])
    await until(
      () => south.receiver.posted.length > 1,
      () => placesOf(south.receiver)
    )
    south.receiver.status = 204
    await untilPosted(south.receiver, versions(ofSouth, 2))
    assert.deepStrictEqual(placesOf(north.receiver), [`${ofNorth} 2`])
    assert.isFalse(isToldOf(south.receiver, "north"))
  })

  it("A2: are not there for members of another organization, nor are those of the installation", async () => {
    const { north, south } = await bothSides()
    const [own, theirs, operators] = [
      await add(north.owner, "north"),
      await add(south.owner, "south"),
      await add(AdminClient.TOKEN, "all")
    ]
    const snapshot = () =>
      setting.world.run(WebhookStore.use((store) => store.list("all", { after: null, limit: 1_000 })))
    const before = await snapshot()
    const attempts = (id: string, token: string) =>
      Promise.all([
        call("GET", `/admin/webhooks/${id}`, token),
        call("PATCH", `/admin/webhooks/${id}`, token, { description: "mine" }),
        call("POST", `/admin/webhooks/${id}/rotate`, token, {}),
        call("POST", `/admin/webhooks/${id}/disable`, token),
        call("POST", `/admin/webhooks/${id}/enable`, token),
        call("GET", `/admin/webhooks/${id}/attempts`, token),
        call("DELETE", `/admin/webhooks/${id}`, token)
      ])
    const missing = randomUUID()
    const expected = (await attempts(missing, north.owner)).map(({ body, status }) => [
      status,
      JSON.stringify(body).replaceAll(missing, "ID")
    ])
    for (const [status] of expected) assert.strictEqual(status, 404)
    for (const { webhook } of [theirs, operators]) {
      const replies = await attempts(webhook.id, north.owner)
      assert.deepStrictEqual(
        replies.map(({ body, status }) => [status, JSON.stringify(body).replaceAll(webhook.id, "ID")]),
        expected
      )
    }
    assert.deepStrictEqual(await snapshot(), before)

    const list = async (query: string, token: string) => {
      const { body, status } = await call("GET", `/admin/webhooks${query}`, token)
      return status === 200 ? (body.items as Array<{ id: string }>).map(({ id }) => id) : [status, body.code]
    }
    const second = await add(north.owner, "north-again", { organization: north.slug })
    const ids = [own.webhook.id, second.webhook.id]
    assert.deepStrictEqual(await list("", north.owner), ids)
    assert.deepStrictEqual(await list("", north.organizer), ids)
    for (const named of [north.id, north.id.toUpperCase(), north.slug]) {
      assert.deepStrictEqual(await list(`?organization=${named}`, north.owner), ids)
      assert.deepStrictEqual(await list(`?organization=${named}`, AdminClient.TOKEN), ids)
      assert.deepStrictEqual(await list(`?organization=${named}`, south.owner), [404, "organization_not_found"])
    }
    assert.deepStrictEqual(await list(`?organization=${randomUUID()}`, south.owner), [404, "organization_not_found"])
    assert.deepStrictEqual(await list(`?limit=1`, north.owner), ids.slice(0, 1))
    assert.deepStrictEqual(await list(`?after=${ids[0]}`, north.owner), ids.slice(1))
    // A place in a list that is not theirs is none, wherever it stands.
    for (const stranger of [theirs.webhook.id, operators.webhook.id, missing])
      assert.deepStrictEqual(await list(`?after=${stranger}`, north.owner), [])
    assert.deepStrictEqual(await list("", north.viewer), [403, "forbidden"])
    assert.includeMembers(await list("?limit=200", AdminClient.TOKEN), [
      ...ids,
      theirs.webhook.id,
      operators.webhook.id
    ])

    const made = await call("POST", "/admin/webhooks", north.owner, { url: own.receiver.url, organization: south.slug })
    assert.deepStrictEqual([made.status, made.body.code], [404, "organization_not_found"])
    assert.notInclude(JSON.stringify(made.body), south.id)
  })

  it("are cared for by owners, in whose names the audit log has it, and looked at by organizers", async () => {
    const { north } = await bothSides()
    const owner = await setting.world.key("owner", north.id, "carer")
    const { receiver, secret, webhook } = await add(owner.text, "north")
    const at = `/admin/webhooks/${webhook.id}`
    for (const [method, path, body] of [
      ["PATCH", at, { description: "mail" }],
      ["POST", `${at}/rotate`, { overlapMillis: 0 }],
      ["POST", `${at}/disable`, undefined],
      ["POST", `${at}/enable`, undefined]
    ] as const) {
      assert.strictEqual((await call(method, path, north.organizer, body)).status, 403, path)
      const { body: changed, status } = await call(method, path, owner.text, body)
      assert.strictEqual(status, 200, JSON.stringify(changed))
    }
    assert.strictEqual((await call("GET", at, north.organizer)).body.organizationId, north.id)
    assert.strictEqual((await call("POST", "/admin/webhooks", north.organizer, { url: receiver.url })).status, 403)
    assert.strictEqual((await call("DELETE", at, owner.text)).status, 204)
    const entries = await setting.world.run(AuditLog.use((log) => log.list({ after: null, limit: 50 })))
    const own = entries.filter(({ details }) => details["webhook"] === webhook.id)
    assert.deepStrictEqual(
      own.map(({ action, organizationId, who }) => [action, who, organizationId]).toReversed(),
      ["create", "update", "rotate", "disable", "enable", "remove"].map((action) => [
        `webhooks.${action}`,
        `key:${owner.id}`,
        north.id
      ])
    )
    assert.notInclude(JSON.stringify(own), secret)
  })

  it("are of the organization that somebody with several names", async () => {
    const { north, south } = await bothSides()
    const address = `${randomUUID()}@example.com`
    const { text } = await setting.world.run(
      Effect.gen(function* () {
        for (const { id } of [north, south])
          yield* Members.Members.use((members) =>
            members.add(id, { subject: { address }, role: "owner" }, permissionsOf("operator"), "ada")
          )
        return yield* SignedIn.by(address)
      })
    )
    const { url } = await receivers.open("several")
    for (const { body, status } of [
      await call("POST", "/admin/webhooks", text, { url }),
      await call("GET", "/admin/webhooks", text)
    ]) {
      assert.strictEqual(status, 400)
      assert.include(JSON.stringify(body.violations[0]), "organization")
    }
    for (const { id, slug } of [north, south])
      assert.strictEqual((await add(text, "named", { organization: slug })).webhook.organizationId, id)
  })

  it("are so many at most", async () => {
    const { north, south } = await bothSides()
    const { url } = await receivers.open("many")
    const tried = await Promise.all(
      Array.from({ length: MAX_WEBHOOKS_OF_AN_ORGANIZATION + 5 }, () =>
        call("POST", "/admin/webhooks", north.owner, { url })
      )
    )
    const refused = tried.filter(({ status }) => status !== 201)
    assert.lengthOf(refused, 5)
    for (const { body, status } of refused) {
      assert.deepStrictEqual([status, body.code], [409, "too_many_webhooks"])
      assert.deepInclude(body, { organization: north.id, limit: MAX_WEBHOOKS_OF_AN_ORGANIZATION })
    }
    assert.strictEqual((await call("POST", "/admin/webhooks", south.owner, { url })).status, 201)
    for (const { webhook } of tried.flatMap(({ body }) => (body.webhook === undefined ? [] : [body])))
      await call("DELETE", `/admin/webhooks/${webhook.id}`, north.owner)
  })

  it.each([
    ["http://example.com/hooks", /^must begin with https/],
    ["https://127.0.0.1/hooks", /not a public address/],
    ["https://[::ffff:10.0.0.1]/hooks", /not a public address/],
    ["https://localhost/hooks", /not a public address/]
  ])("are not posted to %s", async (url, rule) => {
    const { north } = await bothSides()
    const { webhook } = await add(north.owner, "north")
    for (const { body, status } of [
      await call("POST", "/admin/webhooks", north.owner, { url }),
      await call("PATCH", `/admin/webhooks/${webhook.id}`, north.owner, { url }),
      await call("POST", "/admin/webhooks", AdminClient.TOKEN, { url, organization: north.id })
    ]) {
      assert.strictEqual(status, 400)
      assert.deepInclude(body.violations[0], { in: "body", pointer: "/url" })
      assert.match(body.violations[0].rule, rule)
    }
  })
})
