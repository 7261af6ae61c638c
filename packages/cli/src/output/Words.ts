/**
 * Numbers, times and texts as lines of output show them.
 */
import { visible } from "@turnout/core/kernel/domain/text/VisibleText"

/** A number with separators between its thousands. */
export const count = (number: number): string => number.toLocaleString("en")

/** The beginning of a text, as much as fits into a table. No escape is cut, and no character that people see as one. */
export const shortened = (text: string, length = 60): string => {
  const whole = visible(text)
  if (whole.length <= length) return whole
  let beginning = ""
  for (const { segment } of new Intl.Segmenter().segment(text.slice(0, length))) {
    const next = beginning + visible(segment)
    if (next.length >= length) break
    beginning = next
  }
  return `${beginning}…`
}

/** A length of time in words. */
export const duration = (millis: number): string => {
  const seconds = Math.round(millis / 1_000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`
}
