/**
 * The answer that sends an export while it is read.
 */
import * as StoreOutage from "@turnout/core/kernel/application/StoreOutage"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"

const CUT_OFF = "a download is cut off"

/** The answer has begun: it can only be cut off, and operators are told why. */
const onFailure = (error: unknown) =>
  error instanceof StoreError ? StoreOutage.log(CUT_OFF, error) : Effect.logWarning(CUT_OFF, error)

/** Text in pieces, and the headers that a download has. */
type Answer = HttpApiSchema.withHeaders<
  Stream.Stream<Uint8Array>,
  { readonly "content-disposition": string; readonly "cache-control": string }
>

/** Sends text as a file, whose name has no characters that need quoting. Answers with personal data are kept by no cache. */
export const answer = <E>(file: string, text: Stream.Stream<string, E>): Answer =>
  HttpApiSchema.withHeaders({
    body: Stream.encodeText(Stream.orDie(Stream.tapError(text, onFailure))),
    headers: { "content-disposition": `attachment; filename="${file}"`, "cache-control": "no-store" }
  })
