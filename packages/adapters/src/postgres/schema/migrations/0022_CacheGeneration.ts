/**
 * The generation of the caches: a single row, which is not there until a process has begun to use a cache.
 */
import type { Migration } from "../Migration.ts"

export const cacheGeneration: Migration = {
  id: 22,
  name: "cache_generation",
  statements: (s) => [
    `CREATE TABLE ${s}.cache_generation (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  id uuid NOT NULL,
  server text,
  settled boolean NOT NULL,
  since timestamptz NOT NULL
)`
  ]
}
