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

const fire = async (url: string, connections: number, seconds: number, request: autocannon.Request): Promise<Turn> => {
  const result = await autocannon({ url, connections, duration: seconds, requests: [request] })
  if (result.errors > 0 || result.non2xx > 0) {
    throw new Error(`${result.errors} requests failed, ${result.non2xx} were not answered with 2xx`)
  }
  return { perSecond: result.requests.average, p50Millis: result.latency.p50, p99Millis: result.latency.p99 }
}
