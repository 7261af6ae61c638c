/**
 * Mailers that send nothing: how many mails one keeps, and how the other one prints them.
 */
import { assert, describe, it } from "@effect/vitest"
import * as MemoryMailer from "@turnout/adapters/mail/memory"
import * as PrintingMailer from "@turnout/adapters/mail/printing"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { assertTame, HOSTILE } from "../support/HostileText.ts"

const MAIL = { to: "ada@example.com", subject: "Your link", text: "https://example.com/s/1" }

describe("the mailer in memory", () => {
  it.effect("keeps the latest thousand mails, each with its time", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(5_000)
      const { mailer, mails } = yield* MemoryMailer.make
      for (let n = 1; n <= MemoryMailer.MAX_KEPT + 2; n++) yield* mailer.send({ ...MAIL, subject: `Number ${n}` })
      const kept = yield* mails.all
      assert.lengthOf(kept, MemoryMailer.MAX_KEPT)
      assert.deepStrictEqual(kept[0], { ...MAIL, subject: "Number 3", at: new Date(5_000) })
      yield* mails.clear
      assert.deepStrictEqual(yield* mails.all, [])
    })
  )
})

describe("the mailer that prints", () => {
  it.effect("prints the lines of a mail at once, and leaves out the HTML", () =>
    Effect.gen(function* () {
      const written: Array<ReadonlyArray<string>> = []
      const mailer = PrintingMailer.make((lines) => Effect.sync(() => void written.push(lines)))
      yield* mailer.send({ ...MAIL, text: "Hello Ada,\r\n\nhttps://example.com/s/1\n", html: "<p>Hello</p>" })
      assert.deepStrictEqual(written, [
        ["To: ada@example.com", "Subject: Your link", "", "Hello Ada,", "", "https://example.com/s/1", ""]
      ])
    })
  )

  it("shows what a terminal would obey", () => {
    const lines = PrintingMailer.linesOf({ ...MAIL, text: `before\n${HOSTILE}\nafter` })
    assertTame({ stdout: lines.join("\n"), stderr: "" })
    assert.include(lines, "before")
    assert.include(lines, "after")
  })
})
