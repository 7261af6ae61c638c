/**
 * The types of journal events that an option may name.
 */
import { JournalEventType } from "@turnout/core/journal/domain/JournalEvent"

export const EVENT_TYPES: Array<string> = [...JournalEventType.literals]
