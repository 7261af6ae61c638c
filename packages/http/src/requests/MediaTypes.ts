/**
 * The choice of the media type of an answer by `Accept` (RFC 9110, 12.5.1).
 */

/** A media range with its weight, and how exactly it names a type: 2 for `text/html`, 1 for `text/*`, 0 for all. */
interface Range {
  readonly range: string
  readonly weight: number
}

const rangesIn = (header: string): ReadonlyArray<Range> =>
  header.split(",").map((member) => {
    const [range = "", ...parameters] = member.split(";").map((part) => part.trim().toLowerCase())
    const q = parameters.find((parameter) => parameter.startsWith("q="))
    const weight = q === undefined ? 1 : Number(q.slice(2))
    return { range, weight: Number.isNaN(weight) ? 0 : weight }
  })

/** The weight of a type: that of the range that names it most exactly, and 0 if none does. */
const weightOf = (ranges: ReadonlyArray<Range>, type: string): number => {
  const names = [type, type.replace(/\/.*/, "/*"), "*/*"]
  const found = names.map((name) => ranges.find(({ range }) => range === name)).find((range) => range !== undefined)
  return found?.weight ?? 0
}

/** Whether a request asks for the one type rather than for the other. Without the header, it does not. */
export const prefers = (header: string | undefined, type: string, other: string): boolean => {
  if (header === undefined) return false
  const ranges = rangesIn(header)
  return weightOf(ranges, type) > weightOf(ranges, other)
}
