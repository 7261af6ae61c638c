/**
 * Which configuration file was read, and which database it, or the command line, names.
 */
import * as Effect from "effect/Effect"
import type { GlobalOptions } from "../../../Database.ts"
import * as File from "../../../configuration/ConfigurationFile.ts"
import { type Check, notice, ok, warning } from "../Check.ts"

export const check = ({ configuration }: GlobalOptions): Check => ({
  name: "configuration",
  look: Effect.sync(() => {
    if (configuration === undefined)
      return [ok(`no configuration file was read: there is no ${File.DEFAULT_FILE} here`)]
    const { file, keys, secrets } = configuration
    const facts = { file, keys }
    if (secrets.length > 0 && File.isOpenToAll(file))
      return [
        warning(
          `${file} has a secret (${secrets.join(", ")}), and every user may read it`,
          { ...facts, secrets },
          `chmod 600 ${file}`
        )
      ]
    if (keys.length === 0) return [notice(`${file} was read, and has no option`, facts)]
    return [ok(`${file} was read: ${keys.join(", ")}`, facts)]
  })
})
