/**
 * What the consumer of this process has done: messages by what became of them.
 */
import * as Consumer from "@turnout/core/consumer/application/Consumer"
import { count } from "../output/Words.ts"
import type { Activity } from "./Activity.ts"
import * as Counts from "./Counts.ts"

const OUTCOMES = ["handled", "repeated", "failed", "ignored"] as const

/** The outcomes in words. */
const WORDS: Readonly<Record<(typeof OUTCOMES)[number], string>> = {
  handled: "handled",
  repeated: "handled before",
  failed: "failed",
  ignored: "left alone"
}

export const activity: Activity<Counts.Counts> = {
  read: Counts.read(Consumer.messages.handled.id, "outcome"),
  tell: (before, now) => {
    const counts = Counts.since(before, now)
    const fields = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, counts.get(outcome) ?? 0]))
    return { fields, words: OUTCOMES.map((outcome) => `${count(fields[outcome]!)} ${WORDS[outcome]}`).join(", ") }
  }
}
