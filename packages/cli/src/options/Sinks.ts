/**
 * Options about sinks.
 */
import { InvalidArgumentError, Option } from "commander"
import { isName, NAME_RULE } from "../sinks/NamedQueue.ts"

export const sink = (): Option => new Option("--sink <name>", "the sink").makeOptionMandatory()

export const startFrom = (place: "beginning" | "now"): Option =>
  new Option("--start-from <place>", "where a sink begins that was never given anything")
    .choices(["beginning", "now"])
    .default(place)

export const allowPrivate = (): Option =>
  new Option(
    "--allow-private-webhooks",
    "post to private addresses and by plain http as well, except for webhooks of organizations"
  )

/** The same for URLs that are entered: relays without `--allow-private-webhooks` do not post to them. */
export const acceptPrivate = (): Option =>
  new Option(
    "--allow-private-webhooks",
    "accept a URL with a private address, or by plain http, unless it is that of an organization; relays need the same option to post there"
  )

export const stdout = (): Option =>
  new Option(
    "--stdout [name]",
    "print messages on stdout, one JSON document in a line; with a name, go on there the next time"
  ).argParser((name: string) => {
    if (!isName(name)) throw new InvalidArgumentError(`${NAME_RULE}.`)
    return name
  })
