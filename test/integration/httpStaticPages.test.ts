/**
 * Pages that do not change: made and compressed once, answered by their tags, and no burden to anybody else.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { JournalEventType } from "@turnout/core/journal/domain/JournalEvent"
import * as Server from "@turnout/http/Server"
import { Effect, Layer, Logger, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { createHash, randomUUID } from "node:crypto"
import { type IncomingHttpHeaders, request as nodeRequest } from "node:http"
import { Worker } from "node:worker_threads"
import { brotliDecompressSync, gunzipSync } from "node:zlib"
import { TOKEN } from "../support/AdminClient.ts"

const PAGES = ["/docs", "/openapi.json", "/admin/docs", "/admin/openapi.json"]

const withServer = <A>(work: (url: string, logged: ReadonlyArray<string>) => Promise<A>) => {
  const logged: Array<string> = []
  const layer = Server.layer({ port: 0, adminToken: Redacted.make(TOKEN), limits: "none" }).pipe(
    Layer.provideMerge(Turnout.layer().pipe(Layer.provideMerge(Memory.layer)))
  )
  return HttpServer.HttpServer.use(({ address }) =>
    Effect.promise(() => work(HttpServer.formatAddress(address), logged))
  ).pipe(
    Effect.provide(layer),
    Effect.provide(Logger.layer([Logger.make(({ message }) => void logged.push(String(message)))]))
  )
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
}

/** Asks without undoing any coding, as `fetch` would. */
const ask = (url: string, headers: Readonly<Record<string, string>> = {}, method = "GET"): Promise<Answer> =>
  new Promise((resolve, reject) => {
    nodeRequest(url, { method, headers }, (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("end", () =>
        resolve({ status: response.statusCode!, headers: response.headers, bytes: Buffer.concat(chunks) })
      )
      response.on("error", reject)
    })
      .on("error", reject)
      .end()
  })

const decode = ({ bytes, headers }: Answer): Buffer => {
  switch (headers["content-encoding"]) {
    case "br":
      return brotliDecompressSync(bytes)
    case "gzip":
      return gunzipSync(bytes)
    default:
      return bytes
  }
}

const scriptOf = async (url: string) => {
  const html = (await ask(`${url}/docs`)).bytes.toString()
  return new URL(/<script src="([^"]+)"/.exec(html)![1]!, `${url}/docs`).href
}

