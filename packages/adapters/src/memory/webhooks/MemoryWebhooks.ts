/**
 * Webhooks in memory.
 */
import { type OrganizationId, OrganizationNotFound } from "@turnout/core/kernel/domain/OrganizationId"
import {
  MAX_SECRETS,
  MAX_WEBHOOKS_OF_AN_ORGANIZATION,
  shownUntil,
  sinkOf,
  type Webhook,
  type WebhookAttempt,
  type WebhookId
} from "@turnout/core/webhooks/domain/Webhook"
import { countedMillis } from "@turnout/core/webhooks/domain/WebhookHealth"
import {
  TooManySecrets,
  TooManyWebhooks,
  WebhookNotFound,
  WebhookStore,
  type WebhookTarget
} from "@turnout/core/webhooks/ports/WebhookStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Entries } from "../access/MemoryAuditLog.ts"
import { Known } from "../access/MemoryOrganizations.ts"
import { newSink, Sinks, type StoredWebhook, Webhooks, type WebhookState } from "../delivery/MemorySinks.ts"
import { Log } from "../journal/MemoryLog.ts"
import { MemoryClock } from "../MemoryClock.ts"

const aboutOf = ({ id, organizationId }: Pick<Webhook, "id" | "organizationId">) => ({
  resource: `webhook:${id}`,
  organizationId
})

