/**
 * The rows of one registration, as Turnout writes them, for the contestants that write them without Turnout.
 */
import { randomUUID } from "node:crypto"
import { NAME } from "./Turn.ts"

export interface Rows {
  readonly id: string
  readonly email: string
  readonly messageId: string
  readonly payload: string
  readonly key: string
  readonly fingerprint: string
  readonly answer: string
}

export const KEPT_MILLIS = 72 * 60 * 60 * 1_000

export const rows = (eventId: string, sequence: number, email: string, now: Date): Rows => {
  const id = randomUUID()
  const at = now.toISOString()
  return {
    id,
    email,
    messageId: randomUUID(),
    payload: `{"registration":{"id":"${id}","eventId":"${eventId}","attendee":{"id":"mailto:${email}","name":"${NAME}","email":"${email}"},"notes":"","state":"confirmed","sequence":${sequence},"registeredAt":"${at}","changedAt":"${at}"}}`,
    key: randomUUID(),
    fingerprint: "ejKUPUQSp8ZBFmFCGVsc1svKPASYT5vbJlc0HMHLpyM",
    answer: `{"state":"confirmed","changedAt":"${at}","waitlistPosition":null}`
  }
}
