/**
 * The typed client, derived from the definition of the API. It has the names, types and errors of the server.
 *
 * Rejections come back as the error classes of the domain, so `Effect.catchTag("CapacityFull", …)` works across the wire.
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import { Api } from "./Api.ts"

export class TurnoutClient extends Context.Service<TurnoutClient, HttpApiClient.ForApi<typeof Api>>()(
  "@turnout/HttpClient"
) {}

/**
 * A client of the server at `baseUrl`, such as `http://127.0.0.1:3000` or, under a base path, `https://example.com/turnout`, over
 * the `HttpClient` that is provided.
 */
export const layer = (baseUrl: string): Layer.Layer<TurnoutClient, never, HttpClient.HttpClient> =>
  Layer.effect(TurnoutClient, HttpApiClient.make(Api, { baseUrl }))
