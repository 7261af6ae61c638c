/**
 * What somebody may try who has just started a server: three commands for a shell, from nothing to a waiter who gets a seat.
 */
import { randomUUID } from "node:crypto"

const DETAILS =
  '"title":"Launch party","organizer":"me","startsAt":"2030-05-01T18:00:00Z","endsAt":"2030-05-01T23:00:00Z",' +
  '"timeZone":"Europe/Berlin"'

/** Each time for an event of its own, so that they work again. */
export const lines = (address: string): ReadonlyArray<string> => {
  const id = randomUUID()
  const event = `${address}/events/${id}`
  const send = (url: string, key: string, ...options: ReadonlyArray<string>) =>
    [
      `curl -sw '\\n' ${url} -H "Idempotency-Key: ${key} ${id}"`,
      "-H 'Content-Type: application/json'",
      ...options
    ].join(" ")
  return [
    "Make an event with one seat, and open it:",
    `  ${send(`${address}/events`, "make", `-d '{"id":"${id}","capacity":1,${DETAILS}}'`)}`,
    `  ${send(`${event}/publish`, "open", "-X POST")}`,
    "Register two people, of whom the second one waits:",
    `  for who in ada bob; do ${send(`${event}/registrations`, "$who", `-d '{"attendee":{"email":"'$who'@example.com"}}'`)}; done`,
    "Add a seat, which the one who waits gets:",
    `  ${send(`${event}/capacity`, "raise", "-X PUT", `-d '{"capacity":2}'`)}`
  ]
}
