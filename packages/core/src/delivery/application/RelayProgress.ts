/**
 * The outcome of a relay's work, and what the relay writes down of it.
 *
 * Entries that the sink has accepted count, even if the rest of the slice fails: the position moves up to the first entry that
 * was not settled, and the relay remembers which later entries have arrived for as long as it holds the lease. An entry that
 * cannot be delivered blocks its stream, and nothing else (`Block`).
 */
import * as Block from "../domain/Block.ts"
import { areSettled, type DeliveryOutcome } from "../domain/DeliveryOutcome.ts"
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"
import type { RetryPolicy } from "../../kernel/domain/Backoff.ts"
import type { Acknowledgement, Retry, Settlement } from "../ports/Outbox.ts"
import type { Slice } from "../../journal/ports/JournalReader.ts"
import type { Holding } from "./SlotLeases.ts"

/** Work that is given to the sink. */
export type Work =
  | ({ readonly _tag: "Slice" } & Pick<Slice, "deliveries" | "position" | "positionAfter">)
  | { readonly _tag: "Retries"; readonly retries: ReadonlyArray<Retry> }

/** Work that has ended: the outcome of each delivery, or `undefined` if it is not known. */
export interface Finished {
  readonly holding: Holding
  readonly work: Work
  readonly outcomes: ReadonlyArray<DeliveryOutcome | undefined>
  /** Whether the sink could not be reached, or was interrupted, before all of it was settled. */
  readonly isCut: boolean
}

export const deliveriesOf = (work: Work): ReadonlyArray<StoredEntry> =>
  work._tag === "Slice" ? work.deliveries : work.retries.flatMap(({ deliveries }) => deliveries)

/** The outcomes of some work, and which of them are settled. */
interface Result {
  readonly work: Work
  /** For each delivery, whether it is settled. */
  readonly settled: ReadonlyArray<boolean>
  readonly outcomes: ReadonlyArray<DeliveryOutcome | undefined>
}

const resultOf = ({ outcomes, work }: Finished): Result => ({
  work,
  outcomes,
  settled: areSettled(deliveriesOf(work), outcomes)
})

/** How many entries have arrived that had not arrived before. */
const countArrived = ({ arrived }: Holding, { outcomes, settled, work }: Result): number => {
  const deliveries = deliveriesOf(work)
  let count = 0
  for (let index = 0; index < deliveries.length; index++) {
    const isNew = arrived.size === 0 || !arrived.has(deliveries[index]!.id)
    if (settled[index]! && outcomes[index]?._tag === "Delivered" && isNew) count += 1
  }
  return count
}

type WorkSlice = Work & { readonly _tag: "Slice" }

/** How far a slice was settled: the position, and the entries after it that have arrived, now or before. */
const reached = (
  { arrived, position }: Holding,
  { outcomes, settled }: Result,
  slice: WorkSlice,
  blocked: ReadonlyArray<Block.Block>
): Pick<Holding, "arrived" | "position"> => {
  const { deliveries } = slice
  const end = settled.indexOf(false)
  const left = new Set(arrived)
  for (const { id } of deliveries) left.delete(id)
  if (end === -1) return { position: slice.position, arrived: left }
  const isBlocked = new Set(blocked.map(({ stream }) => stream))
  for (const [index, { eventId, id }] of deliveries.entries())
    if (index > end && settled[index]! && outcomes[index]?._tag === "Delivered" && !isBlocked.has(eventId)) left.add(id)
  return { position: end === 0 ? position : slice.positionAfter(end - 1), arrived: left }
}

/** The progress of a slice. */
interface Progress {
  readonly next: Pick<Holding, "arrived" | "position">
  readonly blocked: ReadonlyArray<Block.Block>
  /** How many entries have arrived that had not arrived before. */
  readonly count: number
  /** Whether there is anything to write down. */
  readonly isAny: boolean
}

