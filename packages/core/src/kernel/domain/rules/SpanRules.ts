/**
 * The rule for spans of time that queries ask for.
 */

/** The bounds of a span by the names of their fields: `from` must be before `until`. */
export const spanProblem = <Field extends string>(
  query: { readonly [field in Field]?: Date },
  from: Field,
  until: Field
): ReadonlyArray<{ readonly path: ReadonlyArray<string>; readonly issue: string }> => {
  const [begin, end] = [query[from], query[until]]
  return begin !== undefined && end !== undefined && end <= begin
    ? [{ path: [until], issue: `must be after ${from}` }]
    : []
}
