/**
 * The rows of a spreadsheet: sound text as Effect reads it, and faults that cost their own row and no other.
 */
import { Effect, Stream } from "effect"
import { Csv } from "effect/encoding"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
// oxlint-disable-next-line eslint/no-restricted-imports -- the package has a command, and exports nothing
import * as Rows from "../../packages/cli/src/spreadsheet/Rows.ts"

const readAll = (pieces: ReadonlyArray<string>, delimiter = ","): ReadonlyArray<Rows.Row> => {
  const reader = Rows.make(delimiter)
  return [...pieces.flatMap((piece) => reader.read(piece)), ...reader.end()]
}

/** The line of each row, with its cells, or with the word "fault". */
const inShort = (text: string, delimiter?: string): ReadonlyArray<string> =>
  readAll([text], delimiter).map(
    ({ cells, fault, line }) => `${line} ${fault === undefined ? JSON.stringify(cells) : "fault"}`
  )

const faultOf = (text: string): string => readAll([text]).find(({ fault }) => fault !== undefined)?.fault ?? "no fault"

describe("rows", () => {
  it.each([
    ["CRLF", "a,b\r\nc,d\r\n"],
    ["LF", "a,b\nc,d\n"],
    ["CR, as Macs wrote it", "a,b\rc,d\r"],
    ["no line end at the end", "a,b\nc,d"],
    ["blanks around cells", ' a ,\tb\u00A0\n"c" , d'],
    ["quotes where none are needed", '"a","b"\n"c",d']
  ])("with %s", (_what, text) => {
    assert.deepStrictEqual(inShort(text), ['1 ["a","b"]', '2 ["c","d"]'])
  })

  it("with mixed line ends have the line numbers of the file", () => {
    assert.deepStrictEqual(inShort('a\r\n"b\r\nc\nd\re"\rf\n\ng'), [
      '1 ["a"]',
      '2 ["b\\nc\\nd\\ne"]',
      '6 ["f"]',
      '7 [""]',
      '8 ["g"]'
    ])
  })

  it.each([";", "\t", "|"])("are separated by %j", (delimiter) => {
    assert.deepStrictEqual(inShort(`a,b${delimiter}"c${delimiter}d"\n`, delimiter), [
      `1 ${JSON.stringify(["a,b", `c${delimiter}d`])}`
    ])
  })

  it("are the same in whatever pieces the text comes", () => {
    const texts = fc.string({ unit: fc.constantFrom("a", ",", '"', "\r", "\n", " ", "é", "😀"), maxLength: 60 })
    fc.assert(
      fc.property(texts, fc.array(fc.nat(60), { maxLength: 5 }), (text, cuts) => {
        const places = [0, ...cuts.filter((cut) => cut <= text.length).toSorted((a, b) => a - b), text.length]
        const pieces = places.slice(1).map((end, index) => text.slice(places[index], end))
        assert.deepStrictEqual(readAll(pieces), readAll([text]))
      }),
      { numRuns: 2_000 }
    )
  })

  it("have the cells that Effect finds in sound text", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", " b ", "é", "=", "'"), maxLength: 6 })
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 })
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
    fc.assert(
      fc.property(rows, fc.constantFrom("\n", "\r\n"), (rows, end) => {
        const text = rows.map((row) => row.map(quoted).join(",") + end).join("")
        const expected = Stream.make(text).pipe(
          Stream.pipeThroughChannel(Csv.decodeString()),
          Stream.runCollect,
          Effect.runSync
        )
        assert.deepStrictEqual(
          readAll([text]).map(({ cells }) => cells),
          expected
        )
      })
    )
  })
})

describe("a bad quote", () => {
  it.each([
    ["within a field", 'a,1\nb,Rock "B" Stone\nc,3', ['1 ["a","1"]', "2 fault", '3 ["c","3"]']],
    ["as a sign for inches", 'a,5" disk\nb,2', ["1 fault", '2 ["b","2"]']],
    ["that ends in the middle", 'a,"x" y\nb,2', ["1 fault", '2 ["b","2"]']],
    ["that is never closed", 'a,1\nb,"2\nc,3\nd,4', ['1 ["a","1"]', "2 fault", '3 ["c","3"]', '4 ["d","4"]']],
    ["that a later one ends in the middle", 'a,"x\nb,"y"\nc,3', ["1 fault", '2 ["b","y"]', '3 ["c","3"]']],
    ["in the second line of its row", '"a\nb","c\nd,4', ["2 fault", '3 ["d","4"]']]
  ])("%s is the fault of its row alone", (_what, text, expected) => {
    assert.deepStrictEqual(inShort(text), expected)
  })

  it("is told with the line where it opens", () => {
    assert.match(faultOf('a,1\n\nb,"2\nc,3'), /a quote that is opened in line 3 is not closed by the end of the file/)
    assert.match(faultOf('a,"1\nb,"2"'), /a quote that is opened in line 1 is closed in line 2, before the field ends/)
    assert.match(faultOf('a,Rock "B" Stone'), /a quote is in a field that is not quoted itself.*double/)
    assert.match(faultOf('a,"x" y'), /goes on after the quote that closes it/)
  })

  it("takes no more text than a row may have", () => {
    const others = Array.from({ length: 20_000 }, (_, index) => `person-${index}@example.com,x`)
    const text = ['ada@example.com,"vip', ...others, 'z,y"'].join("\n")
    const rows = readAll(text.match(/[^]{1,5000}/g)!)
    assert.match(rows[0]!.fault!, /opened in line 1 is not closed within 65,536 characters/)
    assert.deepStrictEqual(
      rows.slice(1, -1).map(({ cells }) => cells.join(",")),
      others
    )
    assert.deepStrictEqual([rows.at(-1)!.line, rows.at(-1)!.fault === undefined], [20_002, false])
  })
})

describe("a line that is too long", () => {
  it("is the fault of its row alone, and is not kept", () => {
    const long = "x".repeat(Rows.MAX_CHARACTERS + 1)
    for (const pieces of [
      ["a\n", `${long}\n`, "b\n"],
      ["a\n", ...Array.from({ length: 50 }, () => long), "\nb"]
    ]) {
      const rows = readAll(pieces)
      assert.deepStrictEqual(
        rows.map(({ cells, fault, line }) => [line, fault === undefined ? cells : fault]),
        [
          [1, ["a"]],
          [2, "the line has more than 65,536 characters"],
          [3, ["b"]]
        ]
      )
    }
  })
})