describe("static pages", () => {
  it.live("are the same in every coding, each with a tag and a length of its own", () =>
    withServer(async (url) => {
      for (const page of [...PAGES.map((path) => url + path), await scriptOf(url)]) {
        const plain = await ask(page)
        assert.strictEqual(plain.status, 200, page)
        const tags = new Set<string>()
        for (const coding of ["identity", "gzip", "br"]) {
          const answer = await ask(page, { "accept-encoding": coding })
          const { headers } = answer
          assert.strictEqual(headers["content-encoding"] ?? "identity", coding)
          assert.isTrue(decode(answer).equals(plain.bytes), `${page} ${coding}`)
          assert.strictEqual(headers["content-type"], plain.headers["content-type"])
          assert.strictEqual(headers["content-length"], String(answer.bytes.length))
          assert.strictEqual(headers.vary, "accept-encoding")
          assert.match(headers.etag!, /^"[\w-]+"$/)
          assert.isDefined(headers["cache-control"])
          tags.add(headers.etag!)
          if (coding !== "identity") assert.isBelow(answer.bytes.length, plain.bytes.length / 2)

          const head = await ask(page, { "accept-encoding": coding }, "HEAD")
          // Each answer has a time and an id of its own.
          const { date: _one, "x-request-id": _oneId, ...ofGet } = headers
          const { date: _other, "x-request-id": _otherId, ...ofHead } = head.headers
          assert.deepStrictEqual([head.status, ofHead, head.bytes.length], [200, ofGet, 0])
        }
        assert.strictEqual(tags.size, 3)
        assert.strictEqual((await ask(page)).headers.etag, plain.headers.etag)
      }
    })
  )

  it.live.each([
    [undefined, "identity"],
    ["", "identity"],
    ["*", "br"],
    ["gzip, deflate, br", "br"],
    ["gzip", "gzip"],
    ["x-gzip", "gzip"],
    ["GZIP", "gzip"],
    ["deflate, zstd", "identity"],
    ["br;q=0.5, gzip;q=0.8", "gzip"],
    ["br;q=0.001", "br"],
    ["gzip;q=0.5, identity", "identity"],
    ["gzip;q=0.5, identity;q=0.5", "gzip"],
    ["br;q=0, gzip;q=0", "identity"],
    ["br;q=0, *", "gzip"],
    ["*;q=0.1, identity;q=0.2", "identity"],
    ["*;q=0, gzip", "gzip"],
    ["identity;q=0", 406],
    ["identity;q=0, br", "br"],
    ["identity;q=0, deflate", 406],
    ["*;q=0", 406],
    ["br;q=0, gzip;q=0.000, identity;q=0", 406],
    ["*;q=0, identity;q=0.1", "identity"],
    ["br ; q=0 , gzip ; q=1.0", "gzip"],
    ["gzip;q=2", "identity"],
    ["gzip;q=nonsense, br;q=0.1", "br"],
    [",,gzip,", "gzip"]
  ] as const)("Accept-Encoding: %s gives %s", ([header, expected]) =>
    withServer(async (url) => {
      const { bytes, headers, status } = await ask(
        `${url}/openapi.json`,
        header === undefined ? {} : { "accept-encoding": header }
      )
      assert.strictEqual(headers.vary, "accept-encoding")
      if (expected === 406) {
        const { code, status: member } = JSON.parse(bytes.toString()) as Record<string, unknown>
        assert.deepStrictEqual(
          [status, headers["content-type"], code, member],
          [406, "application/problem+json", "not_acceptable", 406]
        )
      } else assert.deepStrictEqual([status, headers["content-encoding"] ?? "identity"], [200, expected])
    })
  )

  it.live("are not sent again to who has them", () =>
    withServer(async (url) => {
      for (const page of [...PAGES.map((path) => url + path), await scriptOf(url)]) {
        for (const coding of ["identity", "br"]) {
          const encoding = { "accept-encoding": coding }
          const { etag, "cache-control": cacheControl } = (await ask(page, encoding)).headers
          for (const match of [etag!, `W/${etag}`, `"other", ${etag}`, `"a,b",W/"c", W/${etag} , "d"`, "*", " * "]) {
            for (const method of ["GET", "HEAD"]) {
              const { bytes, headers, status } = await ask(page, { ...encoding, "if-none-match": match }, method)
              assert.deepStrictEqual(
                [status, bytes.length, headers.etag, headers.vary, headers["cache-control"]],
                [304, 0, etag, "accept-encoding", cacheControl],
                match
              )
              assert.notProperty(headers, "content-encoding")
              assert.notProperty(headers, "content-type")
            }
          }
          const bare = etag!.slice(1, -1)
          for (const match of ['"other"', bare, `"x${bare}"`, `"${bare}`, '"*"', ""]) {
            assert.strictEqual((await ask(page, { ...encoding, "if-none-match": match })).status, 200, match)
          }
        }
        const { etag } = (await ask(page, { "accept-encoding": "br" })).headers
        // Another coding is another representation.
        assert.strictEqual((await ask(page, { "accept-encoding": "gzip", "if-none-match": etag! })).status, 200)
      }
    })
  )

  it.live("keep the script for ever under a name of what is in it, and ask about the rest", () =>
    withServer(async (url) => {
      for (const path of PAGES) {
        assert.strictEqual((await ask(url + path)).headers["cache-control"], "no-cache")
      }
      const script = await scriptOf(url)
      const { bytes, headers } = await ask(script)
      assert.match(headers["cache-control"]!, /immutable/)
      const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 16)
      assert.strictEqual(new URL(script).pathname, `/docs/scalar-${hash}.js`)
      // The page of operators uses the same one, and both find it behind a prefix.
      const html = (await ask(`${url}/admin/docs`)).bytes.toString()
      const src = /<script src="([^"]+)"/.exec(html)![1]!
      assert.strictEqual(new URL(src, `${url}/turnout/admin/docs`).pathname, `/turnout/docs/scalar-${hash}.js`)
      assert.strictEqual((await ask(`${url}/docs/scalar-0000000000000000.js`)).status, 404)
    })
  )

  it.live("a reader who leaves in the middle is nobody's concern", () =>
    withServer(async (url, logged) => {
      const script = await scriptOf(url)
      await new Promise<void>((resolve) => {
        nodeRequest(script, (response) => {
          response.once("data", () => {
            response.destroy()
            resolve()
          })
        }).end()
      })
      await new Promise((resolve) => setTimeout(resolve, 100))
      assert.strictEqual((await ask(`${url}/health/live`)).status, 204)
      assert.deepStrictEqual(logged, [])
    })
  )
})

/** Sends requests one after the other from a thread of its own, so that only answering them is in this one. */
const LOAD = `
  const { parentPort, workerData } = require("node:worker_threads")
  const { connect } = require("node:net")
  const one = ({ port, data }) => new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(data))
    socket.on("data", () => {})
    socket.on("error", () => {})
    socket.on("close", resolve)
  })
  parentPort.on("message", async ({ port, data, times }) => {
    for (let time = 0; time < times; time++) await one({ port, data })
    parentPort.postMessage("done")
  })
`

