/**
 * Whatever two organizations, their staff, keys and attendees ask for, nobody is ever sent a byte of what belongs to the other one
 * alone, and nobody changes it.
 *
 * Everything that an organization keeps to itself has a word of its own in it: the titles of its drafts, the names, addresses and notes
 * of those who register for its events, the addresses of its members, the names of its keys, and the URLs and descriptions of its webhooks.
 * So an answer that has the word has told something, and so has a request to a webhook of the other one.
 */
import * as Members from "@turnout/core/access/application/Members"
import { permissionsOf } from "@turnout/core/access/domain/policy/Role"
import { ApiKeyStore } from "@turnout/core/access/ports/ApiKeyStore"
import { MemberStore } from "@turnout/core/access/ports/MemberStore"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { digestOf } from "@turnout/core/access/application/Secrets"
import { textOf } from "@turnout/core/access/domain/credentials/AttendeeLink"
import { AttendeeLinkStore } from "@turnout/core/access/ports/AttendeeLinkStore"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import * as WebhookRelays from "@turnout/core/webhooks/application/WebhookRelays"
import { type Post, WebhookPost } from "@turnout/core/webhooks/ports/WebhookPost"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Effect, Fiber, Logger } from "effect"
import * as fc from "fast-check"
import { randomBytes, randomUUID } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { adminApi, api } from "../support/ApiDocument.ts"
import * as Given from "../support/Given.ts"
import * as HttpWorld from "../support/HttpWorld.ts"

const ROUNDS = 40
const REQUESTS_A_ROUND = 40
/** The time in which what has happened is posted. */
const POSTED_WITHIN_MILLIS = 100

const SIDES = ["north", "south"] as const
type Side = (typeof SIDES)[number]
const wordOf = (side: Side): string => `kept-by-${side}`
const otherThan = (side: Side): Side => (side === "north" ? "south" : "north")

const ROLES = ["owner", "organizer", "checkin", "viewer"] as const
const ASKING = [...ROLES, "attendee", "nobody"] as const

/** What one organization has. */
interface Own {
  readonly organizationId: OrganizationId
  readonly events: ReadonlyArray<string>
  readonly registrations: ReadonlyArray<string>
  readonly keys: ReadonlyArray<string>
  readonly members: ReadonlyArray<string>
  readonly webhooks: ReadonlyArray<string>
  readonly credentials: Readonly<Record<(typeof ROLES)[number] | "attendee", string>>
}

/** A request that was made to a webhook. */
interface Posted {
  readonly organizationId: OrganizationId | null
  readonly body: string
}

let world: HttpWorld.HttpWorld
const posted: Array<Posted> = []
let relaying: Fiber.Fiber<unknown>
beforeAll(async () => {
  world = await HttpWorld.start()
  const post: Post = ({ webhook: { organizationId } }, { body }) =>
    Effect.sync(() => {
      posted.push({ organizationId, body })
      return { status: 204, read: () => Effect.void }
    })
  const relays = WebhookRelays.run({ refreshMillis: 25, relay: { pollMillis: 25, graceMillis: 100 } })
  const context = await world.run(Effect.context<HttpWorld.Services>())
  relaying = Effect.runFork(
    relays.pipe(
      Effect.scoped,
      Effect.provideService(WebhookPost, post),
      Effect.provide(context),
      Effect.provide(Logger.layer([]))
    )
  )
})
afterAll(async () => {
  await Effect.runPromise(Fiber.interrupt(relaying))
  await world[Symbol.asyncDispose]()
})

