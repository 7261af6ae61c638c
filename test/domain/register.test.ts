/**
 * `Register`, made from input: the same command whichever way a registration comes in.
 */
import * as Register from "@turnout/core/admission/domain/model/Register"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "vitest"

const EVENT = "0196fd0c-5a5f-7b7e-8a57-6dbf8bb3f6c1" as EventId
const packages = fileURLToPath(new URL("../../packages", import.meta.url))

describe("a command to register a guest", () => {
  it("has no notes, and joins the waitlist if no seat is free, unless the input says more", () => {
    assert.deepStrictEqual(Register.guestFromInput(EVENT, { attendee: { email: "ada@example.com" } }), {
      _tag: "RegisterGuest",
      eventId: EVENT,
      attendee: { id: "mailto:ada@example.com" as never, name: "", email: "ada@example.com" },
      notes: "",
      beyond: null
    })
  })

  it("keeps what is given", () => {
    const attendee = { id: "ada", name: "Ada", email: "ada@example.com" }
    assert.deepStrictEqual(Register.guestFromInput(EVENT, { attendee, notes: "vegan", beyond: "raise" }), {
      _tag: "RegisterGuest",
      eventId: EVENT,
      attendee: { ...attendee, id: "ada" as never },
      notes: "vegan",
      beyond: "raise"
    })
  })
})

describe("a command to register", () => {
  it("has the attendee that the input stands for, no notes, and no time unless they are given", () => {
    assert.deepEqual(Register.fromInput(EVENT, { attendee: { email: "ada@example.com" } }), {
      _tag: "Register",
      eventId: EVENT,
      attendee: { id: "mailto:ada@example.com" as never, name: "", email: "ada@example.com" },
      notes: "",
      registeredAt: null
    })
  })

  it("keeps what is given", () => {
    const attendee = { id: "ada", name: "Ada", email: "ada@example.com" }
    const registeredAt = new Date("2030-05-01T18:00:00Z")
    assert.deepEqual(Register.fromInput(EVENT, { attendee, notes: "vegan" }, registeredAt), {
      _tag: "Register",
      eventId: EVENT,
      attendee: { ...attendee, id: "ada" as never },
      notes: "vegan",
      registeredAt
    })
  })

  it("is made in one place", () => {
    const places = readdirSync(packages).flatMap((name) =>
      readdirSync(join(packages, name, "src"), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts"))
        .filter((file) => /_tag: "Register",/.test(readFileSync(join(packages, name, "src", file), "utf8")))
        .map((file) => `${name}/src/${file}`)
    )
    assert.deepStrictEqual(places, ["core/src/admission/domain/model/Register.ts"])
  })
})
