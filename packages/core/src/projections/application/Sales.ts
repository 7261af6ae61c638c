/**
 * The sales summaries of events: the projection that comes with the library.
 */
import { apply, initial, millisToSellOut, SalesSummary } from "../domain/SalesSummary.ts"
import type { Projection, Read } from "./Projection.ts"

export const projection: Projection<SalesSummary> = { name: "sales", schema: SalesSummary, initial, apply }

/** A summary as it is shown: with `millisToSellOut`, and with the version of the last entry that it counts. */
export interface Sales extends SalesSummary {
  readonly millisToSellOut: number | null
  readonly version: number
}

export const show = ({ state, version }: Read<SalesSummary>): Sales => ({
  ...state,
  millisToSellOut: millisToSellOut(state),
  version
})