const own = async (side: Side): Promise<Own> => {
  const word = wordOf(side)
  const organizationId = await world.organization(`${side}-${randomUUID()}`)
  const entries = []
  const keys = []
  for (const role of ROLES) {
    const { id, text } = await world.key(role, organizationId, `${word} ${role}`)
    keys.push(id)
    entries.push([role, text])
  }
  const made = await world.run(
    Effect.gen(function* () {
      const turnout = yield* Turnout.Turnout
      const draft = yield* turnout.createEvent({ ...Given.eventInput({ title: `${word} draft` }), organizationId })
      const input = { ...Given.eventInput({ capacity: 1, waitlist: "open" }), organizationId }
      const { id } = yield* turnout.createEvent(input)
      yield* turnout.publishEvent(id)
      const registrations: Array<string> = []
      for (const n of [1, 2]) {
        const attendee = { name: `${word} ${n}`, email: `${word}-${n}@example.com` }
        const { registration } = yield* turnout.register(id, { attendee, notes: word })
        registrations.push(registration.id)
      }
      const secret = randomBytes(32).toString("base64url")
      const links = yield* AttendeeLinkStore
      yield* links.replace(id as EventId, registrations[1]!, digestOf(secret), "ada")
      const members: Array<string> = []
      for (const role of ["owner", "viewer"] as const) {
        const input = { subject: { address: `${word}-${role}@example.com` }, role }
        const member = yield* Members.Members.use((all) =>
          all.add(organizationId, input, permissionsOf("operator"), "ada")
        )
        members.push(member.id)
      }
      const webhooks: Array<string> = []
      for (const path of ["first", "second"]) {
        const settings = {
          organizationId,
          url: `https://${word}.example.com/${path}`,
          types: null,
          description: word,
          secret: `whsec_${randomBytes(32).toString("base64")}`,
          from: "beginning" as const
        }
        webhooks.push((yield* WebhookStore.use((store) => store.create(randomUUID(), settings, "ada"))).id)
      }
      return { events: [draft.id, id], members, registrations, webhooks, link: textOf(registrations[1]!, secret) }
    })
  )
  const credentials = { ...Object.fromEntries(entries), attendee: made.link } as Own["credentials"]
  const { events, members, registrations, webhooks } = made
  return { organizationId, events, members, registrations, keys, webhooks, credentials }
}

/** Everything that an organization has, as text, without the time at which a key was used. */
const everythingOf = ({ events, organizationId }: Own): Promise<string> =>
  world.run(
    Effect.gen(function* () {
      const turnout = yield* Turnout.Turnout
      const journals = yield* Effect.forEach(events, (id) => turnout.listJournal(id, { limit: 500 }))
      const { items } = yield* turnout.listEvents({ organizationId, limit: 500 })
      const keys = yield* ApiKeyStore.use((store) => store.list(organizationId, { after: null, limit: 1_000 }))
      const members = yield* MemberStore.use((store) => store.list(organizationId, { after: null, limit: 500 }))
      const webhooks = yield* WebhookStore.use((store) => store.list(organizationId, { after: null, limit: 1_000 }))
      const keysNow = keys.map((key) => ({ ...key, lastUsedAt: null }))
      return JSON.stringify([journals, items, members, keysNow, webhooks])
    })
  )

/** Whoever publishes a draft tells everybody its title. */
const TELLING = "publishEvent"

const ENDPOINTS = [api(), adminApi()]
  .flatMap(({ document }) =>
    Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation }))
    )
  )
  .filter(({ operation }) => operation.operationId !== TELLING)

interface Ask {
  readonly by: Side
  readonly as: (typeof ASKING)[number]
  /** Whose things are named. */
  readonly of: Side
  readonly endpoint: number
  readonly nth: number
}

const asks: fc.Arbitrary<Ask> = fc.record({
  by: fc.constantFrom(...SIDES),
  as: fc.constantFrom(...ASKING),
  of: fc.constantFrom(...SIDES),
  endpoint: fc.nat(ENDPOINTS.length - 1),
  nth: fc.nat(7)
})

/** Sends the example of an endpoint about something that an organization has, and returns the whole answer as text. */
const send = async ({ as, by, endpoint, nth, of }: Ask, all: Readonly<Record<Side, Own>>) => {
  const { method, operation, path } = ENDPOINTS[endpoint]!
  const { events, keys, members, organizationId, registrations, webhooks } = all[of]
  const word = wordOf(of)
  const values: Readonly<Record<string, string>> = {
    eventId: events[nth % events.length]!,
    stream: events[nth % events.length]!,
    registrationId: registrations[nth % registrations.length]!,
    keyId: keys[nth % keys.length]!,
    memberId: members[nth % members.length]!,
    webhookId: webhooks[nth % webhooks.length]!,
    organization: organizationId,
    attendeeId: `mailto:${word}-${1 + (nth % 2)}@example.com`
  }
  const example = (name: string) => operation.parameters.find((parameter) => parameter.name === name)?.example
  const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? String(example(name) ?? randomUUID()))
  )
  const has = (name: string) =>
    operation.parameters.some((parameter) => parameter.in === "query" && parameter.name === name)
  const field = ["organizationId", "organization"].find(has)
  const place = has("after") && path === "/admin/webhooks" && nth % 4 > 1 ? `&after=${webhooks[0]}` : ""
  const query = field !== undefined && nth % 2 === 0 ? `?${field}=${organizationId}${place}` : place.replace("&", "?")
  const body = operation.requestBody?.content["application/json"]?.example as object | undefined
  const whose = "organizationId" in (body ?? {}) ? { organizationId } : {}
  const isWebhook = operation.operationId === "createWebhook" && nth % 2 === 0
  const named =
    body === undefined ? undefined : { ...body, ...whose, ...(isWebhook ? { organization: organizationId } : {}) }
  // What the caller writes themself is theirs: registrations are made under names without a word.
  const credential = as === "nobody" ? undefined : all[by].credentials[as]
  const response = await fetch(world.address + target + query, {
    method,
    headers: {
      ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
      ...(named === undefined ? {} : { "content-type": "application/json" }),
      "idempotency-key": randomUUID()
    },
    ...(named === undefined ? {} : { body: JSON.stringify(named) })
  })
  const text = await response.text()
  assert.isBelow(response.status, 500, `${method} ${target}: ${text}`)
  return { what: `${by} ${as}: ${method} ${target}${query}`, text: JSON.stringify([...response.headers]) + text }
}

