/**
 * The people who have registered for the events of an organization, as a suite: nobody else's are among them, and nothing is said of
 * what they have registered for elsewhere.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import * as RegisteredPeople from "@turnout/core/admission/application/RegisteredPeople"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { AttendeeId } from "@turnout/core/admission/domain/model/Attendee"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import { eventOf, organization } from "../access/GuardGiven.ts"

const register = (eventId: string, email: string, name: string) =>
  Turnout.Turnout.use((turnout) => turnout.register(eventId, { attendee: { email, name } }))

/** All people, page by page, as their ids, names and numbers of registrations. */
const everybody = Effect.fnUntraced(function* (of: OrganizationId, search?: string, limit = 2) {
  const found: Array<string> = []
  let after: AttendeeId | null = null
  for (;;) {
    const page: ReadonlyArray<{ id: AttendeeId; name: string; registrations: number }> = yield* RegisteredPeople.list(
      of,
      search === undefined ? {} : { search },
      { after, limit }
    )
    found.push(...page.map(({ id, name, registrations }) => `${id} ${name} ${registrations}`))
    if (page.length < limit) return found
    after = page.at(-1)!.id
  }
})

export const suite = <E>(
  name: string,
  store: Layer.Layer<AdmissionStore | AdmissionReads | OrganizationStore, E>
): void => {
  describe(`people of an organization on ${name}`, () => {
    withLayer(Turnout.layer().pipe(Layer.provideMerge(store)), { excludeTestServices: true, timeout: 60_000 })((it) => {
      it.effect("are those who have registered for its events, as they did last, and nobody else", () =>
        Effect.gen(function* () {
          const [ours, theirs] = [yield* organization(), yield* organization()]
          const [one, other, anothers] = [yield* eventOf(ours), yield* eventOf(ours), yield* eventOf(theirs)]
          const at = randomUUID()
          const emailOf = (person: string) => `${person}-${at}@example.com`
          yield* register(one.id, emailOf("ada"), "Ada")
          const { registration } = yield* register(one.id, emailOf("bob"), "Bob")
          yield* Turnout.Turnout.use((turnout) => turnout.cancelRegistration(one.id, registration.id))
          yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))
          yield* register(other.id, emailOf("ada"), "Ada Lovelace")
          yield* register(anothers.id, emailOf("ada"), "Kept elsewhere")
          yield* register(anothers.id, emailOf("eve"), "Eve")
          const [ada, bob, eve] = ["ada", "bob", "eve"].map((person) => `mailto:${emailOf(person)}`)
          assert.deepStrictEqual(yield* everybody(ours), [`${ada} Ada Lovelace 2`, `${bob} Bob 1`])
          assert.deepStrictEqual(yield* everybody(theirs), [`${ada} Kept elsewhere 1`, `${eve} Eve 1`])
          assert.deepStrictEqual(yield* everybody(ours, "lovel"), [`${ada} Ada Lovelace 2`])
          assert.deepStrictEqual(yield* everybody(ours, "bob"), [`${bob} Bob 1`])
          assert.deepStrictEqual(yield* everybody(ours, "eve"), [])
          assert.deepStrictEqual(yield* everybody(yield* organization()), [])
        })
      )

      it.effect("come in the order of the code points of their ids, also of those beyond the basic plane", () =>
        Effect.gen(function* () {
          const ours = yield* organization()
          const own = yield* eventOf(ours, { capacity: 100 })
          // In UTF-16, the last two would come before the third.
          const ids = ["z", "é", "\ufa0e", "\u{1f3ab}", "\u{20000}"].map((beginning) => `${beginning}-${randomUUID()}`)
          for (const id of ids.toReversed())
            yield* Turnout.Turnout.use((turnout) =>
              turnout.register(own.id, { attendee: { id, email: "ada@example.com", name: "Ada" } })
            )
          for (const limit of [1, 2, 10])
            assert.deepStrictEqual(
              yield* everybody(ours, undefined, limit),
              ids.map((id) => `${id} Ada 1`)
            )
        })
      )

      it.effect("come page by page, whatever the number of people of others between them", () =>
        Effect.gen(function* () {
          const [ours, theirs] = [yield* organization(), yield* organization()]
          const [own, anothers] = [yield* eventOf(ours, { capacity: 100 }), yield* eventOf(theirs, { capacity: 100 })]
          const at = randomUUID()
          const emails = Array.from({ length: 45 }, (_, n) => `${String(n).padStart(2, "0")}-${at}@example.com`)
          yield* Effect.forEach(emails, (email, n) => register(n % 3 === 0 ? own.id : anothers.id, email, "Somebody"), {
            concurrency: 10
          })
          const expected = emails.filter((_, n) => n % 3 === 0).map((email) => `mailto:${email} Somebody 1`)
          for (const limit of [1, 4, 15, 100])
            assert.deepStrictEqual(yield* everybody(ours, undefined, limit), expected)
        })
      )
    })
  })
}
