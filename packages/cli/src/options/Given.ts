/**
 * Options as the fields of a query: an option that is not given is no field.
 */

type Given<A> = { readonly [K in keyof A]?: Exclude<A[K], undefined> }

/** The fields that have a value. */
export const given = <A extends Readonly<Record<string, unknown>>>(fields: A): Given<A> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<A>
