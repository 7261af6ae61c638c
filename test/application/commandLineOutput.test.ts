/**
 * The output of the command line: lines, tables and logs, with text from elsewhere in them.
 */
import { Cause, Effect, Tracer } from "effect"
import * as fc from "fast-check"
import { assert, describe, it, vi } from "vitest"
// oxlint-disable-next-line eslint/no-restricted-imports -- a program is for running: its package exports nothing
import * as Line from "../../packages/cli/src/output/Line.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- as above
import * as Logs from "../../packages/cli/src/output/Logs.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- as above
import * as Output from "../../packages/cli/src/output/Output.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- as above
import * as Table from "../../packages/cli/src/output/Table.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- as above
import * as Words from "../../packages/cli/src/output/Words.ts"
import { assertTame, HOSTILE, obeyedLines, SHOWN } from "../support/HostileText.ts"

/** What is written while the function runs. */
const written = async (run: () => unknown) => {
  const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true)
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true)
  try {
    await run()
    const textOf = ({ mock: { calls } }: typeof stdout) => calls.map(([text]) => String(text)).join("")
    return { stdout: textOf(stdout), stderr: textOf(stderr) }
  } finally {
    vi.restoreAllMocks()
  }
}

const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(HOSTILE, "a", "❤\ufe0f", "\u001b[31m"))

describe("lines", () => {
  it("are one line each, whatever is in them, and have no colours but those of the program", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyText,
        anyText,
        fc.constantFrom(Line.heading, Line.faint, Line.error),
        async (a, b, format) => {
          const { stderr } = await written(() =>
            Output.notice(a, Line.of`${format(b)} and ${a}`, format(Line.of`${b}!`))
          )
          assert.deepStrictEqual(obeyedLines(stderr), [])
          assert.lengthOf(stderr.split("\n"), 4)
        }
      )
    )
  })

  it("have the texts of a template around its values", async () => {
    const { stdout } = await written(() => Output.result({}, {}, () => [Line.of`a ${Line.heading(HOSTILE)} of ${2} b`]))
    assert.strictEqual(stdout, `a ${SHOWN} of 2 b\n`)
  })

  it("without the tag, a template has their text, which is made visible as well", async () => {
    const { stdout } = await written(() => Output.result({}, {}, () => [`a ${Line.faint(Line.of`b${HOSTILE}`)}`]))
    assert.strictEqual(stdout, `a b${SHOWN}\n`)
  })
})

describe("documents", () => {
  it("parse to the exact text", async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const { stdout } = await written(() => Output.result({ json: true }, { text }, () => []))
        assert.deepStrictEqual(obeyedLines(stdout), [])
        assert.deepStrictEqual(JSON.parse(stdout), JSON.parse(JSON.stringify({ text })))
      })
    )
  })
})

describe("tables", () => {
  it("have columns as wide as what is shown, and a line for each row", async () => {
    const { stdout } = await written(() =>
      Output.result({}, {}, () =>
        Table.lines(
          ["a", "b"],
          [
            ["\u001b[31mx\u200b", 1],
            ["y\nz", 22],
            ["z", "\t"]
          ]
        )
      )
    )
    assert.deepStrictEqual(stdout.split("\n"), [
      "a                b",
      String.raw`\x1b[31mx\u200b  1`,
      String.raw`y\nz             22`,
      String.raw`z                \t`,
      ""
    ])
  })
})

