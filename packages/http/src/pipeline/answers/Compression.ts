/**
 * The compression of long answers, if the request accepts a coding.
 *
 * Only JSON of success is compressed, from a size on at which it pays; a short answer is sent as it is. An answer with an `ETag` is
 * not compressed either: a coding makes another representation, which needs another tag (RFC 9110, 8.8.3), and the tag of an event is
 * its version, which `If-Match` takes. So lists are compressed, and the event is not. A download of CSV is sent while it is read, and
 * is left as it is, too.
 */
import { brotliCompress, constants, gzip } from "node:zlib"
import * as ContentCoding from "../../requests/ContentCoding.ts"
import type { Answer } from "./Answer.ts"

/** The shortest answer that is compressed: shorter ones fit into a packet of the network or two. */
const MIN_LENGTH = 1_024

/** Fast levels: an answer is compressed for one client, and once. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }
const GZIP = { level: 1 }

/** Whether an answer is one that may be compressed. */
const isLongJson = ({ body, headers, status }: Answer): boolean =>
  typeof body === "string" &&
  body.length >= MIN_LENGTH &&
  status === 200 &&
  headers["content-type"] === "application/json" &&
  headers["etag"] === undefined

/**
 * Compresses an answer whose headers are complete, if it is one that may be compressed, and gives it to `then`. Zlib works in a thread of
 * its own.
 */
export const compressing = (
  answer: Answer,
  acceptEncoding: string | undefined,
  then: (answer: Answer) => void
): void => {
  if (!isLongJson(answer)) return then(answer)
  const headers = {
    ...answer.headers,
    vary: [answer.headers["vary"], "accept-encoding"].filter(Boolean).join(", ")
  }
  const plain = { ...answer, headers }
  const coding = ContentCoding.choose(acceptEncoding)
  if (coding !== "br" && coding !== "gzip") return then(plain)
  const onCompressed = (error: Error | null, body: Buffer) =>
    then(error === null ? { ...answer, headers: { ...headers, "content-encoding": coding }, body } : plain)
  if (coding === "br") brotliCompress(answer.body as string, BROTLI, onCompressed)
  else gzip(answer.body as string, GZIP, onCompressed)
}
