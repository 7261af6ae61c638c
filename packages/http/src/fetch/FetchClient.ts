/**
 * A client of the server for pages and programs without Effect: promises, the `fetch` of the platform, and nothing else.
 *
 * ```ts
 * const turnout = createClient({ baseUrl: "https://turnout.example.com" })
 * const body = { attendee: { email: "ada@example.com" } }
 * const { registration, waitlistPosition } = await turnout.register({ eventId, body })
 * ```
 *
 * Its operations and types are made from the server's OpenAPI document. A call that got no answer, or an answer that asks to come
 * later, is sent again with the same idempotency key, so that nothing is done twice. Other answers than success reject with
 * `TurnoutProblem`, whose `problem.code` says which.
 */
import { type CallOptions, camelCase, type Operation } from "./Call.ts"
import { OPERATIONS } from "./Operations.ts"
import type { Calls, Problem } from "./Types.ts"

export type { CallOptions } from "./Call.ts"
export type * from "./Types.ts"

export interface ClientOptions {
  /** The address of the server, with its base path if it has one: `https://example.com/turnout`. */
  readonly baseUrl: string
  /** Headers for every request, such as a token; a function is asked before each attempt. */
  readonly headers?: Readonly<Record<string, string>> | (() => Headers | Promise<Headers>)
  /** How often a call is sent again. Default 3; 0 sends each once. */
  readonly retries?: number
  /** The time for each attempt, in milliseconds. Default 35 seconds, which is longer than the server takes. */
  readonly timeoutMillis?: number
  /** The function to send with. Default: `fetch` of the platform. */
  readonly fetch?: typeof fetch
}

type Headers = Readonly<Record<string, string>>

/** The server has answered that it did not do what was asked; with a `code` that does not change. */
export class TurnoutProblem extends Error {
  override readonly name = "TurnoutProblem"
  readonly status: number
  /** The problem document, with the facts of its code. */
  readonly problem: Problem

  constructor(status: number, problem: Problem) {
    super(problem.detail ?? problem.title)
    this.status = status
    this.problem = problem
  }
}

/**
 * No answer of a Turnout server was got, at the last attempt: the `cause` says why. It is not known whether a write was carried out;
 * the same call with the same `idempotencyKey` does it once.
 */
export class TurnoutUnreachable extends Error {
  override readonly name = "TurnoutUnreachable"
  /** The key that the call was sent with, if it is a write. */
  readonly idempotencyKey: string | undefined

