/**
 * What the command line advises about what keeps entries of the journal.
 */
import type { Keeper } from "@turnout/core/delivery/domain/Keeper"
import { assert, describe, it } from "vitest"
// oxlint-disable-next-line no-restricted-imports -- a program is for running: its package exports nothing
import { letGo } from "../../packages/cli/src/output/Advice.ts"

const at = new Date(0)
const kept = { oldest: at, entries: 1, isMore: false }
const sink = (name: string, relays = 0): Keeper => ({ _tag: "Sink", sink: name, relays, ...kept })
const replay = (state: "running" | "stopped"): Keeper => ({
  _tag: "Replay",
  replay: "r1" as never,
  sink: "mail",
  state,
  startedAt: at,
  sent: 0,
  total: 1,
  ...kept
})

const ADVICE: ReadonlyArray<readonly [what: string, keeper: Keeper, named: ReadonlyArray<string>]> = [
  ["a queue", sink("sqs:a.fifo"), ["No relay", "turnout outbox forget --sink sqs:a.fifo"]],
  ["a queue with relays", sink("sqs:a.fifo", 2), ["turnout outbox status", "turnout outbox forget --sink sqs:a.fifo"]],
  ["a webhook", sink("webhook:1-2"), ["relay --webhooks", "webhooks enable 1-2", "turnout webhooks remove 1-2"]],
  ["the summaries", sink("projection:sales"), ["relay --sales", "turnout outbox forget --sink projection:sales"]],
  ["what is printed", sink("stdout:log"), ["relay --stdout log", "turnout outbox forget --sink stdout:log"]],
  ["a name that a shell would read", sink("it's $HOME"), [String.raw`--sink 'it'\''s $HOME'`]],
  [
    "blocked streams",
    { _tag: "BlockedStreams", sink: "mail", streams: 1, parked: 1, stream: "s" as never, since: at, oldest: at },
    ["turnout outbox parked list --sink mail --all"]
  ],
  ["a running replay", replay("running"), ["replay watch r1", "replay cancel r1"]],
  ["a stopped replay", replay("stopped"), ["replay resume r1", "replay cancel r1"]],
  ["the store", { _tag: "Store", ...kept }, ["an hour"]]
]

describe("advice about what keeps entries", () => {
  it.each(ADVICE)("names the commands that let go: %s", (_, keeper, named) => {
    for (const command of named) assert.include(letGo(keeper), command)
  })
})
