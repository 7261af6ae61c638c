/**
 * A call of the client of pages: what it is made of, and what a caller may say about it.
 */

/** An operation as the document has it. */
export interface Operation {
  readonly method: string
  /** With the names of parameters in braces. */
  readonly path: string
  readonly query: ReadonlyArray<string>
  /** The headers that a caller may set, in lower case. */
  readonly headers: ReadonlyArray<string>
  readonly answer: "json" | "stream" | "none"
}

export interface CallOptions {
  /** Ends the call, which then rejects with the reason of the signal. The server may have carried it out. */
  readonly signal?: AbortSignal
  /** Is given the answer of the server, for its status and headers. */
  readonly onResponse?: (response: Response) => void
}

/** The name of the field that a caller sets a header by. */
export const camelCase = (header: string): string =>
  header.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
