/**
 * What a server says when it serves: where, to whom, and what may be tried first.
 */
import * as Database from "../../Database.ts"
import * as Line from "../../output/Line.ts"
import * as Output from "../../output/Output.ts"
import * as FirstRequests from "./FirstRequests.ts"
import * as Mailing from "./Mailing.ts"
import type { ServeOptions } from "./ServeOptions.ts"

/** What is said of who may do what. */
const accessLines = (open: boolean): ReadonlyArray<Line.Line> =>
  open
    ? [
        Line.warning("Open: everybody who reaches this address may do everything, without a credential."),
        "Before others can reach it, make a key (turnout keys create --role operator) and start it with --no-open."
      ]
    : ["Closed: staff need a credential. turnout keys create --role operator makes the first one."]

/** What is said of the issuers whose tokens are taken. */
const issuerLines = (issuers: ReadonlyArray<string>): ReadonlyArray<Line.Line> =>
  issuers.length === 0 ? [] : [`It takes bearer tokens of ${issuers.join(", ")}.`]

/** What is known of a server that serves. */
export interface Serving {
  readonly address: string
  /** The addresses of the metrics, of each process its own. */
  readonly metrics: ReadonlyArray<string>
  /** The processes of a server of several, of which the first relays if any does. */
  readonly pids: ReadonlyArray<number>
}

/** Prints it. */
export const print = (
  options: ServeOptions,
  { address, metrics, pids }: Serving,
  open: boolean,
  mailing: Mailing.Way
): void => {
  const issuers = (options.issuers ?? []).map(({ issuer }) => issuer)
  const isSeveral = pids.length > 0
  const document = {
    address,
    docs: `${address}/docs`,
    metrics: isSeveral ? metrics : (metrics[0] ?? null),
    database: Database.describe(options),
    open,
    issuers,
    ...(isSeveral ? { processes: pids.length, pids } : {})
  }
  Output.result(options, document, () => [
    Line.of`${Line.heading("Turnout")} is serving at ${address}`,
    "",
    ...accessLines(open),
    ...issuerLines(issuers),
    "",
    `  API docs  ${address}/docs`,
    `  OpenAPI   ${address}/openapi.json`,
    `  Data      ${Database.describe(options)}`,
    ...(metrics.length === 0 ? [] : [`  Metrics   ${metrics.join(", ")}`]),
    ...(isSeveral ? [`  Processes ${pids.length}: ${pids.join(", ")}`] : []),
    ...Mailing.linesOf(mailing, address),
    "",
    ...(open ? [...FirstRequests.lines(address), ""] : []),
    Line.faint("Ctrl-C stops it.")
  ])
}
