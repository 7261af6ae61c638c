/**
 * Requests of all kinds to a server, and what must be true of its answers.
 *
 * An answer is 2xx, and reads back as it was given, or a problem document with 4xx. It is never 5xx, never late, and what is not 2xx
 * has changed nothing. A path or a query that is written in another way than the documented one is not answered with 2xx.
 */
import * as Database from "turnout/database"
import * as MemoryQueue from "@turnout/adapters/memory/queue"
import * as CachedReads from "@turnout/core/admission/application/caching/CachedReads"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import * as Server from "@turnout/http/Server"
import { Effect, Layer, Logger, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { Agent, type Dispatcher } from "undici"
import * as ApiDocument from "../support/ApiDocument.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import { CONDITIONS, NASTY_BODIES, NASTY_HEADERS, NASTY_PARTS } from "./Corpus.ts"
import { Chance, type JsonSchema, type Known, sample } from "./Sampler.ts"

const TOKEN = "0123456789abcdef"
const PATIENCE_MILLIS = 5_000

interface Parameter {
  readonly name: string
  readonly in: string
  readonly schema?: JsonSchema
}

interface Operation {
  readonly method: string
  readonly path: string
  readonly parameters: ReadonlyArray<Parameter>
  readonly body: JsonSchema | undefined
  readonly resolve: (ref: string) => JsonSchema
}

interface OpenApi {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly parameters?: ReadonlyArray<Parameter>
            readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> }
          }
        >
      >
    >
  >
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> }
}

/** Something that must not be. */
export interface Unexpected {
  readonly number: number
  readonly request: string
  readonly what: string
}

export interface Report {
  readonly requests: number
  readonly byStatus: Readonly<Record<string, number>>
  readonly unexpected: ReadonlyArray<Unexpected>
}

interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string | Uint8Array | undefined
  /** Whether the path or the query is one that a proxy might read as another. */
  readonly isDisguised: boolean
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly location: string | undefined
  readonly text: string
  readonly headers: Headers
}

const operationsOf = ({ components, paths }: OpenApi): ReadonlyArray<Operation> =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content["application/json"]?.schema,
      resolve: (ref: string) => components.schemas[ref.split("/").at(-1)!] ?? {}
    }))
  )

/** Ways to write a path or a query that others take for the same. */
const DISGUISES: ReadonlyArray<(target: string) => string> = [
  (target) => `/${target}`,
  (target) => target.replace(/(?=\?|$)/, "/"),
  (target) => target.replace(/(?=\?|$)/, ";v=1"),
  (target) => target.replace(/(?=\?|$)/, "/."),
  (target) => `/x/..${target}`,
  (target) => `/%2e${target}`,
  (target) => target.replace(/^\/[a-z]/, (start) => start.toUpperCase()),
  (target) => `/%${target.charCodeAt(1).toString(16)}${target.slice(2)}`,
  (target) => target.replace("/", "\\"),
  (target) => `${target}${target.includes("?") ? "&" : "?"}disguise=1`,
  (target) => `${target}${target.includes("?") ? "&" : "?"}limit=1&limit=1`
]

const describe = ({ body, headers, method, path }: Sent): string => {
  const shown = typeof body === "string" ? body.slice(0, 300) : body === undefined ? "" : `bytes ${body.join(" ")}`
  return `${method} ${path.slice(0, 300)} ${JSON.stringify(headers).slice(0, 300)} ${shown}`
}

const bodyOf = ({ body }: Sent): unknown => {
  if (body === undefined) return undefined
  try {
    return JSON.parse(Buffer.from(body).toString()) as unknown
  } catch {
    return undefined
  }
}

/** What the documents say otherwise of an answer, and of a request that was carried out. */
const differences = (sent: Sent, answer: Answer): ReadonlyArray<string> =>
  [
    () => ApiDocument.check(sent.method, sent.path, answer),
    () => answer.status < 300 && ApiDocument.checkRequest(sent.method, sent.path, bodyOf(sent))
  ].flatMap((check) => {
    try {
      check()
      return []
    } catch (error) {
      return [String(error)]
    }
  })

/**
 * The last entries of the journal, and of the decisions in the audit log: everything that can be changed writes one. What was read and
 * refused is written there later, and its actions are the ids of operations.
 */
const makeSize = Effect.fnUntraced(function* (database: string) {
  const { status } = yield* OutboxOperations
  const { list } = yield* AuditLog
  if (database === "memory:")
    return Effect.gen(function* () {
      const last = (yield* list({ after: null, limit: 1_000_000 })).find(({ action }) => action.includes("."))
      return `${(yield* status).written} ${last?.id ?? 0}`
    })
  // The status would count the backlog of every sink.
  const sql = yield* TestDatabase.client(database)
  const last = `SELECT concat((SELECT max(seq) FROM turnout.journal), ' ', (SELECT max(id) FROM turnout.audit_log WHERE position('.' IN action) > 0)) AS last`
  return Effect.map(sql.unsafe<{ last: string }>(last), ([row]) => row!.last)
})

