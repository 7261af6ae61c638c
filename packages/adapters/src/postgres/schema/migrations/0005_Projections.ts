/**
 * Projections: for each of them and each stream, the state after the entries up to some version.
 */
import type { Migration } from "../Migration.ts"

export const projections: Migration = {
  id: 5,
  name: "projections",
  statements: (s) => [
    `CREATE TABLE ${s}.projections (
  name text COLLATE "C" NOT NULL,
  stream uuid NOT NULL,
  version bigint NOT NULL,
  state json,
  PRIMARY KEY (name, stream)
) WITH (fillfactor = 50)`
  ]
}
