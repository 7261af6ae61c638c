/**
 * The name of a sink in a request.
 */
import { line } from "@turnout/core/kernel/domain/Text"

export const SinkName = line({ minLength: 1, maxLength: 200 })
