/**
 * `turnout people`: those who have registered for the events of an organization.
 */
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"

describe("turnout people", { timeout: 180_000 }, () => {
  it.concurrent("lists those who have registered for events of an organization, and nobody else", async () => {
    await using turnout = await CommandLine.onPostgres()
    const server = await turnout.serve()
    await turnout.run("organizations", "add", "music", "--name", "Music society")
    const post = async (path: string, body: unknown) => {
      const response = await fetch(server.url + path, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
        body: JSON.stringify(body)
      })
      return (await response.json()) as { readonly id: string }
    }
    const { document } = await turnout.json("organizations", "list")
    const music = (document.items as unknown as ReadonlyArray<{ id: string; slug: string }>).find(
      ({ slug }) => slug === "music"
    )!
    for (const [organizationId, n] of [
      [music.id, 1],
      [undefined, 2]
    ] as const) {
      const event = await post("/events", { ...Given.eventInput(), ...(organizationId && { organizationId }) })
      await post(`/events/${event.id}/publish`, {})
      await post(`/events/${event.id}/registrations`, Given.person(n))
    }
    const listed = await turnout.json("people", "list", "--organization", "music")
    assert.deepStrictEqual(
      (listed.document.items as unknown as ReadonlyArray<{ email: string; registrations: number }>).map(
        ({ email, registrations }) => [email, registrations]
      ),
      [["person-1@example.com", 1]]
    )
    const printed = await turnout.run("people", "list", "--organization", "music", "--search", "person")
    assert.match(printed.stdout, /Person 1 +person-1@example\.com/)
    const nobody = await turnout.json("people", "list", "--organization", "music", "--search", "nobody")
    assert.deepStrictEqual([...nobody.document.items] as ReadonlyArray<unknown>, [])
    const unknown = await turnout.json("people", "list", "--organization", "nowhere")
    assert.deepStrictEqual([unknown.code, unknown.document.error._tag], [1, "OrganizationNotFound"])
    const missing = await turnout.json("people", "deactivate", "01a1fc98-aa31-70bb-aea8-a708368a1d5e")
    assert.deepStrictEqual([missing.code, missing.document.error._tag], [1, "PersonNotFound"])
    await server.stop("SIGTERM")
  })
})