const progressOf = (finished: Finished, slice: WorkSlice, policy: RetryPolicy, draw: () => number): Progress => {
  const { holding, outcomes } = finished
  // The usual case: everything has arrived, and the entries need not be looked at one by one.
  if (holding.arrived.size === 0 && outcomes.every((outcome) => outcome?._tag === "Delivered")) {
    const next = { position: slice.position, arrived: holding.arrived }
    return { next, blocked: [], count: outcomes.length, isAny: true }
  }
  const result = resultOf(finished)
  const isSettled = (_: unknown, index: number) => result.settled[index]!
  const own = outcomes.filter(isSettled) as ReadonlyArray<DeliveryOutcome>
  const blocked = Block.blocks(slice.deliveries.filter(isSettled), own, policy, draw)
  return {
    next: reached(holding, result, slice, blocked),
    blocked,
    count: countArrived(holding, result),
    isAny: result.settled[0] !== false || blocked.length > 0
  }
}

/** The most entries of a blocked stream that are tried again together. */
export const RETRY_DEPTH = 50

/** What the relay writes down, and the state of its slots after that. */
export interface Writing {
  readonly acknowledgements: ReadonlyArray<Acknowledgement>
  readonly settlements: ReadonlyArray<Settlement>
  /** The slots of which something is written. */
  readonly asked: ReadonlyArray<Holding>
  readonly moves: ReadonlyMap<Holding, Partial<Pick<Holding, "acknowledged" | "arrived" | "position">>>
  /** How many entries have arrived that had not arrived before. */
  readonly arrived: number
}

/** What is written of the retries of a slot: a settlement for each stream with a known outcome. */
const settlementsOf = (
  { holding: { epoch, owner, slot }, outcomes }: Finished,
  retries: ReadonlyArray<Retry>,
  { settled }: Result,
  policy: RetryPolicy,
  draw: () => number
): ReadonlyArray<Settlement> => {
  let from = 0
  return retries.flatMap(({ attempts, deliveries: all, stream, version }) => {
    const begin = from
    from += all.length
    const deliveries = all.filter((_, index) => settled[begin + index]!)
    // If the outcome of its first entry is not known, the stream stays as it is, and is due again.
    if (deliveries.length === 0 && all.length > 0) return []
    const isAll = all.length < RETRY_DEPTH && deliveries.length === all.length
    const own = outcomes.slice(begin, from) as ReadonlyArray<DeliveryOutcome>
    return [
      { slot, epoch, owner, stream, version, block: Block.retried({ attempts, deliveries, isAll }, own, policy, draw) }
    ]
  })
}

export const writingOf = (finished: ReadonlyArray<Finished>, policy: RetryPolicy, draw: () => number): Writing => {
  const asked: Array<Holding> = []
  const acknowledgements: Array<Acknowledgement> = []
  const settlements: Array<Settlement> = []
  const moves = new Map<Holding, Partial<Pick<Holding, "acknowledged" | "arrived" | "position">>>()
  let arrived = 0
  for (const one of finished) {
    const { holding, work } = one
    const { acknowledged, epoch, owner, slot } = holding
    if (work._tag === "Slice") {
      const { blocked, count, isAny, next } = progressOf(one, work, policy, draw)
      arrived += count
      moves.set(holding, isAny ? { ...next, acknowledged: next.position } : next)
      if (!isAny) continue
      asked.push(holding)
      acknowledgements.push({ slot, epoch, owner, acknowledged, position: next.position, blocked })
      continue
    }
    const result = resultOf(one)
    arrived += countArrived(holding, result)
    const own = settlementsOf(one, work.retries, result, policy, draw)
    settlements.push(...own)
    if (own.length > 0) asked.push(holding)
  }
  return { acknowledgements, settlements, asked, moves, arrived }
}

/** The streams that stay blocked, or become so, because an attempt has failed. */
export const failedOf = ({ acknowledgements, settlements }: Writing): ReadonlyArray<Block.Block> =>
  [...acknowledgements.flatMap(({ blocked }) => blocked), ...settlements.flatMap(({ block }) => block ?? [])].filter(
    ({ attempts }) => attempts > 0
  )
