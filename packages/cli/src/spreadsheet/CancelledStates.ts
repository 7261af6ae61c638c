/**
 * The states of registrations, in several languages, whose people do not come. They are compared as the names of columns are.
 */
import { folded } from "./ColumnNames.ts"

const CANCELLED = new Set(
  `cancelled, canceled, cancelled by attendee, not attending, refunded, withdrawn, deleted, declined, rejected, expired,
   storniert, abgesagt, abgemeldet, annulliert, zurückgezogen, annulé, annulée, remboursé, cancelado, cancelada, anulado, anulada,
   annullato, annullata, cancellato, geannuleerd, avbruten, aflyst, anulowane, anulowany, отменено`
    .split(",")
    .map(folded)
)

/** Tells whether a registration in this state is none any more. */
export const isCancelled = (state: string): boolean => CANCELLED.has(folded(state))
