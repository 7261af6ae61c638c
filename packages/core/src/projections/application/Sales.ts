/**
 * The sales summaries of events: the projection that comes with the library.
 */
import { apply, initial, isOutdated, millisToSellOut, SalesSummary } from "../domain/SalesSummary.ts"
import type { Projection, Read } from "./Projection.ts"

export const projection: Projection<SalesSummary> = {
  name: "sales",
  schema: SalesSummary,
  initial,
  apply,
  isOutdated
}

/** A summary as it is shown: with `millisToSellOut`, and with the version of the last entry that it counts. */
export interface SalesInFull extends SalesSummary {
  readonly millisToSellOut: number | null
  readonly version: number
}

/** A summary as lists have it, without the days, which may be many. */
export type Sales = Omit<SalesInFull, "registrationsByDay">

export const showInFull = ({ state, version }: Read<SalesSummary>): SalesInFull => ({
  ...state,
  millisToSellOut: millisToSellOut(state),
  version
})

export const show = (read: Read<SalesSummary>): Sales => {
  const { registrationsByDay: _, ...sales } = showInFull(read)
  return sales
}
