/**
 * The load of one turn over HTTP, which comes from this process.
 */
import autocannon from "autocannon"
import { randomUUID } from "node:crypto"
import * as Database from "../support/Database.ts"

export interface Turn {
  readonly perSecond: number
  readonly p50Millis: number
  readonly p99Millis: number
}

/** Registers people for the first event over HTTP, by as many connections and for as long as told, with a credential or without. */
export const load = async (url: string, connections: number, seconds: number, credential?: string): Promise<Turn> => {
  const authorization = credential === undefined ? {} : { authorization: `Bearer ${credential}` }
  return await fire(`${url}/events/${Database.eventId(1)}/registrations`, connections, seconds, {
    method: "POST",
    setupRequest: (request) => ({
      ...request,
      headers: { "content-type": "application/json", "idempotency-key": randomUUID(), ...authorization },
      body: JSON.stringify({ attendee: { email: `${randomUUID()}@example.com`, name: "Ada Lovelace" } })
    })
  })
}

/** Looks at the first event over HTTP. */
export const look = (url: string, connections: number, seconds: number): Promise<Turn> =>
  fire(`${url}/events/${Database.eventId(1)}`, connections, seconds, { method: "GET" })

/** The same by clients that have the event in its present version. */
export const ask = async (url: string, connections: number, seconds: number): Promise<Turn> => {
  const at = `${url}/events/${Database.eventId(1)}`
  const headers = { "if-none-match": (await fetch(at)).headers.get("etag")! }
  const { status } = await fetch(at, { headers })
  if (status !== 304) throw new Error(`a client that has the event was answered with ${status}`)
  return await fire(at, connections, seconds, { method: "GET", headers }, 304)
}

const fire = async (
  url: string,
  connections: number,
  seconds: number,
  request: autocannon.Request,
  status?: 304
): Promise<Turn> => {
  const result = await autocannon({ url, connections, duration: seconds, requests: [request] })
  const others = status === undefined ? result.non2xx : result["2xx"] + result["4xx"] + result["5xx"]
  if (result.errors > 0 || others > 0) {
    throw new Error(`${result.errors} requests failed, ${others} were not answered with ${status ?? "2xx"}`)
  }
  return { perSecond: result.requests.average, p50Millis: result.latency.p50, p99Millis: result.latency.p99 }
}
