/**
 * Modules with handlers: what is no such module is refused, with a sentence that says what is expected.
 */
import { JournalEventType } from "@turnout/core/journal/domain/JournalEvent"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
// oxlint-disable-next-line eslint/no-restricted-imports -- a program is for running: its package exports nothing
import * as HandlerModule from "../../packages/cli/src/commands/consumer/HandlerModule.ts"

const folder = mkdtempSync(join(tmpdir(), "turnout-handlers-"))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
const open = (content: string) => {
  const file = join(folder, `${++files}.mjs`)
  writeFileSync(file, content)
  return HandlerModule.open(file)
}

describe("a module", () => {
  it.each([
    ["export default {}", /has no handler, so every message would be left alone; .*: EventCreated, /],
    ["export default []", /must export an object by default/],
    ["export default null", /must export an object by default/],
    ["export const a = 1", /must export an object by default/],
    ["export default { EventCreated: 1 }", /EventCreated must be a function/],
    ["export default { SeatSold() {} }", /there is no journal event of type SeatSold/]
  ])("is refused: %s", async (content, says) => {
    const error = await open(content).then(
      () => undefined,
      (cause: unknown) => cause as Error
    )
    assert.strictEqual(error?.name, "CliError")
    assert.match(error!.message, says)
  })

  it.each(JournalEventType.literals)("may have one handler: %s", async (type) => {
    assert.deepStrictEqual(Object.keys(await open(`export default { ${type}() {} }`)), [type])
  })
})
