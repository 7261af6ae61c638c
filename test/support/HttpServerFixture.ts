/**
 * A Turnout server on a free port, and the ways that tests talk to it: `call` over fetch, `raw` over a bare socket.
 */
import * as Memory from "@turnout/adapters/memory"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import * as Server from "@turnout/http/Server"
import { Cause, Context, Deferred, Effect, Exit, Layer, Logger, Scope } from "effect"
import { HttpServer } from "effect/http"
import { randomUUID } from "node:crypto"
import { connect, type Socket } from "node:net"
import { assert } from "vitest"
import * as ApiDocument from "./ApiDocument.ts"
import * as Given from "./Given.ts"

type Store = AdmissionStore["Service"] & AdmissionReads["Service"]

// --- the server ---

export class TestServer extends Context.Service<
  TestServer,
  {
    readonly url: string
    readonly port: number
    /** The real store, and the functions that replace some of its own during a test. */
    readonly store: { readonly real: Store; replaced: Partial<Store> }
    /** The lines that the server has logged. */
    readonly logged: Array<string>
  }
>()("test/HttpServerFixture") {}

class Replaceable extends Context.Service<Replaceable, TestServer["Service"]["store"]>()("test/ReplaceableStore") {}

export interface Options<E = never> {
  readonly server?: Server.ServerOptions
  readonly store?: Layer.Layer<AdmissionStore | AdmissionReads, E>
  readonly turnout?: Turnout.TurnoutOptions
  /** Loggers besides the one that fills `logged`. */
  readonly loggers?: ReadonlyArray<Logger.Logger<unknown, unknown>>
}

/** The server, with the services that a test uses to make its starting state. */
export const layer = <E = never>(options: Options<E> = {}) => {
  const logged: Array<string> = []
  const replaceable = Layer.effect(
    Replaceable,
    Effect.gen(function* () {
      return { real: { ...(yield* AdmissionStore), ...(yield* AdmissionReads) }, replaced: {} }
    })
  ).pipe(Layer.provide(options.store ?? Memory.layer))
  const store = Layer.effectContext(
    Effect.map(Replaceable, (store) => {
      const now = (): Store => ({ ...store.real, ...store.replaced })
      const replaced: Store = {
        ...store.real,
        transact: (...args) => now().transact(...args),
        event: (...args) => now().event(...args),
        events: (...args) => now().events(...args),
        ready: Effect.suspend(() => now().ready)
      }
      return Context.make(AdmissionStore, replaced).pipe(Context.add(AdmissionReads, replaced))
    })
  )
  const logger = Logger.make(({ cause, logLevel, message }) => {
    logged.push(`${logLevel} ${String(message)} ${Cause.pretty(cause)}`)
  })
  const fixture = Layer.effect(
    TestServer,
    Effect.gen(function* () {
      const { address } = yield* HttpServer.HttpServer
      const { port } = address as { readonly port: number }
      return { url: HttpServer.formatAddress(address), port, store: yield* Replaceable, logged }
    })
  )
  return fixture.pipe(
    Layer.provide(Server.layer({ port: 0, open: true, ...options.server })),
    Layer.provideMerge(Turnout.layer({ drainMillis: 200, ...options.turnout })),
    Layer.provideMerge(store),
    Layer.provide(replaceable),
    // Ports that no test of this server looks at.
    Layer.provide(Memory.layer),
    Layer.provide(Logger.layer([logger, ...(options.loggers ?? [])]))
  )
}

/** Replaces functions of the store until the test ends. */
export const replaceInStore = Effect.fnUntraced(function* (replace: (real: Store) => Partial<Store>) {
  const { store } = yield* TestServer
  yield* Effect.acquireRelease(
    Effect.sync(() => (store.replaced = replace(store.real))),
    () => Effect.sync(() => (store.replaced = {}))
  )
})

/** Makes commits wait for a gate, after their batches have closed. Like every commit, they cannot be interrupted meanwhile. */
export const holdCommits = Effect.gen(function* () {
  const gate = yield* Deferred.make<void>()
  const held = { waiting: 0 }
  yield* replaceInStore(({ transact }) => ({
    transact: (events, close) =>
      Effect.uninterruptible(
        Effect.suspend(() => {
          const closed = close()
          held.waiting += 1
          return Effect.andThen(
            Deferred.await(gate),
            transact(events, () => closed)
          )
        })
      )
  }))
  const open = Deferred.succeed(gate, undefined)
  yield* Effect.addFinalizer(() => open)
  return { open, oneIsWaiting: until(() => held.waiting === 1) }
})