describe("a text that is shortened", () => {
  it.each([
    ["abcdef", 6, "abcdef"],
    ["abcdefg", 6, "abcde…"],
    ["\u001b[2J", 7, String.raw`\x1b[2J`],
    ["\u001b[2J", 6, String.raw`\x1b[…`],
    ["\u001b[2J", 4, "…"],
    ["a\u001b\u001b", 8, String.raw`a\x1b…`],
    ["ab😀cd", 4, "ab…"],
    ["ab👨\u200d👩\u200d👧cd", 4, "ab…"],
    ["ab👨\u200d👩\u200d👧cd", 6, "ab👨\u200d👩\u200d👧cd"],
    ["abe\u0301cd", 4, "abe\u0301…"],
    ["音楽会", 6, "音楽会"],
    ["音楽会", 5, "音楽…"],
    ["音楽会", 4, "音…"]
  ])("%j, %i: %s", (text, length, shown) => {
    assert.strictEqual(Words.shortened(text, length), shown)
  })

  it("fits, and is the beginning of what is shown", () => {
    fc.assert(
      fc.property(fc.array(anyText), fc.integer({ min: 1, max: 40 }), (texts, length) => {
        const whole = Words.shortened(texts.join(""), 10_000)
        const shown = Words.shortened(texts.join(""), length)
        assert.isAtMost(Words.cells(shown), length)
        assert.isTrue(shown === whole || whole.startsWith(shown.slice(0, -1)))
        assert.deepStrictEqual(obeyedLines(shown), [])
      })
    )
  })
})

describe("logs", () => {
  const logging = Effect.logWarning(HOSTILE, new Error(HOSTILE)).pipe(
    Effect.andThen(Effect.logError("failed", Cause.die(new Error(HOSTILE)))),
    Effect.annotateLogs(HOSTILE, HOSTILE),
    Effect.withLogSpan(HOSTILE)
  )

  it.each([{}, { json: true }])("go to stderr, one line each, and nothing of them is obeyed: %j", async (format) => {
    const printed = await written(() => Logs.runPromise(format, logging))
    assertTame(printed)
    assert.strictEqual(printed.stdout, "")
    const lines = printed.stderr.split("\n").slice(0, -1)
    assert.lengthOf(lines, 2)
    if (!("json" in format)) return
    const first = JSON.parse(lines[0]!) as { readonly message: ReadonlyArray<unknown> }
    assert.propertyVal(first, HOSTILE, HOSTILE)
    assert.strictEqual(first.message[0], HOSTILE)
  })

  const SPAN = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" }
  const inSpan = Effect.logWarning("it happened", Cause.fail(new Error("why"))).pipe(
    Effect.annotateLogs({ delivered: 3, message: "another", level: "another", trace_id: "another" }),
    Effect.withLogSpan("took"),
    Effect.withParentSpan(Tracer.externalSpan(SPAN))
  )

  it("with --json are flat, with the ids of the span that they were logged in; an annotation takes the place of no field", async () => {
    const { stderr } = await written(() => Logs.runPromise({ json: true }, inSpan))
    const { cause, timestamp, took, ...line } = JSON.parse(stderr) as Record<string, unknown>
    assert.deepStrictEqual(line, {
      level: "WARN",
      message: "it happened",
      trace_id: SPAN.traceId,
      span_id: SPAN.spanId,
      delivered: 3
    })
    assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    assert.include(String(cause), "Error: why")
    assert.isNumber(took)
    assert.deepStrictEqual(Object.keys(JSON.parse(stderr)).slice(0, 5), [
      "timestamp",
      "level",
      "message",
      "trace_id",
      "span_id"
    ])
    assert.lengthOf(stderr.split("\n"), 2)
  })

  it("without a span have no ids of one", async () => {
    const { stderr } = await written(() => Logs.runPromise({ json: true }, Effect.logWarning("it happened")))
    assert.hasAllKeys(JSON.parse(stderr), ["timestamp", "level", "message"])
    const text = await written(() => Logs.runPromise({}, Effect.logWarning("it happened")))
    assert.notInclude(text.stderr, "trace_id")
  })

  it("as text have the id of the trace at the end", async () => {
    const { stderr } = await written(() => Logs.runPromise({}, inSpan))
    assert.match(stderr, /level=WARN .*message="it happened".* trace_id=4bf92f3577b34da6a3ce929d0e0e4736\n$/)
  })
})
