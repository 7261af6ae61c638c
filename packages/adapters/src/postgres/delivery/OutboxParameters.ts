/**
 * Leases, positions, marks and blocks as parameters of the outbox's statements: an array for each column.
 */
import type { Block } from "@turnout/core/delivery/domain/Block"
import type { HeldLease } from "@turnout/core/delivery/ports/Outbox"
import type { Position } from "@turnout/core/journal/ports/JournalReader"
import { plainArray, textArray } from "../statements/ArrayLiteral.ts"
import type { Mark } from "../journal/LogWindow.ts"

export const slotsOf = (all: ReadonlyArray<{ readonly slot: number }>): string => plainArray(all, ({ slot }) => slot)

/** The slots, epochs and owners of leases. */
export const leaseParameters = (leases: ReadonlyArray<Omit<HeldLease, "acknowledged">>): ReadonlyArray<string> => [
  slotsOf(leases),
  plainArray(leases, ({ epoch }) => epoch),
  textArray(leases, ({ owner }) => owner)
]

/** The positions as they were acknowledged, or null. */
export const acknowledgedOf = (all: ReadonlyArray<{ readonly acknowledged?: Position }>): string =>
  textArray(all, ({ acknowledged }) => acknowledged ?? null)

export const markParameters = (marks: ReadonlyArray<Mark>): readonly [ids: string, nonces: string] => [
  plainArray(marks, ({ tx }) => String(tx)),
  textArray(marks, ({ nonce }) => nonce)
]

/** The attempts, errors and milliseconds of blocks. */
export const blockParameters = (
  blocks: ReadonlyArray<Pick<Block, "attempts" | "error" | "retryAfterMillis"> | null>
): ReadonlyArray<string> => [
  plainArray(blocks, (block) => block?.attempts ?? null),
  textArray(blocks, (block) => block?.error ?? null),
  plainArray(blocks, (block) => block?.retryAfterMillis ?? null)
]
