/**
 * The compression of long answers, if the request accepts a coding.
 *
 * Only JSON of success is compressed, from a size on at which it pays; a short answer is sent as it is. An answer with an `ETag` is
 * not compressed either: a coding makes another representation, which needs another tag (RFC 9110, 8.8.3), and the tag of an event is
 * its version, which `If-Match` takes. So lists are compressed, and the event is not. A download of CSV is sent while it is read, and
 * is left as it is, too.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import type * as HttpPlatform from "effect/http/HttpPlatform"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as ContentCoding from "../requests/ContentCoding.ts"

/** Whether the server compresses answers. */
export const IsCompressing: Context.Reference<boolean> = Context.Reference<boolean>("@turnout/IsCompressing", {
  defaultValue: () => true
})

/** The shortest answer that is compressed: shorter ones fit into a packet of the network or two. */
const MIN_BYTES = 1_024

/** Fast levels: an answer is compressed for one client, and once. */
const LEVELS = { br: 1, gzip: 1 } as const

/** Whether an answer is one that may be compressed, as far as is known before its headers are complete. */
const isLongJson = ({ body, status }: HttpServerResponse.HttpServerResponse): boolean =>
  body._tag === "Uint8Array" &&
  body.contentLength >= MIN_BYTES &&
  status === 200 &&
  body.contentType === "application/json"

/** Compresses the answer to this request once its headers are complete, if it is one that may be compressed. */
export const compressing =
  (compression: HttpPlatform.Compression) =>
  (response: HttpServerResponse.HttpServerResponse): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
    isLongJson(response)
      ? Effect.withFiber((fiber) => {
          HttpEffect.appendPreResponseHandlerUnsafe(fiber.context, ({ headers }, complete) => {
            if ("etag" in complete.headers || "content-encoding" in complete.headers) return Effect.succeed(complete)
            const coding = ContentCoding.choose(headers["accept-encoding"])
            return coding === "br" || coding === "gzip"
              ? compression.compressResponse(withVary(complete), coding, { level: LEVELS[coding] })
              : Effect.succeed(withVary(complete))
          })
          return Effect.succeed(response)
        })
      : Effect.succeed(response)

const withVary = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setHeader(
    response,
    "vary",
    [response.headers["vary"], "accept-encoding"].filter(Boolean).join(", ")
  )
