/**
 * Lines of output: text, of which parts may have a colour.
 *
 * All text of a line counts as text from elsewhere, and is made visible when the line is written, whatever it is. So a command
 * cannot forget it, and no text makes a second line, a colour or a movement of the cursor. Colours are added after that.
 */
import { visible } from "@turnout/core/kernel/domain/text/VisibleText"
import { styleText } from "node:util"

type Format = "bold" | "dim" | "red" | "yellow"

/** Text with a format, or with parts that have one. In a template without `of`, it is text without formats. */
export class Styled {
  readonly parts: ReadonlyArray<Line>
  readonly format: Format | undefined

  constructor(parts: ReadonlyArray<Line>, format?: Format) {
    this.parts = parts
    this.format = format
  }

  toString(): string {
    return this.parts.join("")
  }
}

export type Line = string | Styled

export const heading = (text: Line): Styled => new Styled([text], "bold")
export const faint = (text: Line): Styled => new Styled([text], "dim")
export const warning = (text: Line): Styled => new Styled([text], "yellow")
export const error = (text: Line): Styled => new Styled([text], "red")

/** The tag of a template whose values may have formats. */
export const of = (texts: TemplateStringsArray, ...values: ReadonlyArray<Line | number>): Styled =>
  new Styled(
    texts.flatMap((text, index) => {
      const value = values[index]
      return value === undefined ? [text] : [text, typeof value === "number" ? String(value) : value]
    })
  )

/** The line as it is written to a stream, which has colours or not. */
export const print = (line: Line, stream: NodeJS.WriteStream): string => {
  if (typeof line === "string") return visible(line)
  const text = line.parts.map((part) => print(part, stream)).join("")
  return line.format === undefined ? text : styleText(line.format, text, { stream })
}
