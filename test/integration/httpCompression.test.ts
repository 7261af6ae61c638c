/**
 * The compression of long lists, and of nothing else.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type IncomingHttpHeaders, request } from "node:http"
import { brotliDecompressSync, gunzipSync } from "node:zlib"
import * as Given from "../support/Given.ts"
import * as Http from "../support/HttpServerFixture.ts"

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
}

/** Whether an answer says that it differs by the codings that a request accepts. */
const varies = ({ vary = "" }: IncomingHttpHeaders): boolean => vary.includes("accept-encoding")

/** Asks without undoing any coding, as `fetch` would. */
const ask = (url: string, accept: string | undefined, method = "GET") =>
  Effect.promise(
    () =>
      new Promise<Answer>((resolve, reject) => {
        request(url, { method, headers: accept === undefined ? {} : { "accept-encoding": accept } }, (response) => {
          const chunks: Array<Buffer> = []
          response.on("data", (chunk: Buffer) => chunks.push(chunk))
          response.on("end", () =>
            resolve({ status: response.statusCode!, headers: response.headers, bytes: Buffer.concat(chunks) })
          )
        })
          .on("error", reject)
          .end()
      })
  )

const decoded = ({ bytes, headers }: Answer): string => {
  const coding = headers["content-encoding"]
  return (coding === "br" ? brotliDecompressSync(bytes) : coding === "gzip" ? gunzipSync(bytes) : bytes).toString()
}

/** An event with a long description, and twenty people. */
const crowd = Effect.gen(function* () {
  const { id } = yield* Given.publishedEvent({ capacity: 20, description: "long ".repeat(500).trim() })
  yield* Given.registerAll(id, 20)
  return id
})

describe("compression", () => {
  it.live("makes long lists shorter, for clients that accept it", () =>
    Effect.gen(function* () {
      const { context, url } = yield* Http.start()
      const id = yield* Effect.provide(crowd, context)
      const list = `${url}/events/${id}/registrations`
      const plain = yield* ask(list, undefined)
      for (const [accept, expected] of [
        ["br, gzip", "br"],
        ["gzip", "gzip"],
        ["gzip, br;q=0.5", "gzip"],
        ["deflate", undefined],
        ["identity;q=0", undefined],
        ["", undefined],
        [undefined, undefined]
      ] as const) {
        const answer = yield* ask(list, accept)
        assert.deepStrictEqual([answer.status, answer.headers["content-encoding"]], [200, expected], accept)
        assert.strictEqual(answer.headers.vary, "authorization, cookie, accept-encoding")
        assert.strictEqual(answer.headers["content-type"], "application/json")
        assert.strictEqual(answer.headers["content-length"], String(answer.bytes.length))
        assert.strictEqual(decoded(answer), plain.bytes.toString())
        if (expected !== undefined) assert.isBelow(answer.bytes.length, plain.bytes.length / 3)
        const head = yield* ask(list, accept, "HEAD")
        assert.deepStrictEqual(
          [head.headers["content-encoding"], head.headers["content-length"], head.bytes.length],
          [expected, answer.headers["content-length"], 0]
        )
      }
    }).pipe(Effect.scoped)
  )

  it.live("leaves tags, downloads, problems and short answers as they are", () =>
    Effect.gen(function* () {
      const { context, url } = yield* Http.start()
      const id = yield* Effect.provide(crowd, context)
      const wrong = Array.from({ length: 40 }, (_, n) => `wrong${n}=1`).join("&")
      for (const path of [
        `/events/${id}`,
        `/events/${id}/registrations.csv`,
        "/attendees/nobody/registrations",
        `/events?${wrong}`
      ]) {
        const { headers } = yield* ask(url + path, "br, gzip")
        assert.deepStrictEqual([headers["content-encoding"], varies(headers)], [undefined, false], path)
      }
      // The tag that a client has seen is the one that a write takes.
      const event = yield* ask(`${url}/events/${id}`, "br, gzip")
      assert.isAbove(event.bytes.length, 2_000)
      const changed = yield* Http.call("PATCH", `/events/${id}`, {
        body: { location: "elsewhere" },
        headers: { "if-match": event.headers.etag! }
      }).pipe(Effect.provide(context))
      assert.strictEqual(changed.status, 200)
    }).pipe(Effect.scoped)
  )

  it.live("can be turned off", () =>
    Effect.gen(function* () {
      const { context, url } = yield* Http.start({ server: { compression: false } })
      const id = yield* Effect.provide(crowd, context)
      const { headers } = yield* ask(`${url}/events/${id}/registrations`, "br, gzip")
      assert.deepStrictEqual([headers["content-encoding"], varies(headers)], [undefined, false])
    }).pipe(Effect.scoped)
  )
})
