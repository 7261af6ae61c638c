/**
 * The name of a sink in a request.
 */
import { described } from "@turnout/core/kernel/domain/document/Documented"
import { line } from "@turnout/core/kernel/domain/Text"

export const SinkName = described("The name of the sink", line({ minLength: 1, maxLength: 200 }), {
  examples: ["sales"]
})
