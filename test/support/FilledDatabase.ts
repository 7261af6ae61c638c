/**
 * A database that has something for every table and line that `turnout` prints, with a text of the test in all of it.
 */
import * as CommandLine from "./CommandLine.ts"
import * as ParkedStream from "./ParkedStream.ts"

/** A literal of SQL, or of JSON in SQL. */
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

export interface Filled {
  readonly event: string
  readonly replay: string
  readonly webhook: string
  readonly registration: string
  readonly person: string
}

/**
 * An event, people, organizations, API keys, a person with sessions, webhooks, replays, leases and decisions whose texts are this one. The
 * journal has checked texts only, and has `inJournal` in the payloads.
 */
export const make = async (turnout: CommandLine.Filling, text: string, inJournal: string): Promise<Filled> => {
  const event = await ParkedStream.make(turnout)
  const { document } = await turnout.json("registrations", "list", event)
  const added = await turnout.json("webhooks", "add", "https://example.com/hooks")
  const webhook = (added.document as unknown as { readonly webhook: { readonly id: string } }).webhook.id
  const started = await turnout.json("outbox", "replay", "--sink", "mail", "--all", "--no-wait")
  const replay = (started.document as unknown as { readonly replay: { readonly id: string } }).replay.id
  await turnout.run("sales", "rebuild")
  const person = crypto.randomUUID()
  const sql = literal(text)
  const json = JSON.stringify(text)
  await CommandLine.sql(
    turnout.database!,
    `UPDATE turnout.events SET title = ${sql}, organizer = ${sql}, location = ${sql}`,
    `UPDATE turnout.registrations SET name = ${sql}, email = ${sql}, notes = ${sql}`,
    `INSERT INTO turnout.organizations (id, slug, name) VALUES (gen_random_uuid(), 'filled', ${sql})`,
    `INSERT INTO turnout.api_keys (id, digest, name, role)
     SELECT lpad(n::text, 32, '0'), '', ${sql}, 'operator' FROM generate_series(1, 2) n`,
    `INSERT INTO turnout.people (id, name) VALUES (${literal(person)}, ${sql})`,
    `INSERT INTO turnout.person_addresses (address, person_id) VALUES ('ada@example.com', ${literal(person)})`,
    `INSERT INTO turnout.sessions (id, digest, person_id, ends_at, user_agent, address)
     SELECT lpad(n::text, 32, '0'), '', ${literal(person)}, now() + interval '1 day', ${sql}, ${sql} FROM generate_series(1, 2) n`,
    `UPDATE turnout.outbox_blocked SET error = ${sql}`,
    `UPDATE turnout.outbox_slots SET owner = ${sql} WHERE owner IS NOT NULL`,
    `UPDATE turnout.audit_log SET who = ${sql}, action = ${sql}, resource = ${sql}, credential = ${sql}, details = ${literal(`{"error":${json}}`)}`,
    `UPDATE turnout.replays SET who = ${sql}, error = ${sql}, state = 'stopped'`,
    `UPDATE turnout.webhooks SET description = ${sql}, disabled_because = ${sql}`,
    `INSERT INTO turnout.webhook_attempts (webhook, at, message, event_id, version, type, millis, status, error)
     VALUES (${literal(webhook)}, now(), gen_random_uuid(), ${literal(event)}, 1, ${sql}, 1, 500, ${sql})`,
    `UPDATE turnout.journal SET actor = ${sql}, payload = replace(payload::text, 'Party', ${literal(inJournal)})::json`,
    `UPDATE turnout.projections SET state = replace(state::text, '"Party"', ${literal(json)})::json`
  )
  return { event, person, replay, webhook, registration: document.items[0]!.id }
}

/** The commands that print a table, or facts, about what there is. */
export const showing = ({ event, person, registration, replay, webhook }: Filled): ReadonlyArray<string> => [
  "events list",
  `events show ${event}`,
  `registrations list ${event}`,
  `registrations show ${event} ${registration}`,
  `waitlist show ${event}`,
  `journal show ${event}`,
  "outbox status --sample 0",
  "audit list",
  "outbox parked list --sink mail",
  `outbox parked show --sink mail ${event}`,
  "outbox replay list",
  `outbox replay watch ${replay}`,
  "organizations list",
  "organizations show filled",
  "people list --organization default",
  `people show ${person}`,
  `sessions list --person ${person}`,
  "keys list",
  "webhooks list",
  `webhooks show ${webhook}`,
  `webhooks attempts ${webhook}`,
  "sales list",
  `sales show ${event}`,
  "migrate status"
]
