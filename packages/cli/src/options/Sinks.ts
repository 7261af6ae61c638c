/**
 * Options about sinks.
 */
import { Option } from "commander"

export const sink = (): Option => new Option("--sink <name>", "the sink").makeOptionMandatory()

export const startFrom = (place: "beginning" | "now"): Option =>
  new Option("--start-from <place>", "where a sink begins that was never given anything")
    .choices(["beginning", "now"])
    .default(place)

export const allowPrivate = (): Option =>
  new Option("--allow-private-webhooks", "post to private addresses and by plain http as well")