/** The bodies that the webhooks of a side were posted, once those that are there have had their time, and are gone. */
const postedTo = async (organizationId: OrganizationId): Promise<ReadonlyArray<string>> => {
  await sleep(POSTED_WITHIN_MILLIS)
  const all = await world.run(WebhookStore.use((store) => store.list(organizationId, { after: null, limit: 100 })))
  for (const { id } of all) await world.run(Effect.ignore(WebhookStore.use((store) => store.remove(id, "ada"))))
  return posted.flatMap((one) => (one.organizationId === organizationId ? [one.body] : []))
}

/** Who may be told of what an organization keeps to itself: its own staff and attendees. */
const mayKnow = ({ as, by }: Ask, side: Side): boolean => as !== "nobody" && by === side

/** Everybody may register for a public event, so that changes what its organization has. */
const isPublicWrite = ({ as, endpoint }: Ask): boolean =>
  as === "nobody" && ENDPOINTS[endpoint]!.operation.operationId === "register"

describe("two organizations", { timeout: 180_000 }, () => {
  it("are never told anything of each other, and change nothing of each other", async () => {
    let [told, toldByPosts] = [0, 0]
    await fc.assert(
      fc.asyncProperty(
        fc.array(asks, { minLength: REQUESTS_A_ROUND / 2, maxLength: REQUESTS_A_ROUND }),
        async (sequence) => {
          const all = { north: await own("north"), south: await own("south") }
          for (const ask of sequence) {
            const others = SIDES.filter((side) => !mayKnow(ask, side))
            const before = new Map<Side, string>()
            for (const side of others) before.set(side, await everythingOf(all[side]))
            const { text, what } = await send(ask, all)
            if (mayKnow(ask, ask.of) && text.includes(wordOf(ask.of))) told += 1
            for (const side of others) {
              // Whose word stands in a path that was asked for is not told by its problem.
              const answer = text.replaceAll(`mailto:${wordOf(side)}`, "")
              assert.notInclude(answer, wordOf(side), what)
              if (!isPublicWrite(ask)) assert.strictEqual(await everythingOf(all[side]), before.get(side), what)
            }
          }
          for (const side of SIDES) {
            const bodies = await postedTo(all[side].organizationId)
            if (bodies.some((body) => body.includes(wordOf(side)))) toldByPosts += 1
            for (const body of bodies) assert.notInclude(body, wordOf(otherThan(side)), `posted to ${side}`)
          }
          assert.isFalse(posted.some(({ organizationId }) => organizationId === null))
        }
      ),
      // What a failure is shrunk to is told in time.
      { numRuns: ROUNDS, skipAllAfterTimeLimit: 120_000 }
    )
    // Otherwise nobody would have been told anything, and nothing would have been shown.
    assert.isAbove(told, ROUNDS / 8)
    assert.isAbove(toldByPosts, ROUNDS)
  })

  it("have words that their own staff are told", async () => {
    for (const side of SIDES) {
      const all = { north: await own("north"), south: await own("south") }
      const { credentials, events } = all[side]
      const response = await fetch(`${world.address}/events/${events[1]}/registrations`, {
        headers: { authorization: `Bearer ${credentials.viewer}` }
      })
      const text = await response.text()
      assert.include(text, wordOf(side))
      assert.notInclude(text, wordOf(otherThan(side)))
    }
  })
})