describe("what anybody may ask for costs little", () => {
  const raw = (method: string, path: string, headers: ReadonlyArray<string> = [], body = "") =>
    [
      `${method} ${path} HTTP/1.1`,
      "Host: x",
      "Connection: close",
      ...(body === "" ? [] : ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(body)}`]),
      ...headers,
      "",
      body
    ].join("\r\n")
  const key = `Idempotency-Key: ${randomUUID()}`
  const members = (n: number) => `{${Array.from({ length: n }, (_, index) => `"a${index}":1`).join(",")}}`
  const requests: ReadonlyArray<readonly [name: string, data: string]> = [
    ["the docs", raw("GET", "/docs")],
    ["the docs, compressed", raw("GET", "/docs", ["Accept-Encoding: gzip, br"])],
    ["the docs of operators", raw("GET", "/admin/docs")],
    ["the OpenAPI document", raw("GET", "/openapi.json")],
    ["a path full of escapes", raw("GET", `/events/${"%25".repeat(5_000)}`)],
    ["a method that a long path does not have", raw("DELETE", `/events/${"%25".repeat(800)}`)],
    [
      "a query of 2,000 parameters",
      raw("GET", `/events?${Array.from({ length: 2_000 }, (_, n) => `a${n}=1`).join("&")}`)
    ],
    [
      "1,500 headers",
      raw(
        "GET",
        "/health/live",
        Array.from({ length: 1_500 }, (_, n) => `a${n}:`)
      )
    ],
    ["a body of 5,000 unknown fields", raw("POST", "/events", [key], members(5_000))]
  ]

  it.live(
    "beside /health/live, whatever is asked for, and in whatever form",
    () =>
      withServer(async (url) => {
        const port = Number(new URL(url).port)
        const worker = new Worker(LOAD, { eval: true })
        const run = (data: string, times: number) =>
          new Promise<void>((resolve) => {
            worker.once("message", () => resolve())
            // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is a thread and no window
            worker.postMessage({ port, data, times })
          })
        /** CPU of this thread per request, in milliseconds: it does not count who else uses the machine. */
        const cost = async (data: string): Promise<number> => {
          await run(data, 10)
          let least = Infinity
          for (let round = 0; round < 3; round++) {
            const before = process.threadCpuUsage()
            await run(data, 20)
            const { system, user } = process.threadCpuUsage(before)
            least = Math.min(least, (user + system) / 1_000 / 20)
          }
          return least
        }
        try {
          await run(raw("GET", "/health/live"), 200)
          const live = await cost(raw("GET", "/health/live"))
          for (const [name, data] of requests) {
            const ratio = (await cost(data)) / live
            // To read 55 kB of JSON takes its time; to refuse it does not.
            assert.isBelow(ratio, data.startsWith("POST") ? 25 : 10, name)
          }
        } finally {
          await worker.terminate()
        }
      }),
    60_000
  )

  it.live("an answer lists a bounded number of what is wrong", () =>
    withServer(async (url) => {
      const post = async (path: string, body: string, longest = 100_000) => {
        const response = await fetch(url + path, {
          method: "POST",
          headers: { "content-type": "application/json", "idempotency-key": "k", authorization: `Bearer ${TOKEN}` },
          body
        })
        assert.strictEqual(response.status, 400)
        const text = await response.text()
        const { code, violations } = JSON.parse(text) as { code: string; violations: ReadonlyArray<unknown> }
        assert.strictEqual(code, "validation_failed")
        assert.isAtMost(violations.length, 101)
        assert.isBelow(text.length, longest)
        return violations
      }
      const { length } = await post("/events", members(400))
      assert.strictEqual(length, 101)
      assert.deepInclude(await post("/events", members(5_000)), {
        in: "body",
        pointer: "",
        rule: "must have at most 500 members"
      })
      await post(`/events/${randomUUID()}/publish`, members(400))
      await post("/admin/outbox/repair", members(400))
      const types = JSON.stringify(Array.from({ length: 10_000 }, () => "x"))
      assert.deepInclude(await post("/admin/replays", `{"sink":"x","types":${types}}`), {
        in: "body",
        pointer: "/types",
        rule: "must have at most 500 members"
      })
      const some = JSON.stringify(Array.from({ length: 500 }, () => "x"))
      // This rule names every type of message.
      await post("/admin/replays", `{"sink":"x","types":${some}}`, 6_000 * JournalEventType.literals.length)
    })
  )
})
