/**
 * The options about the caches of reads.
 */
import {
  type CacheAges,
  type CacheOptions,
  DEFAULT_AGES,
  DEFAULT_ENTRIES
} from "@turnout/core/admission/application/caching/CacheOptions"
import { type Command, Option } from "commander"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as Documents from "../usage/Documents.ts"
import { wholeNumber } from "./Numbers.ts"

const DAY_SECONDS = 24 * 60 * 60
const MOST_ENTRIES = 1_000_000

const CacheChange = Schema.Struct({
  kind: Schema.Literals(Struct.keys(DEFAULT_AGES)),
  maxAgeSeconds: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: DAY_SECONDS }))
}).annotate({ identifier: "CacheChange" })
type CacheChange = typeof CacheChange.Type

const CacheChanges = Schema.Array(CacheChange).check(
  Schema.makeFilter(
    (changes) => new Set(changes.map(({ kind }) => kind)).size === changes.length || "must name each kind once"
  )
)

export interface CachesOptions {
  /** The ages that are others than the default; `false` for no caches at all. */
  readonly caches?: ReadonlyArray<CacheChange> | false
  readonly cacheEntries: number
}

/** The caches of a server; `undefined` for none. */
export const cachesOf = ({ cacheEntries, caches }: CachesOptions): CacheOptions | undefined => {
  if (caches === false) return undefined
  const ages: Partial<CacheAges> = Object.fromEntries(
    (caches ?? []).map(({ kind, maxAgeSeconds }) => [kind, maxAgeSeconds * 1_000])
  )
  return { ages, entries: cacheEntries }
}

const read = Documents.list(CacheChanges as unknown as Schema.Codec<ReadonlyArray<CacheChange>, unknown>, "CacheChange")

export const declare = (command: Command): Command =>
  command
    .addOption(
      new Option("--caches <json>", "how old what is read may be: a list, as in the configuration file (default: none)")
        .env("TURNOUT_CACHES")
        .argParser(read)
    )
    .option("--no-caches", "read everything from the database")
    .option(
      "--cache-entries <number>",
      "the most answers of each kind in the memory of a process",
      wholeNumber(1, MOST_ENTRIES),
      DEFAULT_ENTRIES
    )
