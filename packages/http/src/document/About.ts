/**
 * What the definition of an endpoint says of itself for the documents of the API.
 */
import * as Context from "effect/Context"
import * as OpenApi from "effect/http-api/OpenApi"

interface Further {
  /** What the answer to a request that succeeds is. */
  readonly answer: string
  /** A body that the endpoint accepts. */
  readonly body?: unknown
}

/** What OpenAPI has no annotations for. The parameters of an endpoint have their examples in their schemas. */
export const FurtherWords = Context.Reference<Further>("@turnout/FurtherWords", {
  defaultValue: () => ({ answer: "Success" })
})

export interface About {
  /** The name of the operation, which generated clients give to its function. */
  readonly id: string
  readonly summary: string
  readonly description: string
  readonly answer: string
  readonly body?: unknown
}

/** The annotations of an endpoint. */
export const about = ({ answer, body, description, id, summary }: About): Context.Context<never> =>
  Context.add(OpenApi.annotations({ identifier: id, summary, description }), FurtherWords, { answer, body })
