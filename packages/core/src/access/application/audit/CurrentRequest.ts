/**
 * The request that is being worked on, for the audit trail. The edge sets it; elsewhere there is none.
 */
import * as Context from "effect/Context"

export interface Request {
  /** The id of the request, by which entries of the journal and of the log are joined to its origin; `null` if it has none. */
  readonly id: string | null
  /** The credential, without its secret, such as `key:<id>`; `null` if there is none. */
  readonly credential: string | null
  /** The IP address that it came from; `null` if it is not known. */
  readonly address: string | null
  /** What the client calls itself; `null` if it does not say. */
  readonly userAgent: string | null
}

export const none: Request = { id: null, credential: null, address: null, userAgent: null }

export const CurrentRequest = Context.Reference<Request>("@turnout/CurrentRequest", { defaultValue: () => none })