/** A queue that gives up whatever it is given. */
const makeQueue = Effect.gen(function* () {
  const queue = yield* MemoryQueue.make({ name: "mail", maxReceiveCount: 0, waitMillis: 0 })
  const bury = Effect.gen(function* () {
    while (queue.size() > 0) yield* queue.receive(10)
  })
  for (const body of NASTY_BODIES) if (typeof body === "string") yield* queue.send(body, null)
  yield* bury
  return { letters: queue.deadLetters, bury: Effect.orDie(bury) }
})

/** Sends so many requests to a server on the store of that database, and reports. */
export const fuzz = async (options: {
  readonly requests: number
  readonly seed: number
  readonly database: string
  readonly onProgress?: (done: number) => void
}): Promise<Report> => {
  const { database, onProgress = () => {}, requests, seed } = options
  const chance = new Chance(seed)
  const agent = new Agent({ connections: 1, pipelining: 1 })
  const { bury, letters } = await Effect.runPromise(makeQueue)
  const byStatus: Record<string, number> = {}
  const unexpected: Array<Unexpected> = []
  const ids: Record<string, Array<string>> = {
    eventId: [],
    registrationId: [],
    webhookId: [],
    replayId: [],
    messages: []
  }
  const known: Known = {
    ids: (name) => {
      if (name === "sink") return ["mail"]
      if (name === "queue") return [letters.name]
      return ids[name === "stream" ? "eventId" : name] ?? []
    }
  }
  const keep = (name: string, id: unknown) => {
    const own = ids[name]!
    if (typeof id === "string") own.push(id)
    if (own.length > 30) own.shift()
  }

  const work = Effect.gen(function* () {
    const base = HttpServer.formatAddress((yield* HttpServer.HttpServer).address)
    const written = yield* makeSize(database)
    const size = Effect.gen(function* () {
      return `${yield* written} ${yield* letters.count}`
    })
    yield* Outbox.use((outbox) => outbox.register("mail", "beginning"))

    const send = async ({ body, headers, method, path }: Omit<Sent, "isDisguised">): Promise<Answer> => {
      const response = await agent.request({
        origin: base,
        method: method as Dispatcher.HttpMethod,
        path,
        headers,
        body: body ?? null,
        headersTimeout: PATIENCE_MILLIS,
        bodyTimeout: PATIENCE_MILLIS
      })
      const { headers: got, statusCode: status } = response
      const [type, location] = [got["content-type"], got["location"]].map((value) =>
        value === undefined ? "" : String(value)
      )
      const answered = new Headers(Object.entries(got).map(([name, value]): [string, string] => [name, String(value)]))
      const text = await response.body.text()
      return { status, type: type!, location: location === "" ? undefined : location, text, headers: answered }
    }
    const read = (path: string) =>
      send({ method: "GET", path, headers: { authorization: `Bearer ${TOKEN}` }, body: undefined })

    const documents = yield* Effect.promise(() =>
      Promise.all(
        ["/openapi.json", "/admin/openapi.json"].map(async (path) => JSON.parse((await read(path)).text) as OpenApi)
      )
    )
    const all = documents.flatMap(operationsOf)

    const make = (): Sent => {
      const { body, method, parameters, path, resolve } = chance.pick(all)
      const nastiness = chance.pick([0, 0, 2, 10, 30])
      const part = (name: string) => {
        if (chance.happens(nastiness)) return chance.pick(NASTY_PARTS)
        const own = known.ids(name)
        return own.length > 0 && chance.happens(90)
          ? encodeURIComponent(chance.pick(own))
          : "00000000-0000-4000-8000-000000000000"
      }
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => part(name))
      const query = parameters
        .filter((parameter) => parameter.in === "query" && chance.happens(30))
        .map(({ name, schema = {} }) =>
          chance.happens(nastiness)
            ? `${name}=${chance.pick(NASTY_PARTS)}`
            : `${name}=${encodeURIComponent(sample(chance, schema, resolve, known, 0, name).replaceAll('"', ""))}`
        )
      if (chance.happens(nastiness)) query.push(`${chance.pick(NASTY_PARTS)}=${chance.pick(NASTY_PARTS)}`)
      const headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }
      if (method !== "GET") {
        headers["idempotency-key"] = chance.happens(10) ? "again" : `key ${chance.next()}`
        if (body !== undefined) headers["content-type"] = "application/json"
        if (chance.happens(10)) headers["if-match"] = chance.pick(CONDITIONS)
      }
      if (chance.happens(nastiness)) {
        const [name, value] = chance.pick(NASTY_HEADERS)
        headers[name] = value
      }
      const text = chance.happens(nastiness)
        ? chance.pick(NASTY_BODIES)
        : body === undefined
          ? undefined
          : sample(chance, body, resolve, known, nastiness)
      const sentMethod = chance.happens(nastiness / 5)
        ? chance.pick(["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "POST"])
        : method
      const target = `${filled}${query.length === 0 ? "" : `?${query.join("&")}`}`
      const isDisguised = chance.happens(nastiness / 3)
      return {
        method: sentMethod,
        path: isDisguised ? chance.pick(DISGUISES)(target) : target,
        isDisguised,
        headers,
        body: sentMethod === "GET" || sentMethod === "HEAD" ? undefined : text
      }
    }

    /** Ids that later requests can name. */
    const learn = (document: unknown): void => {
      const { event, id, items, registration, secret, sink, to, webhook } = Object(document) as Record<
        string,
        Record<string, unknown>
      >
      if (registration !== undefined) keep("registrationId", registration["id"])
      if (to !== undefined && Array.isArray(items)) for (const letter of items) keep("messages", Object(letter).id)
      if (webhook !== undefined && secret !== undefined) keep("webhookId", webhook["id"])
      else if (sink !== undefined && id !== undefined) keep("replayId", id)
      else if (event === undefined && "organizer" in Object(document)) keep("eventId", id)
    }

    let unsent = 0
    let sizeBefore = yield* size
    for (let number = 1; number <= requests + unsent; number++) {
      const sent = make()
      const outcome = yield* Effect.promise(() =>
        send(sent).then(
          (answer) => ({ answer }),
          (error: unknown) => ({ error })
        )
      )
      const note = (what: string) => unexpected.push({ number, request: describe(sent), what })
      if ("error" in outcome) {
        const { error } = outcome
        const { code } = error as { readonly code?: string }
        // What the client itself refuses to send does not count.
        if (code === "UND_ERR_INVALID_ARG" || code === "UND_ERR_NOT_SUPPORTED") unsent += 1
        else note(`no answer: ${String(error)}`)
      } else {
        const { answer } = outcome
        const { location, status, text, type } = answer
        for (const difference of differences(sent, answer)) note(difference)
        byStatus[status] = (byStatus[status] ?? 0) + 1
        if (status >= 500 || status < 200 || (status >= 300 && status < 400)) note(`${status}: ${text.slice(0, 300)}`)
        if (status >= 400 && sent.method !== "HEAD") {
          if (!type.startsWith("application/problem+json"))
            note(`${status} is no problem document: ${type} ${text.slice(0, 200)}`)
          else if (!/"code":"[a-z_]+"/.test(text)) note(`a problem without a code: ${text.slice(0, 200)}`)
        }
        if (status < 400 && sent.isDisguised) note(`${status}, though it is written in another way`)
        const sizeAfter = yield* size
        if (status >= 400 && sizeAfter !== sizeBefore) note(`${status}, and something changed`)
        yield* bury
        sizeBefore = yield* size
        if (status >= 200 && status < 300 && sent.method !== "HEAD" && type.startsWith("application/json")) {
          const document = JSON.parse(text) as Record<string, unknown>
          learn(document)
          if (status === 201 && location !== undefined) {
            const back = yield* Effect.promise(() => read(location))
            const made = typeof document["registration"] === "object" ? document["registration"] : document
            if (back.status !== 200 || JSON.stringify(JSON.parse(back.text)) !== JSON.stringify(made))
              note(
                `what was made reads back as ${back.status} ${back.text.slice(0, 200)}, not ${JSON.stringify(made).slice(0, 200)}`
              )
          }
        }
      }
      if (number % 500 === 0) onProgress(number - unsent)
    }
    return { requests, byStatus, unexpected }
  })
  // A limit would refuse nearly all of them before anything else looks at them.
  const settings = { port: 0, adminToken: Redacted.make(TOKEN), deadLetters: [letters], limits: "none" } as const
  const services = Server.layer(settings).pipe(
    Layer.provideMerge(Turnout.layer({ caches: CachedReads.caches() })),
    Layer.provideMerge(Database.layer({ database }))
  )
  const silent = Logger.layer([])
  return Effect.runPromise(work.pipe(Effect.scoped, Effect.provide(services), Effect.provide(silent))).finally(() =>
    agent.destroy()
  )
}
