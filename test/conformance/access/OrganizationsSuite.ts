/**
 * The contract of a store of organizations, and of the store of events that looks into it, as a suite. One line runs it on a store:
 *
 * ```ts
 * suite("my organizations", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Organizations from "@turnout/core/access/application/Organizations"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { EventId } from "@turnout/core/kernel/domain/EventId"
import { DEFAULT_ORGANIZATION, OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"

const use = <A, E, R>(f: (organizations: Organizations.Organizations["Service"]) => Effect.Effect<A, E, R>) =>
  Organizations.Organizations.use(f)

/** A short name that no other test takes. */
const newSlug = () => `it-${randomUUID().slice(0, 13)}`

const create = (slug = newSlug(), name = "Music society") => use(({ create }) => create({ slug, name }, "ada"))

/** The entries of the audit log about an organization, the first first. */
const entriesOf = (id: string) =>
  Effect.map(
    AuditLog.use((log) => log.list({ after: null, limit: 200 })),
    (entries) =>
      entries
        .filter(({ details }) => details["organization"] === id)
        .toReversed()
        .map(({ action, details, who }) => [who, action, details["slug"], details["name"]])
  )

const all = Effect.gen(function* () {
  const found: Array<string> = []
  for (let after: string | null = null; ;) {
    const page: ReadonlyArray<{ readonly slug: string }> = yield* use(({ list }) => list({ after, limit: 2 }))
    if (page.length === 0) return found
    found.push(...page.map(({ slug }) => slug))
    after = page.at(-1)!.slug
  }
})

