/**
 * The contract of a store of API keys, as a suite. One line runs it on a store:
 *
 * ```ts
 * suite("my API keys", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as ApiKeys from "@turnout/core/access/application/ApiKeys"
import { digestOf } from "@turnout/core/access/application/Secrets"
import * as Organizations from "@turnout/core/access/application/Organizations"
import type { ApiKey, ApiKeyInput } from "@turnout/core/access/domain/credentials/ApiKey"
import { parse } from "@turnout/core/access/domain/credentials/Credential"
import { permissionsOf, type Role } from "@turnout/core/access/domain/policy/Role"
import { ApiKeyStore } from "@turnout/core/access/ports/ApiKeyStore"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"

const use = <A, E, R>(f: (keys: ApiKeys.ApiKeys["Service"]) => Effect.Effect<A, E, R>) => ApiKeys.ApiKeys.use(f)
const find = (id: string) => ApiKeyStore.use((store) => store.find(id))

const HOUR = 3_600_000
/** The largest difference between the clock of a store and that of the test. */
const TOLERANCE_MILLIS = 5_000

const isAbout = (actual: Date | number | null | undefined, expected: number) => {
  assert.isAbove(Number(actual), expected - TOLERANCE_MILLIS)
  assert.isBelow(Number(actual), expected + TOLERANCE_MILLIS)
}

const OWNER = { name: "Badge printer", role: "checkin", organizationId: DEFAULT_ORGANIZATION } as const

const ALL = permissionsOf("operator")

const create = (input: Partial<typeof ApiKeyInput.Encoded> = {}, held = ALL) =>
  use(({ create }) => create({ ...OWNER, ...input }, held, "ada"))

const entriesOf = (id: string) =>
  Effect.map(
    AuditLog.use((log) => log.list({ after: null, limit: 200 })),
    (entries) =>
      entries
        .filter(({ details }) => details["key"] === id)
        .toReversed()
        .map(({ action, details, who }) => [who, action, details])
  )

const everyKey = (of: Parameters<ApiKeys.ApiKeys["Service"]["list"]>[0]) =>
  Effect.gen(function* () {
    const found: Array<ApiKey> = []
    for (let after: string | null = null; ;) {
      const page: ReadonlyArray<ApiKey> = yield* use(({ list }) => list(of, { after, limit: 2 }))
      if (page.length === 0) return found
      found.push(...page)
      after = page.at(-1)!.id
    }
  })

