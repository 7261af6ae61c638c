/**
 * The names of sinks: each leads to one place.
 *
 * The position in the journal is kept under the name of the sink. Two sinks of one name would share it: each would be given
 * only some of the entries. So `check` refuses two sinks of one name, and `claim` refuses a relay whose name another sink of
 * the process has on the same store. The sinks of other processes are not known here: the operator has to give them names that
 * agree.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Outbox } from "../ports/Outbox.ts"
import type { Sink } from "../ports/Sink.ts"
import { InvalidInput } from "../../kernel/application/InvalidInput.ts"

const MAX_LENGTH = 200

/** The rule that a name breaks, if a host or an operator may not give it to a sink. */
export const brokenRule = (name: string): string | undefined => {
  if (name === "") return "must not be empty"
  if (name.length > MAX_LENGTH || /\p{C}/u.test(name)) return `must be a line of at most ${MAX_LENGTH} characters`
  if (name === "stdout" || /^(projection|stdout|webhook):/.test(name))
    return "must not be the name of another kind of sink, as are stdout, stdout:…, projection:… and webhook:…"
  return undefined
}

interface Named {
  readonly name: string
  readonly leadsTo?: string
}

const describe = ({ leadsTo, name }: Named): string => leadsTo ?? `a sink ${JSON.stringify(name)}`

const sameName = (one: Named, other: Named): string =>
  `two sinks have the name ${JSON.stringify(one.name)}, ${describe(one)} and ${describe(other)}: each would be given only some of the entries. Give each a name of its own`

/** Why sinks cannot be delivered to side by side: two have one name, or lead to the same place. */
export const clash = (sinks: ReadonlyArray<Named>): string | undefined => {
  for (const [index, sink] of sinks.entries()) {
    for (const before of sinks.slice(0, index)) {
      if (sink.leadsTo !== undefined && sink.leadsTo === before.leadsTo)
        return `two sinks lead to ${sink.leadsTo}, which would be given everything twice. Leave one out`
      if (sink.name === before.name) return sameName(before, sink)
    }
  }
  return undefined
}

const refuse = (rule: string) => Effect.fail(new InvalidInput({ issues: [{ field: "sinks", rule }] }))

/** Fails with `InvalidInput` if sinks cannot be delivered to side by side. */
export const check = (sinks: ReadonlyArray<Named>): Effect.Effect<void, InvalidInput> => {
  const rule = clash(sinks)
  return rule === undefined ? Effect.void : refuse(rule)
}

/** A relay that runs, with its sink. */
interface Claim {
  readonly sink: Sink
}

/** The relays of this process, by the store that they read from. */
const running = new WeakMap<Outbox["Service"], Set<Claim>>()

/** Whether two relays may have one name: they share a sink, or their sinks lead to the same place. */
const isSame = (one: Sink, other: Sink): boolean =>
  one === other || (one.leadsTo !== undefined && one.leadsTo === other.leadsTo)

/** Reserves the name of the sink for as long as the scope is open. Fails with `InvalidInput` if another sink has it. */
export const claim = (sink: Sink): Effect.Effect<void, InvalidInput, Outbox | Scope.Scope> =>
  Effect.flatMap(Outbox, (outbox) => {
    const claims = running.get(outbox) ?? new Set()
    running.set(outbox, claims)
    const own: Claim = { sink }
    const take = Effect.suspend(() => {
      const other = [...claims].find((one) => one.sink.name === sink.name && !isSame(one.sink, sink))
      if (other !== undefined) return refuse(sameName(other.sink, sink))
      claims.add(own)
      return Effect.void
    })
    return Effect.acquireRelease(take, () => Effect.sync(() => claims.delete(own)))
  })