/** Starts a server that the test stops itself. `stop` gives the milliseconds that it took. */
export const start = Effect.fnUntraced(function* (options: Options = {}) {
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(layer(options), scope)
  const stop = Effect.gen(function* () {
    const began = Date.now()
    yield* Scope.close(scope, Exit.void)
    return Date.now() - began
  })
  yield* Effect.addFinalizer(() => stop)
  return { ...Context.get(context, TestServer), context, stop }
})

export type Started = Effect.Success<ReturnType<typeof start>>

// --- over fetch ---

export interface Violation {
  readonly in: string
  readonly pointer: string
  readonly rule: string
}

/** The members of bodies that tests read. Each answer has some of them. */
export interface Body {
  readonly id: string
  readonly title: string
  readonly status: string | number
  readonly state: string
  readonly eventId: string
  readonly description: string
  readonly location: string
  readonly notes: string
  readonly capacity: number
  readonly counts: Readonly<Record<string, number>>
  readonly attendee: { readonly id: string; readonly name: string; readonly email: string }
  readonly registration: Body
  readonly waitlistPosition: number | null
  readonly position: number
  readonly items: ReadonlyArray<Body>
  readonly nextCursor: string | null
  readonly type: string
  readonly code: string
  readonly detail: string
  readonly violations: ReadonlyArray<Violation>
}

export interface Reply {
  readonly status: number
  readonly type: string | null
  readonly headers: Headers
  readonly text: string
  readonly body: Body
}

export interface CallOptions {
  /** The body, which is sent as JSON; strings and bytes are sent as they are. */
  readonly body?: unknown
  /** The idempotency key. `null` sends none. Default: a new key for each write. */
  readonly key?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

const parse = (text: string): Body => {
  try {
    return JSON.parse(text) as Body
  } catch {
    return {} as Body
  }
}

/** Sends a request, and checks that the document of the API describes the answer. */
export const call = Effect.fnUntraced(function* (method: string, path: string, options: CallOptions = {}) {
  const { url } = yield* TestServer
  const { body, headers = {}, key = method === "GET" || method === "HEAD" ? null : randomUUID() } = options
  const verbatim = typeof body === "string" || body instanceof Uint8Array
  return yield* Effect.promise(async (signal): Promise<Reply> => {
    const response = await fetch(url + path, {
      method,
      signal,
      headers: {
        ...(key === null ? {} : { "idempotency-key": key }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers
      },
      ...(body === undefined ? {} : { body: verbatim ? (body as string) : JSON.stringify(body) })
    })
    const text = await response.text()
    const type = response.headers.get("content-type")
    ApiDocument.check(method, path, { status: response.status, headers: response.headers, text })
    return { status: response.status, type, headers: response.headers, text, body: parse(text) }
  })
})

export const get = (path: string) => call("GET", path)
export const post = (path: string, body?: unknown, options: CallOptions = {}) =>
  call("POST", path, { ...options, body })

/** The JSON that creates an event. */
export const eventJson = (changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  ...Given.eventInput(),
  ...changes
})

// --- over a socket ---

export interface RawReply {
  readonly status: number
  readonly type: string | null
  readonly head: string
  readonly text: string
  readonly body: Body
  /** Whether the server ended the connection. */
  readonly closed: boolean
  readonly millis: number
}

const readRaw = (text: string): Pick<RawReply, "status" | "type" | "head" | "body"> => {
  const end = text.indexOf("\r\n\r\n")
  const head = end < 0 ? text : text.slice(0, end)
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0)
  return { status, type: /^content-type: (.*)$/im.exec(head)?.[1] ?? null, head, body: parse(text.slice(end + 4)) }
}

/** The request line of bytes that begin with one. */
const REQUEST_LINE = /^([A-Z]+) (\/\S*) HTTP\/1\.1\r\n/

