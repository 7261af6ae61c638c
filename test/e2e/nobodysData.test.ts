/**
 * Nobody's data, and no secret, is in a log, a span or a metric: a server is used by people with marked names, in every way that it has and in
 * many that fail, and everything that it has written is searched for the marks.
 */
import { randomUUID } from "node:crypto"
import { setTimeout as pause } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"
import * as OtlpCollector from "../support/OtlpCollector.ts"
import { freePort } from "../support/PostgresServer.ts"
import * as RedisServer from "../support/RedisServer.ts"
import * as SqsServer from "../support/SqsServer.ts"

const sqs = SqsServer.use()

/** In every text that is somebody's, or a secret. */
const MARK = "zzmarked"

const JSON_TYPE = { "content-type": "application/json" }

/** Whether a text has the mark, also as it stands in a URL, in base64 or in capital letters. */
const isMarked = (text: string): boolean => {
  const lower = text.toLowerCase()
  const encodings = [0, 1, 2].map((shift) =>
    Buffer.from("x".repeat(shift) + MARK)
      .toString("base64")
      .slice(4, 10)
  )
  return lower.includes(MARK) || encodings.some((encoding) => text.includes(encoding))
}

describe("what a server writes of its work", { timeout: 120_000 }, () => {
  it("has no name, no address, no token, no key and no secret in it", async () => {
    await using collector = await OtlpCollector.start()
    await using redis = await RedisServer.start()
    await using turnout = await CommandLine.onPostgres()
    const { queueUrl } = sqs.queues().createQueue(`${randomUUID()}.fifo`, { attributes: { FifoQueue: "true" } })
    const closed = `127.0.0.1:${await freePort()}`
    const staff = (await turnout.json("keys", "create", "--name", `${MARK} door`, "--role", "operator")) as unknown as {
      readonly document: { readonly text: string }
    }
    const variables = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_SCHEDULE_DELAY: "50",
      OTEL_BLRP_SCHEDULE_DELAY: "50",
      OTEL_METRIC_EXPORT_INTERVAL: "200"
    }
    const options = {
      redis: redis.url.replace("redis://", `redis://${MARK}:${MARK}@`),
      "admin-token": `${MARK}-admin-token`,
      smtp: `smtp://${MARK}:${MARK}@${closed}`,
      "mail-from": `${MARK} <${MARK}@example.com>`,
      sqs: queueUrl,
      "sqs-endpoint": sqs.endpoint(),
      "sqs-region": "us-east-1",
      "metrics-port": "0"
    }
    const switches = ["--no-open", "--json", "--log-requests", "--allow-private-webhooks", "--no-limits"]
    const { printed, stop, url } = await turnout.serveWith(
      variables,
      ...switches,
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
    )
    const { metrics } = JSON.parse(printed.stdout) as { readonly metrics: string }
    const statuses = new Map<number, number>()
    const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
      const response = await fetch(url + path, {
        method,
        headers: {
          ...JSON_TYPE,
          authorization: `Bearer ${staff.document.text}`,
          "idempotency-key": `${MARK} ${randomUUID()}`,
          "user-agent": MARK,
          ...headers
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) })
      })
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
      const text = await response.text()
      return (text.startsWith("{") ? JSON.parse(text) : {}) as CommandLine.Document & Readonly<Record<string, never>>
    }
    const attendee = (n: number) => ({ name: `Ada ${MARK}`, email: `${MARK}.${n}@example.com` })

    const { id } = await ask("POST", "/events", { ...Given.eventInput({ capacity: 2 }), title: `A talk by ${MARK}` })
    await ask("POST", `/events/${id}/publish`)
    await ask("POST", "/admin/webhooks", { url: `http://${closed}/hooks/${MARK}?token=${MARK}`, description: MARK })
    const all: Array<string> = []
    for (let n = 0; n < 4; n++) {
      const { registration } = await ask("POST", `/events/${id}/registrations`, { attendee: attendee(n), notes: MARK })
      all.push(registration.id)
    }
    // Nothing that is refused, or cannot be understood, is shown either.
    await ask("POST", `/events/${id}/registrations`, { attendee: attendee(0) })
    await ask("POST", `/events/${id}/registrations`, { attendee: { name: MARK, email: `${MARK} is no address` } })
    await ask("POST", `/events/${id}/registrations`, `{"attendee": "${MARK}`)
    await ask("POST", `/events/${MARK}/registrations`, { attendee: attendee(1) })
    await ask("GET", `/events/${id}/registrations?search=${MARK}&total=true`)
    await ask("GET", `/events?search=${MARK}`)
    await ask("GET", `/attendees/${encodeURIComponent(`mailto:${MARK}.1@example.com`)}/registrations`)
    await ask("GET", `/nowhere/${MARK}?${MARK}=${MARK}`)
    await ask("GET", `/events/${id}/registrations/${all[3]}/position`)
    await ask("POST", `/events/${id}/registrations/${all[0]}/cancel`, {})
    await ask("PATCH", `/events/${id}/registrations/${all[1]}`, { attendee: { name: `${MARK} again` } })
    await ask("GET", `/events/${id}/registrations.csv`)
    await ask("GET", `/people?search=${MARK}`)
    await ask("POST", "/sign-in", { address: `${MARK}.7@example.com` })
    await ask("POST", "/sign-in/redeem", { link: `tm_${MARK}` })
    for (const token of [`${MARK}-wrong-token`, `${MARK}-admin-token`, `ts_${randomUUID()}_${MARK}`, `a.${MARK}.c`])
      await ask("GET", "/events", undefined, { authorization: `Bearer ${token}` })
    await ask("GET", "/events", undefined, {
      cookie: `turnout_session=${MARK}`,
      "x-forwarded-for": MARK,
      referer: MARK
    })
    await ask("GET", "/events", undefined, { authorization: "", "x-request-id": "seen", traceparent: MARK })

    // The mail and the webhook fail meanwhile, and Redis refuses the password.
    for (const line of ["a sign-in link could not be mailed", "Redis cannot be used", "webhook "])
      await CommandLine.until(() => printed.stderr.includes(line), line, 30)
    await pause(500)
    const scraped = await (await fetch(metrics)).text()
    const { code, stderr, stdout } = await stop("SIGTERM")
    assert.strictEqual(code, 0)
    for (const status of [200, 201, 400, 401, 404, 409]) assert.isTrue(statuses.has(status), `nothing was ${status}`)

    const written = { stderr, stdout, scraped, telemetry: collector.bodies.join("\n") }
    assert.isTrue(isMarked(`Bearer ${Buffer.from(`user:${MARK}`).toString("base64")}`), "the search finds nothing")
    assert.include(stderr, "seen")
    assert.include(stderr, "requests come from a neighbour with X-Forwarded-For")
    assert.include(written.telemetry, "/events/:eventId/registrations")
    assert.include(scraped, "http_server_request_duration_seconds")
    const requests = new Set(collector.requests.map(({ path }) => path))
    for (const signal of ["traces", "metrics", "logs"]) assert.isTrue(requests.has(`/v1/${signal}`), signal)
    for (const [where, text] of Object.entries(written)) {
      const lines = text.split(/\n|(?<=\})(?=,\{)/).filter(isMarked)
      assert.deepStrictEqual(lines.slice(0, 5), [], where)
    }
  })
})
