/**
 * A page that does not change while the process runs. Its text is made, compressed and hashed once. A request for it takes two
 * look-ups of headers, and the writing of the bytes.
 *
 * ```text
 * Accept-Encoding ──▶ br | gzip | identity | 406
 * If-None-Match   ──▶ 304 if it names the tag of that coding
 * ```
 */
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import { Readable } from "node:stream"
import { promisify } from "node:util"
import { brotliCompress, constants, gzip } from "node:zlib"
import * as ContentCoding from "../requests/ContentCoding.ts"
import * as Problem from "../problems/Problem.ts"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import * as ProtocolProblems from "../problems/ProtocolProblems.ts"
import * as Answer from "../pipeline/answers/Answer.ts"
import type { Exchange } from "../pipeline/Exchange.ts"
import type { Page } from "../pipeline/Routes.ts"
import * as EntityTags from "../requests/headers/EntityTags.ts"
import * as QueryParameters from "../requests/QueryParameters.ts"

export interface StaticPage {
  /** Answers a GET or a HEAD of the page. */
  readonly answer: Page
}

export interface StaticPageOptions {
  readonly contentType: string
  readonly text: string
  /** Default: `no-cache`, so that caches ask each time whether the page is still the same. */
  readonly cacheControl?: string
  /** The headers of requests by which answers differ. Default: `accept-encoding`. */
  readonly vary?: string
  /** Further headers, such as the policy of a page about what it may load. */
  readonly headers?: Readonly<Record<string, string>>
}

interface Variant {
  readonly bytes: Buffer
  readonly headers: Readonly<Record<string, string>>
  readonly tag: string
}

/** The quality of compression, which happens once, on the threads of zlib. Much higher qualities take seconds. */
const BROTLI_QUALITY = 5
/** The most bytes that are written at once; a longer page is written in pieces. */
const WHOLE_BYTES = 256 * 1024
const PIECE_BYTES = 64 * 1024

/**
 * Gives the bytes piece by piece, each in its own turn of the event loop, and each only after the socket has taken the
 * piece before: so a fast reader does not keep the event loop from other requests.
 */
const inPieces = (bytes: Buffer): Readable => {
  let at = 0
  return new Readable({
    highWaterMark: PIECE_BYTES,
    read() {
      setImmediate(() => {
        if (this.destroyed) return
        this.push(bytes.subarray(at, at + PIECE_BYTES))
        at += PIECE_BYTES
        if (at >= bytes.length) this.push(null)
      })
    }
  })
}

const compress: Record<Exclude<ContentCoding.Coding, "identity">, (bytes: Buffer) => Promise<Buffer>> = {
  br: (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length
      }
    }),
  gzip: (bytes) => promisify(gzip)(bytes)
}

const makeVariants = async ({
  cacheControl = "no-cache",
  contentType,
  headers: further = {},
  text,
  vary = "accept-encoding"
}: StaticPageOptions): Promise<ReadonlyMap<ContentCoding.Coding, Variant>> => {
  const identity = Buffer.from(text)
  const hash = createHash("sha256").update(identity).digest("base64url").slice(0, 22)
  const make = async (coding: ContentCoding.Coding): Promise<readonly [ContentCoding.Coding, Variant]> => {
    const isPlain = coding === "identity"
    const tag = isPlain ? `"${hash}"` : `"${hash}-${coding}"`
    const headers = {
      ...further,
      "content-type": contentType,
      ...(isPlain ? {} : { "content-encoding": coding }),
      etag: tag,
      "cache-control": cacheControl,
      vary
    }
    return [coding, { bytes: isPlain ? identity : await compress[coding](identity), headers, tag }]
  }
  return new Map(await Promise.all(ContentCoding.CODINGS.map(make)))
}

const respond = (
  { headers, method, target }: Exchange,
  variants: ReadonlyMap<ContentCoding.Coding, Variant>
): Answer.Answer => {
  const violations = QueryParameters.violationsOf(target, "none")
  if (violations.length > 0) {
    return Problem.answer(BoundaryProblems.validationFailed, new BoundaryProblems.ValidationFailed({ violations }))
  }
  const coding = ContentCoding.choose(headers["accept-encoding"])
  if (coding === undefined) {
    const refused = new ProtocolProblems.NotAcceptable({ available: ContentCoding.CODINGS })
    return Answer.withHeaders(Problem.answer(ProtocolProblems.notAcceptable, refused), { vary: "accept-encoding" })
  }
  const variant = variants.get(coding)!
  if (EntityTags.isUnmodified({ headers, method }, variant.tag)) {
    const { "content-encoding": _coding, "content-type": _type, ...rest } = variant.headers
    return Answer.empty(304, rest)
  }
  const { bytes, headers: own } = variant
  return bytes.length <= WHOLE_BYTES || method === "HEAD"
    ? { status: 200, headers: own, body: bytes }
    : { status: 200, headers: { ...own, "content-length": String(bytes.length) }, body: inPieces(bytes) }
}

/** Makes a page. Compression begins at once; only requests that arrive before its end wait for it. */
export const make = (options: StaticPageOptions): StaticPage => {
  const variants = makeVariants(options)
  let made: ReadonlyMap<ContentCoding.Coding, Variant> | undefined
  variants.then(
    (all) => (made = all),
    () => {}
  )
  return {
    answer: (exchange) =>
      made === undefined
        ? Effect.map(
            Effect.promise(() => variants),
            (all) => respond(exchange, all)
          )
        : respond(exchange, made)
  }
}