const make = Effect.gen(function* () {
  const audit = yield* Entries
  const { now, steady, toMoment } = yield* MemoryClock
  const states = yield* Webhooks
  const sinks = yield* Sinks
  const log = yield* Log
  const organizations = yield* Known
  let lastAttempt = 0

  /** The webhook as it is now: a secret that has expired is gone. */
  const show = (state: WebhookState): Webhook => {
    state.previousSecrets = state.previousSecrets.filter(({ until }) => until > steady())
    const restMillis = restMillisOf(state)
    return {
      ...state.webhook,
      ...shownUntil(state.previousSecrets.map(({ until }) => toMoment(until))),
      failingSince: state.failing?.since ?? null,
      leftAloneUntil: restMillis === 0 ? null : toMoment(steady() + restMillis)
    }
  }
  /** For how long the endpoint is still to be left alone. */
  const restMillisOf = ({ leftAloneUntil }: WebhookState): number => Math.max(0, (leftAloneUntil ?? 0) - steady())
  const toTarget = (state: WebhookState): WebhookTarget => {
    const webhook = show(state)
    const secrets = [state.secret, ...state.previousSecrets.map(({ secret }) => secret)]
    return { webhook, secrets, edition: state.edition, restMillis: restMillisOf(state) }
  }
  /** From now on, nothing is known of the endpoint. */
  const beginEdition = (state: WebhookState): void =>
    void Object.assign(state, { edition: state.edition + 1, failing: null, leftAloneUntil: null })
  /** The webhook, if it is enabled and of this edition. */
  const inEdition = (id: WebhookId, edition: number): WebhookState | undefined => {
    const state = states.get(id)
    return state?.edition === edition && state.webhook.state === "enabled" ? state : undefined
  }
  const find = (id: WebhookId): Effect.Effect<WebhookState, WebhookNotFound> =>
    Effect.suspend(() => {
      const state = states.get(id)
      return state === undefined ? Effect.fail(new WebhookNotFound({ id })) : Effect.succeed(state)
    })
  /** Refuses an organization that is not there, or has as many webhooks as it may. */
  const checkRoom = (organization: OrganizationId): Effect.Effect<void, OrganizationNotFound | TooManyWebhooks> =>
    Effect.suspend((): Effect.Effect<void, OrganizationNotFound | TooManyWebhooks> => {
      if (!organizations.has(organization)) return Effect.fail(new OrganizationNotFound({ organization }))
      const own = [...states.values()].filter(({ webhook }) => webhook.organizationId === organization)
      const limit = MAX_WEBHOOKS_OF_AN_ORGANIZATION
      return own.length < limit ? Effect.void : Effect.fail(new TooManyWebhooks({ organization, limit }))
    })
  const change = (
    id: WebhookId,
    who: string,
    action: string,
    to: (state: WebhookState) => Partial<StoredWebhook>,
    details: (webhook: StoredWebhook) => Record<string, unknown> = ({ url }) => ({ url })
  ) =>
    Effect.map(find(id), (state) => {
      state.webhook = { ...state.webhook, ...to(state) }
      audit.write(who, action, { webhook: id, ...details(state.webhook) }, aboutOf(state.webhook))
      return show(state)
    })

  return WebhookStore.of({
    clock: { now, aheadMillis: () => 0 },
    create: (id, { description, from, organizationId, secret, types, url }, who) =>
      Effect.gen(function* (): Effect.fn.Return<Webhook, OrganizationNotFound | TooManyWebhooks> {
        const known = states.get(id)
        if (known !== undefined) return show(known)
        if (organizationId !== null) yield* checkRoom(organizationId)
        const webhook = {
          id,
          organizationId,
          url,
          types,
          description,
          createdAt: now(),
          state: "enabled" as const,
          disabledBecause: null
        }
        const nothing = { previousSecrets: [], edition: 1, failing: null, leftAloneUntil: null, attempts: [] }
        const state: WebhookState = { webhook, secret, ...nothing }
        states.set(id, state)
        sinks.set(sinkOf(id), newSink(log, from, now()))
        audit.write(who, "webhooks.create", { webhook: id, url, types }, aboutOf(webhook))
        return show(state)
      }),
    get: (id) => Effect.map(find(id), show),
    list: (of, { after, limit }) =>
      Effect.sync(() => {
        const all = [...states.values()]
          .filter(({ webhook }) => of === "all" || webhook.organizationId === of)
          .map(show)
        const start = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1
        return after !== null && start === 0 ? [] : all.slice(start, start + limit)
      }),
    targets: Effect.sync(() => [...states.values()].filter(({ webhook }) => webhook.state === "enabled").map(toTarget)),
    target: (id) => Effect.map(find(id), toTarget),
    update: (id, changes, who) =>
      change(
        id,
        who,
        "webhooks.update",
        (state) => {
          if ((changes.url ?? state.webhook.url) !== state.webhook.url) beginEdition(state)
          return changes
        },
        ({ types, url }) => ({ url, types })
      ),
    rotate: (id, secret, overlapMillis, who) =>
      Effect.flatMap(find(id), (state): Effect.Effect<Webhook, TooManySecrets> => {
        const shown = show(state)
        if (state.secret === secret) return Effect.succeed(shown)
        const ends = shown.previousSecretsUntil.map((end) => end.getTime())
        if (ends.length + (overlapMillis > 0 ? 2 : 1) > MAX_SECRETS)
          return Effect.fail(new TooManySecrets({ id, until: new Date(Math.min(...ends)) }))
        const until = steady() + overlapMillis
        state.previousSecrets = [{ secret: state.secret, until }, ...state.previousSecrets]
        state.secret = secret
        audit.write(who, "webhooks.rotate", { webhook: id, until: toMoment(until) }, aboutOf(state.webhook))
        return Effect.succeed(show(state))
      }),
    enable: (id, who) =>
      change(id, who, "webhooks.enable", (state) => {
        beginEdition(state)
        return { state: "enabled", disabledBecause: null }
      }),
    disable: (id, reason, who, edition) =>
      Effect.suspend(() => {
        const state = states.get(id)
        if (state !== undefined && edition !== undefined && inEdition(id, edition) === undefined)
          return Effect.succeed(show(state))
        return change(
          id,
          who,
          "webhooks.disable",
          () => ({ state: "disabled", disabledBecause: reason }),
          ({ url }) => ({ url, because: reason })
        )
      }),
    remove: (id, who) =>
      Effect.map(find(id), ({ webhook }) => {
        states.delete(id)
        audit.write(who, "webhooks.remove", { webhook: id, url: webhook.url }, aboutOf(webhook))
        const sink = sinkOf(id)
        if (sinks.delete(sink)) audit.write(who, "outbox.forget", { sink }, { resource: `sink:${sink}` })
      }),
    noteFailed: (id, edition, { longestGapMillis, restMillis }) =>
      Effect.sync(() => {
        const state = inEdition(id, edition)
        if (state === undefined) return undefined
        const { failedMillis, lastAt, since } = state.failing ?? { since: now(), lastAt: steady(), failedMillis: 0 }
        const counted = failedMillis + countedMillis(steady() - lastAt, longestGapMillis)
        state.failing = { since, lastAt: steady(), failedMillis: counted }
        if (restMillis > 0) state.leftAloneUntil = Math.max(state.leftAloneUntil ?? 0, steady() + restMillis)
        return { since, failedMillis: counted }
      }),
    noteWorking: (id, edition) =>
      Effect.sync(() => {
        const state = inEdition(id, edition)
        if (state !== undefined) state.failing = null
      }),
    noteIdle: (quietMillis) =>
      Effect.sync(() => {
        const waits = (id: WebhookId) => {
          const sink = sinks.get(sinkOf(id))
          return sink !== undefined && (sink.blocked.size > 0 || sink.replays.size > 0)
        }
        const idle = [...states.values()].filter(
          ({ failing, webhook: { id, state } }) =>
            failing !== null && failing.lastAt <= steady() - quietMillis && state === "enabled" && !waits(id)
        )
        for (const state of idle) state.failing = null
        return idle.length
      }),
    record: (id, attempts) =>
      Effect.sync(() => {
        states.get(id)?.attempts.push(...attempts.map((attempt) => ({ ...attempt, id: ++lastAttempt })))
      }),
    attempts: (id, { after, limit }) =>
      Effect.sync(() =>
        (states.get(id)?.attempts ?? [])
          .toReversed()
          .filter((attempt) => after === null || attempt.id < after)
          .slice(0, limit)
      ),
    forget: (before, limit) =>
      Effect.sync(() => {
        let forgotten = 0
        for (const state of states.values()) {
          const isOld = ({ at }: WebhookAttempt) => at < before && forgotten++ < limit
          const kept = state.attempts.filter((attempt) => !isOld(attempt))
          state.attempts = kept
        }
        return Math.min(forgotten, limit)
      })
  })
})

export const layer: Layer.Layer<WebhookStore, never, Entries | Known | Log | Sinks | Webhooks | MemoryClock> =
  Layer.effect(WebhookStore, make)
