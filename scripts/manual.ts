/**
 * Writes what `npm run build` makes of the commands of `turnout`: its manual page, and the JSON Schema of its configuration file.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as ManPage from "../packages/cli/src/commands/shell/ManPage.ts"
import * as ConfigurationSchema from "../packages/cli/src/configuration/ConfigurationSchema.ts"
import { make } from "../packages/cli/src/Program.ts"

const DIST = fileURLToPath(new URL("../packages/cli/dist/", import.meta.url))

const program = make(() => {})

mkdirSync(DIST, { recursive: true })
writeFileSync(`${DIST}turnout.1`, ManPage.make(program, program.version() ?? ""))
writeFileSync(
  `${DIST}turnout.config.schema.json`,
  `${JSON.stringify(ConfigurationSchema.make(program), undefined, 2)}\n`
)
