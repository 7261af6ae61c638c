/**
 * Changes whose reader is gone: the command tells on stderr what it has changed, if nobody reads stdout any more.
 */
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

describe("a change of which nobody reads the result", { timeout: 180_000 }, () => {
  it.concurrent("is told on stderr, with the secret that is shown once", async () => {
    await using turnout = await CommandLine.onPostgres()
    const command = `"${process.execPath}" "${CommandLine.COMMAND}" --database "${turnout.database!}"`
    // true ends at once, so whatever is written afterwards meets a closed pipe.
    const unread = async (args: string) => (await turnout.shell(`${command} ${args} | true`)).stderr
    assert.match(await unread("migrate up"), /^applied 1 /m)
    const added = await unread("webhooks add https://example.com/hooks")
    assert.match(added, /Requests are signed with whsec_/)
    const [id = ""] = /[\da-f]{8}-[\da-f-]{27}/.exec(added) ?? []
    assert.match(await unread(`webhooks rotate ${id}`), /Requests are signed with whsec_/)
    assert.include(await unread(`webhooks update ${id} --description mails`), "mails")
    assert.include(await unread(`webhooks disable ${id}`), "disabled")
    const replay = await unread(`outbox replay --sink webhook:${id} --all --no-wait`)
    assert.include(replay, `webhook:${id}`)
    assert.include(await unread(`outbox parked retry --sink webhook:${id} --all`), "0 parked streams are tried again")
    assert.include(await unread(`webhooks remove ${id}`), "is removed")
    assert.include(await unread("outbox repair"), "Nothing to repair")
  })
})
