/**
 * Sessions and sign-in links: for how long they are valid, and what is said of those that are not.
 */
import { PersonId } from "@turnout/core/access/domain/Person"
import {
  PersonDeactivated,
  type Session,
  SessionNotFound,
  validMillis
} from "@turnout/core/access/domain/signIn/Session"
import { LinkRefused } from "@turnout/core/access/domain/signIn/SignInLink"
import { LinkNotSent } from "@turnout/core/access/ports/SignInMail"
import { assert, describe, it } from "vitest"

describe("a session", () => {
  const now = new Date("2030-01-01T00:00:00Z")
  const session = (endsAt: number): Session => ({
    id: "f".repeat(32),
    personId: PersonId.make("00000000-0000-4000-8000-000000000001"),
    createdAt: new Date(0),
    lastUsedAt: new Date(0),
    endsAt: new Date(endsAt),
    userAgent: null,
    address: null
  })

  it("is valid until it ends", () => {
    assert.strictEqual(validMillis(session(now.getTime() + 1_500), now), 1_500)
    assert.strictEqual(validMillis(session(now.getTime()), now), 0)
    assert.strictEqual(validMillis(session(now.getTime() - 1), now), 0)
  })

  it("that is not there, and a link that does not work, are told of in words", () => {
    assert.strictEqual(new SessionNotFound({ id: "s" }).message, "There is no session s.")
    assert.strictEqual(new PersonDeactivated({ id: "p" }).message, "Person p is deactivated.")
    assert.strictEqual(new LinkRefused().message, "The link is not valid, or was used already: ask for a new one.")
    const cause = new Error("connection refused")
    assert.strictEqual(new LinkNotSent({ cause }).message, "The mail could not be sent: connection refused")
    assert.strictEqual(new LinkNotSent({ cause: "no" }).message, "The mail could not be sent: no")
  })
})
