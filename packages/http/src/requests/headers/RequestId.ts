/**
 * The id of a request, from the header `X-Request-Id`, which ties together what one request has caused: its answer, its lines in the
 * log, and its entries in the journal.
 *
 * Clients and proxies choose it, each by its own rules, and it changes nothing about the request. So no request is refused for it.
 * The answer and the log have the id as it was sent, or a fresh one if it is none that can be written there without quoting. The
 * journal has what the client has sent, as far as it goes.
 */
import { randomUUID } from "node:crypto"

/** 1 to 128 visible ASCII characters, none of which is a quote. */
const PLAIN = /^[!#-&(-~]{1,128}$/

/** A fresh id. */
export const fresh: () => string = randomUUID

/** The id that the answer to a request has: the one in its header, or a fresh one. */
export const of = (header: string | undefined): string =>
  header !== undefined && PLAIN.test(header) ? header : fresh()

/** The name of the id among the annotations of the log, which carry it through the work on a request. */
export const ANNOTATION = "http.request_id"

/** The longest id that the journal keeps. */
const MAX_LENGTH = 200

/** Characters that an id is recorded without. */
const OTHERS = /[^\x21-\x7e]+/g

/**
 * The id for the journal. Of several ids, whose values Node joins with a comma and a blank, the first counts; characters that are not
 * printable ASCII are left out, and a longer id is cut.
 */
export const read = (header: string | undefined): string | undefined => {
  if (header === undefined) return undefined
  for (const value of header.split(", ")) {
    const id = value.replaceAll(OTHERS, "").slice(0, MAX_LENGTH)
    if (id !== "") return id
  }
  return undefined
}