export const suite = <E>(
  name: string,
  layer: Layer.Layer<AuditLog | OrganizationStore | AdmissionStore | AdmissionReads, E>
): void => {
  const services = Layer.mergeAll(Organizations.layer, Turnout.layer()).pipe(Layer.provideMerge(layer))
  describe(`organizations: ${name}`, () => {
    withLayer(services, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("are the default one in the beginning, which can be renamed", () =>
        Effect.gen(function* () {
          const { createdAt, ...first } = yield* use(({ get }) => get("default"))
          assert.deepStrictEqual(first, { id: DEFAULT_ORGANIZATION, slug: "default", name: "Default organization" })
          assert.isAtMost(createdAt.getTime(), Date.now() + 5_000)
          const renamed = yield* use(({ update }) => update("default", { name: "Town hall" }, "grace"))
          assert.deepStrictEqual(renamed, { ...first, name: "Town hall", createdAt })
          assert.deepStrictEqual(yield* use(({ get }) => get(DEFAULT_ORGANIZATION)), renamed)
          yield* use(({ update }) => update(DEFAULT_ORGANIZATION, { name: first.name }, "grace"))
        })
      )

      it.effect("are added once under an id, each with an entry in the audit log", () =>
        Effect.gen(function* () {
          const [id, slug] = [OrganizationId.make(randomUUID()), newSlug()]
          const add = OrganizationStore.use((store) => store.create(id, { slug, name: "O'Hara & «Söhne»" }, "ada"))
          const made = yield* add
          assert.deepInclude(made, { id, slug, name: "O'Hara & «Söhne»" })
          assert.deepStrictEqual(yield* add, made)
          assert.deepStrictEqual(yield* entriesOf(id), [["ada", "organizations.create", slug, "O'Hara & «Söhne»"]])
          assert.deepStrictEqual(yield* use(({ get }) => get(slug)), made)
          assert.deepStrictEqual(yield* use(({ get }) => get(id.toUpperCase())), made)
        })
      )

      it.effect("have short names that no two share, whoever is first", () =>
        Effect.gen(function* () {
          const slug = newSlug()
          const attempts = yield* Effect.forEach([1, 2, 3, 4, 5], (n) => Effect.result(create(slug, `${n}`)), {
            concurrency: "unbounded"
          })
          assert.strictEqual(attempts.filter(({ _tag }) => _tag === "Success").length, 1)
          const others = [yield* create(), yield* create()]
          const taken = newSlug()
          const renamed = yield* Effect.forEach(
            others,
            ({ id }) => Effect.result(use(({ update }) => update(id, { slug: taken }, "grace"))),
            { concurrency: "unbounded" }
          )
          assert.strictEqual(renamed.filter(({ _tag }) => _tag === "Success").length, 1)
          const refused = yield* Effect.flip(create(taken))
          assert.deepInclude(refused, { _tag: "SlugTaken", slug: taken })
        })
      )

      it.effect("are changed where there is something to change, and only then with an entry", () =>
        Effect.gen(function* () {
          const { id, slug, ...made } = yield* create()
          const update = (changes: object) => use(({ update }) => update(id, changes, "grace"))
          assert.deepStrictEqual(yield* update({}), { id, slug, ...made })
          assert.deepStrictEqual(yield* update({ slug, name: made.name }), { id, slug, ...made })
          const next = newSlug()
          assert.deepStrictEqual(yield* update({ slug: next }), { id, ...made, slug: next })
          assert.deepStrictEqual(yield* entriesOf(id), [
            ["ada", "organizations.create", slug, made.name],
            ["grace", "organizations.update", next, made.name]
          ])
          assert.strictEqual((yield* Effect.flip(use(({ get }) => get(slug))))._tag, "OrganizationNotFound")
          // The short name before is free.
          assert.strictEqual((yield* create(slug)).slug, slug)
        })
      )

      it.effect.each(["nobody", randomUUID(), "", " default", "DEFAULT", "a\u0000b", "'", "x".repeat(5_000)])(
        "are not found by %j",
        (name) =>
          Effect.gen(function* () {
            const refused = { _tag: "OrganizationNotFound" as const, organization: name }
            assert.deepInclude(yield* Effect.flip(use(({ get }) => get(name))), refused)
            assert.deepInclude(yield* Effect.flip(use(({ update }) => update(name, { name: "X" }, "ada"))), refused)
          })
      )

      it.effect.each([
        [{ slug: "Music", name: "X" }, "slug"],
        [{ slug: "-music", name: "X" }, "slug"],
        [{ slug: "music--society", name: "X" }, "slug"],
        [{ slug: "a".repeat(64), name: "X" }, "slug"],
        [{ slug: randomUUID(), name: "X" }, "slug"],
        [{ slug: "music", name: " " }, "name"],
        [{ slug: "music", name: "x".repeat(201) }, "name"]
      ] as const)("refuse %j and name the field", ([input, field]) =>
        Effect.gen(function* () {
          const refused = yield* Effect.flip(use(({ create }) => create(input, "ada")))
          assert.strictEqual(refused._tag, "InvalidInput")
          assert.deepStrictEqual(refused._tag === "InvalidInput" && refused.issues.map((issue) => issue.field), [field])
        })
      )

      it.effect("are listed by their short names, page by page", () =>
        Effect.gen(function* () {
          const [one, other] = [yield* create(`a-${newSlug()}`), yield* create(`zz-${newSlug()}`)]
          const listed = yield* all
          assert.includeMembers(listed, [one.slug, "default", other.slug])
          assert.deepStrictEqual(listed, listed.toSorted(), "in the order of their code units")
          assert.strictEqual(new Set(listed).size, listed.length)
        })
      )

      it.effect("own events for ever, and no event is made for one that is not there", () =>
        Effect.gen(function* () {
          const { id: organizationId } = yield* create()
          const turnout = yield* Turnout.Turnout
          const event = yield* Given.draftEvent({ organizationId })
          assert.strictEqual(event.organizationId, organizationId)
          yield* turnout.publishEvent(event.id)
          yield* turnout.updateEvent(event.id, { title: "Another title" })
          yield* Given.register(event.id, 1)
          const read = yield* turnout.getEvent(event.id)
          assert.deepInclude(read, { organizationId, title: "Another title" })
          const ofNobody = randomUUID()
          const refused = yield* Effect.flip(Given.draftEvent({ organizationId: ofNobody }))
          assert.deepInclude(refused, { _tag: "OrganizationNotFound", organization: ofNobody })
          const { organizationId: byDefault } = yield* Given.draftEvent()
          assert.strictEqual(byDefault, DEFAULT_ORGANIZATION)
        })
      )

      it.effect("own what they have owned, also when it was deleted", () =>
        Effect.gen(function* () {
          const { id: organizationId } = yield* create()
          const turnout = yield* Turnout.Turnout
          const kept = yield* Given.draftEvent({ organizationId })
          const gone = yield* Given.draftEvent({ organizationId })
          const [defaultKept, defaultGone] = [yield* Given.draftEvent(), yield* Given.draftEvent()]
          for (const { id } of [gone, defaultGone]) yield* turnout.deleteEvent(id)
          const never = EventId.make(randomUUID())
          const ids = [kept.id, gone.id, never, defaultKept.id, defaultGone.id]
          const found = yield* AdmissionReads.use((reads) => reads.organizationsOf(ids))
          assert.sameDeepMembers(
            [...found],
            [
              [kept.id, organizationId],
              [gone.id, organizationId],
              [defaultKept.id, DEFAULT_ORGANIZATION],
              [defaultGone.id, DEFAULT_ORGANIZATION]
            ]
          )
          assert.strictEqual((yield* AdmissionReads.use((reads) => reads.organizationsOf([]))).size, 0)
          const { items } = yield* turnout.listJournal(gone.id)
          assert.deepStrictEqual(items.at(-1)?.payload, { organizationId }, "all that pruning leaves says it")
        })
      )

      it.effect("are asked for their events alone, with every other condition, and counted", () =>
        Effect.gen(function* () {
          const [one, other] = [yield* create(), yield* create()]
          const turnout = yield* Turnout.Turnout
          const ids: Array<EventId> = []
          for (const organizationId of [one.id, other.id, one.id, one.id]) {
            const { id } = yield* Given.draftEvent({ organizationId, organizer: "Everybody" })
            if (organizationId === one.id) ids.push(id)
          }
          yield* turnout.publishEvent(ids[1]!)
          const of = (query: object) =>
            Effect.map(turnout.listEvents({ organizationId: one.id, total: true, ...query }), ({ items, total }) => [
              items.map(({ id }) => id).toSorted(),
              total
            ])
          assert.deepStrictEqual(yield* of({}), [ids.toSorted(), 3])
          assert.deepStrictEqual(yield* of({ organizer: "Everybody", limit: 500 }), [ids.toSorted(), 3])
          assert.deepStrictEqual(yield* of({ status: "published" }), [[ids[1]!], 1])
          assert.deepStrictEqual(yield* of({ organizer: "Nobody" }), [[], 0])
          assert.deepStrictEqual(yield* of({ from: new Date(0) }), [ids.toSorted(), 3])
          assert.deepStrictEqual(yield* of({ organizationId: randomUUID() }), [[], 0])
        })
      )
    })
  })
}
