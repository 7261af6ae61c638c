/**
 * What a user would pick instead, doing nothing: fastify on the same routes. It checks a registration by a JSON schema as strict as ours,
 * and answers at once with what a registration looks like; and it answers the look at an event with a constant as long as an event.
 */
import Fastify from "fastify"
import { randomUUID } from "node:crypto"
import type { AddressInfo } from "node:net"
import * as Script from "../support/Script.ts"

const text = (minLength: number, maxLength: number, more: object = {}) => ({
  type: "string",
  minLength,
  maxLength,
  ...more
})
const object = (required: ReadonlyArray<string>, properties: object) => ({
  type: "object",
  additionalProperties: false,
  required,
  properties
})
const nullable = (type: string) => ({ type: [type, "null"] })

const attendee = object(["email"], {
  id: text(1, 254),
  name: text(1, 200),
  email: text(3, 254, { format: "email" })
})
const registration = object([], {
  id: { type: "string" },
  eventId: { type: "string" },
  attendee: object([], { id: { type: "string" }, name: nullable("string"), email: { type: "string" } }),
  notes: nullable("string"),
  state: { type: "string" },
  sequence: { type: "integer" },
  registeredAt: { type: "string" },
  changedAt: { type: "string" }
})
const params = object(["eventId"], { eventId: text(36, 36, { format: "uuid" }) })

interface Registering {
  readonly Params: { readonly eventId: string }
  readonly Body: { readonly attendee: { readonly id?: string; readonly name?: string; readonly email: string } }
}

const at = new Date().toISOString()
const app = Fastify()

app.post<Registering>(
  "/events/:eventId/registrations",
  {
    schema: {
      params,
      headers: { type: "object", required: ["idempotency-key"], properties: { "idempotency-key": text(1, 255) } },
      body: object(["attendee"], { attendee, notes: text(0, 2_000) }),
      response: { 201: object([], { registration, waitlistPosition: nullable("integer"), link: { type: "string" } }) }
    }
  },
  ({ body, params: { eventId } }, reply) => {
    const id = randomUUID()
    const { email, name = null } = body.attendee
    reply.code(201).header("location", `/events/${eventId}/registrations/${id}`)
    return {
      registration: {
        id,
        eventId,
        attendee: { id: `mailto:${email}`, name, email },
        notes: null,
        state: "confirmed",
        sequence: 1,
        registeredAt: at,
        changedAt: at
      },
      waitlistPosition: null,
      link: `tl_${id}_${id}`
    }
  }
)

const { event } = Script.settings<{ readonly event: unknown }>()
const constant = JSON.stringify(event)
app.get("/events/:eventId", { schema: { params } }, (_request, reply) => {
  reply.header("content-type", "application/json").header("etag", '"1"').send(constant)
})

await app.listen({ host: "127.0.0.1", port: 0 })
Script.result({ url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` })
