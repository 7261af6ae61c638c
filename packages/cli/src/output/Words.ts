/**
 * Numbers, times and texts as lines of output show them: this is the one place that writes them.
 *
 * An amount has separators between its thousands. A number that names something, such as a version, a status or the number of an
 * entry, is typed again, and has none. A moment is in UTC, to the second. Documents have all of them exactly.
 */
import { visible } from "@turnout/core/kernel/domain/text/VisibleText"
import stringWidth from "string-width"

/** An amount. */
export const count = (number: number): string => number.toLocaleString("en")

/** A size in memory or on a disk. */
export const size = (bytes: number): string =>
  `${(bytes / (1_024 * 1_024)).toLocaleString("en", { maximumFractionDigits: 1 })} MB`

/** A moment. */
export const time = (moment: Date): string => `${moment.toISOString().slice(0, 19)}Z`

/** A moment, if there is one. */
export const timeIfAny = (moment: Date | null | undefined, otherwise = ""): string =>
  moment === null || moment === undefined ? otherwise : time(moment)

/** A length of time. */
export const duration = (millis: number): string => {
  const seconds = Math.round(millis / 1_000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${count(Math.round(seconds / 86_400))} d`
}

/** The number of cells of a terminal that a text takes, which has been made visible. */
export const cells = (shown: string): number => stringWidth(shown)

/** The parts of a text that are not to be taken apart: what people see as one character, and each escape. */
function* parts(text: string): Iterable<string> {
  for (const { segment } of new Intl.Segmenter().segment(text)) yield visible(segment)
}

/** The beginning of a text, as much as fits into a number of cells, which is 1 at least. */
export const shortened = (text: string, room: number): string => {
  const whole = visible(text)
  if (cells(whole) <= room) return whole
  let beginning = ""
  for (const part of parts(text)) {
    const next = beginning + part
    if (cells(next) >= room) break
    beginning = next
  }
  return `${beginning}…`
}

/** A text in lines of as many cells at most. A part that has not enough room in a line is in one of its own. */
export const wrapped = (text: string, room: number): ReadonlyArray<string> => {
  const lines = [""]
  for (const part of parts(text)) {
    const last = lines.at(-1)!
    if (last !== "" && cells(last + part) > room) lines.push(part)
    else lines[lines.length - 1] = last + part
  }
  return lines
}