  constructor(cause: unknown, idempotencyKey: string | undefined) {
    super(`the server gave no answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.idempotencyKey = idempotencyKey
  }
}

const KEY = "idempotency-key"
const FIRST_PAUSE_MILLIS = 250
const LONGEST_PAUSE_MILLIS = 30_000

/** The answers after which the same request may succeed later; 502 comes from a proxy. */
const LATER = [408, 429, 502, 503, 504]
const IN_FLIGHT = "idempotency_key_in_flight"

/** A random UUID; `crypto.randomUUID` is only there in pages that came by https. */
const randomKey = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}

type Request = Readonly<Record<string, unknown>>

const addressOf = (baseUrl: string, { path, query }: Operation, request: Request): string => {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(request[name])))
  const parameters = new URLSearchParams()
  for (const name of query) if (request[name] !== undefined) parameters.set(name, String(request[name]))
  const asked = parameters.toString()
  return `${baseUrl.replace(/\/+$/, "")}${filled}${asked === "" ? "" : `?${asked}`}`
}

const headersOf = ({ headers }: Operation, request: Request): Record<string, string> => {
  const given = headers.flatMap((name) => {
    const value = request[camelCase(name)] ?? (name === KEY ? randomKey() : undefined)
    return value === undefined ? [] : [[name, String(value)]]
  })
  return {
    ...(Object.fromEntries(given) as Record<string, string>),
    ...(request["body"] === undefined ? {} : { "content-type": "application/json" })
  }
}

/** The time that an answer asks to wait for, in seconds or as a date. */
const retryAfterMillis = (response: Response | undefined): number | undefined => {
  const text = response?.headers.get("retry-after")
  if (text === null || text === undefined) return undefined
  return /^\d+$/.test(text) ? Number(text) * 1_000 : Math.max(0, Date.parse(text) - Date.now()) || undefined
}

const pauseMillis = (attempt: number, response: Response | undefined): number =>
  Math.min(
    retryAfterMillis(response) ?? FIRST_PAUSE_MILLIS * 2 ** attempt * (0.5 + Math.random() / 2),
    LONGEST_PAUSE_MILLIS
  )

const pause = (millis: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal!.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop)
      resolve()
    }, millis)
    signal?.addEventListener("abort", stop, { once: true })
  })

const problemOf = async (response: Response): Promise<Problem | undefined> => {
  if (!(response.headers.get("content-type") ?? "").includes("json")) return undefined
  try {
    const document = (await response.json()) as Partial<Problem>
    return typeof document.code === "string" ? (document as Problem) : undefined
  } catch {
    return undefined
  }
}

/** What an attempt came to: an answer that is a success, with its value; a refusal; or nothing that can be used. */
type Came =
  | { readonly _tag: "Answered"; readonly response: Response; readonly value: unknown }
  | { readonly _tag: "Refused"; readonly response: Response; readonly problem: Problem }
  | { readonly _tag: "Lost"; readonly response?: Response; readonly cause: unknown }

const isForLater = (came: Came): boolean => {
  if (came._tag === "Answered") return false
  if (came._tag === "Refused" && came.problem.code === IN_FLIGHT) return true
  return came.response === undefined || came.response.ok || LATER.includes(came.response.status)
}

const valueOf = (response: Response, answer: Operation["answer"]): unknown => {
  if (answer === "stream") return response
  return answer === "json" ? response.json() : undefined
}

export const createClient = ({
  baseUrl,
  fetch: send = (...args) => fetch(...args),
  headers: always = {},
  retries = 3,
  timeoutMillis = 35_000
}: ClientOptions): Calls => {
  const attempt = async (
    operation: Operation,
    address: string,
    init: RequestInit,
    signal: AbortSignal | undefined
  ): Promise<Came> => {
    const own = typeof always === "function" ? await always() : always
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(new Error(`nothing came for ${timeoutMillis} ms`)), timeoutMillis)
    let response: Response | undefined
    try {
      response = await send(address, {
        ...init,
        headers: { ...own, ...(init.headers as Headers) },
        signal: signal === undefined ? late.signal : AbortSignal.any([late.signal, signal])
      })
      if (response.ok) return { _tag: "Answered", response, value: await valueOf(response, operation.answer) }
      const problem = await problemOf(response)
      if (problem !== undefined) return { _tag: "Refused", response, problem }
      const cause = new Error(`the answer had the status ${response.status} and no problem document`)
      return { _tag: "Lost", response, cause }
    } catch (cause) {
      signal?.throwIfAborted()
      return { _tag: "Lost", cause, ...(response === undefined ? {} : { response }) }
    } finally {
      clearTimeout(timer)
    }
  }

  const call = async (
    operation: Operation,
    request: Request,
    { onResponse, signal }: CallOptions
  ): Promise<unknown> => {
    const address = addressOf(baseUrl, operation, request)
    const headers = headersOf(operation, request)
    const { body } = request
    const init = { method: operation.method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    let came = await attempt(operation, address, init, signal)
    for (let times = 0; times < retries && isForLater(came); times++) {
      await pause(pauseMillis(times, came.response), signal)
      came = await attempt(operation, address, init, signal)
    }
    if (came._tag === "Lost") throw new TurnoutUnreachable(came.cause, headers[KEY])
    onResponse?.(came.response)
    if (came._tag === "Refused") throw new TurnoutProblem(came.response.status, came.problem)
    return came.value
  }

  return Object.fromEntries(
    Object.entries(OPERATIONS).map(([name, operation]) => [
      name,
      (request: Request = {}, options: CallOptions = {}) => call(operation, request, options)
    ])
  ) as unknown as Calls
}