export const suite = <E>(name: string, layer: Layer.Layer<AuditLog | ApiKeyStore | OrganizationStore, E>): void => {
  const services = Layer.mergeAll(ApiKeys.layer, Organizations.layer).pipe(Layer.provideMerge(layer))
  describe(`API keys: ${name}`, () => {
    withLayer(services, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("are shown once, and only their digests are stored (A6)", () =>
        Effect.gen(function* () {
          const { key, text } = yield* create()
          const { id, secret } = parse(text)!
          assert.strictEqual(id, key.id)
          assert.deepInclude(key, { ...OWNER, expiresAt: null, lastUsedAt: null, revokedAt: null, replacedBy: null })
          isAbout(key.createdAt, Date.now())
          const stored = yield* find(id)
          assert.deepStrictEqual(stored, { key, digest: digestOf(secret), validMillis: null })
          const entries = yield* entriesOf(id)
          const { name, organizationId: organization, role } = OWNER
          assert.deepStrictEqual(entries, [["ada", "keys.create", { key: id, name, role, organization }]])
          assert.notInclude(JSON.stringify([stored, entries]), secret)
          assert.isUndefined(yield* find("0".repeat(32)))
        })
      )

      it.effect("are those of an organization that is there, or of operators", () =>
        Effect.gen(function* () {
          const { id } = yield* Organizations.Organizations.use(({ create }) =>
            create({ slug: `it-${randomUUID().slice(0, 13)}`, name: "Keys" }, "ada")
          )
          const [first, second, third] = [
            yield* create({ organizationId: id }),
            yield* create({ organizationId: id, role: "owner" }),
            yield* create({ organizationId: id, role: "viewer" })
          ]
          const operator = yield* create({ role: "operator", organizationId: null })
          const ids = (keys: ReadonlyArray<ApiKey>) => keys.map((key) => key.id)
          assert.deepStrictEqual(ids(yield* everyKey(id)), [first.key.id, second.key.id, third.key.id])
          assert.include(ids(yield* everyKey(null)), operator.key.id)
          assert.notInclude(ids(yield* everyKey(null)), first.key.id)
          assert.includeMembers(ids(yield* everyKey("all")), [first.key.id, operator.key.id])
          const organization = randomUUID()
          const refused = yield* Effect.flip(create({ organizationId: organization }))
          assert.deepInclude(refused, { _tag: "OrganizationNotFound", organization })
        })
      )

      it.effect.each([
        [{ name: " " }, "name"],
        [{ role: "king" as never }, "role"],
        [{ role: "operator" as const }, "organizationId"],
        [{ organizationId: null }, "organizationId"],
        [{ organizationId: "default" }, "organizationId"]
      ] as ReadonlyArray<readonly [Partial<typeof ApiKeyInput.Encoded>, string]>)(
        "are refused with %j, and the field is named",
        ([input, field]) =>
          Effect.gen(function* () {
            const refused = yield* Effect.flip(create(input))
            assert.strictEqual(refused._tag, "InvalidInput")
            assert.deepStrictEqual(refused._tag === "InvalidInput" && refused.issues.map((issue) => issue.field), [
              field
            ])
          })
      )

      it.effect("are valid until they end", () =>
        Effect.gen(function* () {
          const { key } = yield* create({ expiresAt: new Date(Date.now() + HOUR) })
          isAbout((yield* find(key.id))?.validMillis, HOUR)
          const { key: over } = yield* create({ expiresAt: new Date(Date.now() - HOUR) })
          assert.strictEqual((yield* find(over.id))?.validMillis, 0)
        })
      )

      it.effect("end at once when they are revoked, once", () =>
        Effect.gen(function* () {
          const { key } = yield* create({ expiresAt: new Date(Date.now() + HOUR) })
          const revoked = yield* use(({ revoke }) => revoke(key.id, "grace"))
          isAbout(revoked.revokedAt, Date.now())
          assert.deepStrictEqual(yield* use(({ revoke }) => revoke(key.id, "nobody")), revoked)
          assert.strictEqual((yield* find(key.id))?.validMillis, 0)
          assert.deepStrictEqual((yield* entriesOf(key.id)).slice(1), [["grace", "keys.revoke", { key: key.id }]])
          const id = "f".repeat(32)
          assert.deepInclude(yield* Effect.flip(use(({ revoke }) => revoke(id, "ada"))), { _tag: "ApiKeyNotFound", id })
        })
      )

      it.effect("are valid beside those that replace them, for as long as was said, and no longer than before", () =>
        Effect.gen(function* () {
          const end = new Date(Date.now() + 48 * HOUR)
          const { key } = yield* create({ expiresAt: end })
          const replaced = yield* use(({ replace }) => replace(key.id, { overlapMillis: HOUR }, ALL, "grace"))
          assert.deepInclude(replaced.key, { ...OWNER, expiresAt: end, revokedAt: null, replacedBy: null })
          assert.deepInclude((yield* find(key.id))?.key, { replacedBy: replaced.key.id })
          isAbout((yield* find(key.id))?.validMillis, HOUR)
          isAbout((yield* find(replaced.key.id))?.validMillis, 48 * HOUR)
          assert.deepStrictEqual((yield* entriesOf(key.id)).slice(1), [
            ["grace", "keys.replace", { key: key.id, by: replaced.key.id }]
          ])
          const again = yield* Effect.flip(use(({ replace }) => replace(key.id, {}, ALL, "grace")))
          assert.deepInclude(again, { _tag: "ApiKeyNotReplaceable", id: key.id, replacedBy: replaced.key.id })
          const { key: last } = yield* use(({ replace }) =>
            replace(replaced.key.id, { overlapMillis: ApiKeys.MAX_OVERLAP_MILLIS }, ALL, "grace")
          )
          isAbout((yield* find(replaced.key.id))?.validMillis, 48 * HOUR)
          const { key: next } = yield* use(({ replace }) => replace(last.id, { overlapMillis: 0 }, ALL, "grace"))
          assert.strictEqual((yield* find(last.id))?.validMillis, 0)
          yield* use(({ revoke }) => revoke(next.id, "grace"))
          const revoked = yield* Effect.flip(use(({ replace }) => replace(next.id, {}, ALL, "grace")))
          assert.deepInclude(revoked, { _tag: "ApiKeyNotReplaceable", id: next.id, replacedBy: null })
          const id = "f".repeat(32)
          const unknown = yield* Effect.flip(use(({ replace }) => replace(id, {}, ALL, "grace")))
          assert.deepInclude(unknown, { _tag: "ApiKeyNotFound", id })
        })
      )

      it.effect("are made and replaced by nobody who lacks a permission of their role", () =>
        Effect.gen(function* () {
          const [owner, organizer] = [permissionsOf("owner"), permissionsOf("organizer")]
          const refusedTo = (role: Role) => ({ _tag: "MayNotGive" as const, role })
          const before = (yield* everyKey("all")).length
          const operators = { role: "operator", organizationId: null } as const
          assert.deepInclude(yield* Effect.flip(create(operators, owner)), refusedTo("operator"))
          assert.deepInclude(yield* Effect.flip(create({ role: "owner" }, organizer)), refusedTo("owner"))
          assert.lengthOf(yield* everyKey("all"), before)
          const { key } = yield* create({ role: "owner" }, owner)
          const refused = yield* Effect.flip(use(({ replace }) => replace(key.id, {}, organizer, "grace")))
          assert.deepInclude(refused, refusedTo("owner"))
          assert.include(refused.message, "The role owner has permissions that you lack")
          assert.deepInclude((yield* find(key.id))?.key, { replacedBy: null })
          yield* use(({ replace }) => replace(key.id, {}, owner, "grace"))
        })
      )

      it.effect("are replaced once by those who do so at the same time", () =>
        Effect.gen(function* () {
          const { key } = yield* create()
          const attempts = yield* Effect.forEach(
            [1, 2, 3, 4, 5],
            () => Effect.result(use(({ replace }) => replace(key.id, {}, ALL, "grace"))),
            { concurrency: "unbounded" }
          )
          assert.strictEqual(attempts.filter(({ _tag }) => _tag === "Success").length, 1)
        })
      )

      it.effect("are written once under an id, however often they are sent", () =>
        Effect.gen(function* () {
          const id = randomUUID().replaceAll("-", "")
          const store = yield* ApiKeyStore
          const made = { id, digest: "d", expiresAt: null, ...OWNER }
          const first = yield* store.create(made, "ada")
          assert.deepStrictEqual(yield* store.create({ ...made, digest: "other" }, "ada"), first)
          assert.strictEqual((yield* find(id))?.digest, "d")
          const by = { id: randomUUID().replaceAll("-", ""), digest: "e" }
          const next = yield* store.replace(id, by, HOUR, "ada")
          assert.deepStrictEqual(yield* store.replace(id, by, HOUR, "ada"), next)
          assert.lengthOf(yield* entriesOf(id), 2)
        })
      )

      it.effect("are known by the hour in which they were used last", () =>
        Effect.gen(function* () {
          const { key } = yield* create()
          const store = yield* ApiKeyStore
          yield* store.noteUsed(key.id)
          const { lastUsedAt } = (yield* find(key.id))!.key
          assert.strictEqual(lastUsedAt!.getTime() % HOUR, 0)
          const passed = Date.now() - lastUsedAt!.getTime()
          assert.isAbove(passed, -TOLERANCE_MILLIS)
          assert.isBelow(passed, HOUR + TOLERANCE_MILLIS)
          yield* store.noteUsed(key.id)
          yield* store.noteUsed("f".repeat(32))
        })
      )
    })
  })
}
