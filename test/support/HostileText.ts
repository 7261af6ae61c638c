/**
 * Text that a terminal obeys: it clears the screen, makes a second row, turns the direction of writing, and hides a part.
 */
import { assert } from "vitest"

/** Every kind of character that is escaped, but NUL and lone surrogates, which no store keeps. */
export const HOSTILE = "\u001b[2J\u009b2J\u007f\r\n\t\u202eevil\u2066\u061c\u200b\u2028\ufeff\u{e0041}❤\ufe0f."
/** The form in which it is shown. */
export const SHOWN = String.raw`\x1b[2J\x9b2J\x7f\r\n\t\u202eevil\u2066\u061c\u200b\u2028\ufeff\u{e0041}❤️.`

const OBEYED = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u
const EMOJI = new RegExp(String.raw`\p{RGI_Emoji}`, "gv")

interface Printed {
  readonly stdout: string
  readonly stderr: string
}

/** The lines of output that have a character that a terminal obeys or hides, outside of an emoji. */
export const obeyedLines = (output: string): ReadonlyArray<string> =>
  output.split("\n").filter((line) => OBEYED.test(line.replaceAll(EMOJI, "")))

/** Fails if a terminal obeys a part of the output. */
export const assertTame = ({ stderr, stdout }: Printed): void => {
  assert.deepStrictEqual(
    [...obeyedLines(stdout), ...obeyedLines(stderr)].map((line) => JSON.stringify(line)),
    []
  )
}

const COLOURS = new RegExp(String.raw`\u001b\[(?:1|2|22|31|33|39)m`, "g")

export const hasColours = (output: string): boolean => output.search(COLOURS) >= 0

/** The output without the colours of the program. */
export const withoutColours = ({ stderr, stdout }: Printed): Printed => ({
  stdout: stdout.replaceAll(COLOURS, ""),
  stderr: stderr.replaceAll(COLOURS, "")
})
