/**
 * The id of a request, from the header `X-Request-Id`, which ties together what one request has caused.
 *
 * Clients and proxies choose it, each by its own rules, and it changes nothing about the request. So it is heeded as far as it
 * goes, and no request is refused for it: of several ids the first counts, characters that are not printable ASCII are left
 * out, and a longer id is cut.
 */

/** The longest id that the journal keeps. */
const MAX_LENGTH = 200

/** Characters that an id is recorded without. */
const OTHERS = /[^\x21-\x7e]+/g

/** The id in a header, whose values Node joins with a comma and a blank if it was sent several times. */
export const read = (header: string | undefined): string | undefined => {
  if (header === undefined) return undefined
  for (const value of header.split(", ")) {
    const id = value.replaceAll(OTHERS, "").slice(0, MAX_LENGTH)
    if (id !== "") return id
  }
  return undefined
}