/** Checks that the document of the API describes an answer that has arrived whole, to one request for a path. */
const checkRaw = (
  data: string | Uint8Array,
  { head, status, text }: Pick<RawReply, "head" | "status" | "text">
): void => {
  const sent = Buffer.from(data).toString("latin1")
  const [, method, target] = REQUEST_LINE.exec(sent) ?? []
  const body = text.slice(head.length + 4)
  const headers = new Headers(
    head
      .split("\r\n")
      .slice(1)
      .map((line) => line.split(/: (.*)/s, 2) as [string, string])
  )
  const isWhole = Number(headers.get("content-length") ?? 0) === body.length && !headers.has("transfer-encoding")
  const isOne = sent.split(" HTTP/1.1\r\n").length === 2 && !body.includes("HTTP/1.1 ")
  if (method !== undefined && status !== 0 && isWhole && isOne)
    ApiDocument.check(method, target!, { status, headers, text: Buffer.from(body, "latin1").toString() })
}

/** Sends bytes as they are, and collects the answer until the server ends the connection or the time is up. */
export const raw = Effect.fnUntraced(function* (data: string | Uint8Array, options: { readonly millis?: number } = {}) {
  const { port } = yield* TestServer
  return yield* Effect.callback<RawReply>((resume) => {
    const began = Date.now()
    let text = ""
    const socket = connect(port, "127.0.0.1", () => socket.write(data))
    const done = (closed: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      const read = readRaw(text)
      resume(
        Effect.as(
          Effect.sync(() => checkRaw(data, { ...read, text })),
          { ...read, text, closed, millis: Date.now() - began }
        )
      )
    }
    const timer = setTimeout(() => done(false), options.millis ?? 5_000)
    socket.on("data", (chunk) => (text += chunk.toString("latin1")))
    socket.on("error", () => {})
    socket.on("close", () => done(true))
  })
})

/** The head of a request with an idempotency key, without the empty line at its end. */
export const head = (method: string, path: string, ...headers: ReadonlyArray<string>): string =>
  [`${method} ${path} HTTP/1.1`, "Host: localhost", `Idempotency-Key: ${randomUUID()}`, ...headers, ""].join("\r\n")

/** Opens a connection that stays open until the test ends. Its state says whether the server has ended it. */
export const openConnection = Effect.fnUntraced(function* (port: number, data?: string) {
  const state: { ended: boolean; text: string; socket: Socket } = { ended: false, text: "", socket: connect(port) }
  state.socket.on("data", (chunk) => (state.text += chunk.toString("latin1")))
  state.socket.on("error", () => {})
  state.socket.on("close", () => (state.ended = true))
  yield* Effect.addFinalizer(() => Effect.sync(() => state.socket.destroy()))
  yield* Effect.callback<void>((resume) => {
    state.socket.once("connect", () => resume(Effect.void))
  })
  if (data !== undefined) state.socket.write(data)
  return state
})

/** Waits until the condition holds. */
export const until = (condition: () => boolean) =>
  Effect.gen(function* () {
    for (let tries = 0; tries < 500 && !condition(); tries++) yield* Effect.sleep(10)
    assert.isTrue(condition(), "waited for 5 seconds in vain")
  })

// --- checks of answers ---

/** Checks that the answer is a problem of the right form, with this status, this code and these facts. */
export const assertProblem = (
  reply: Pick<Reply, "status" | "type" | "body">,
  status: number,
  code: string,
  facts: Readonly<Record<string, unknown>> = {}
): void => {
  const { body } = reply
  assert.deepStrictEqual([reply.status, body.code], [status, code], JSON.stringify(body).slice(0, 500))
  assert.strictEqual(reply.type, "application/problem+json")
  assert.deepInclude(body, { type: `urn:turnout:problem:${code}`, status, ...facts })
  assert.isNotEmpty(body.title)
  assert.notProperty(body, "_tag")
}

/** Checks that the request was refused with violations at these places, and at no others. */
export const assertInvalid = (
  reply: Pick<Reply, "status" | "type" | "body">,
  ...places: ReadonlyArray<string>
): void => {
  assertProblem(reply, 400, "validation_failed")
  assert.deepStrictEqual(
    [...new Set(reply.body.violations.map(({ in: part, pointer }) => `${part} ${pointer}`))].toSorted(),
    places.toSorted()
  )
  for (const { rule } of reply.body.violations) assert.isNotEmpty(rule)
}
