/**
 * pgbench: one prepared call of a function for each registration, from many clients. The function does all of a
 * registration in one call, which is the fastest way for a single one. It takes the lock of the counter first, or, in
 * `register_in_turn`, an advisory lock, whose queue is fair.
 */
import { execFile } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { percentile } from "../support/Contest.ts"
import type * as Database from "../support/Database.ts"
import { NAME, type Told } from "./Turn.ts"

const FUNCTIONS = `
CREATE OR REPLACE FUNCTION register(p_event uuid, p_email text, p_key text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v bigint;
  r uuid := gen_random_uuid();
  t timestamptz := clock_timestamp();
  at text := to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
BEGIN
  UPDATE turnout.events SET confirmed = confirmed + 1, version = version + 1
  WHERE id = p_event AND confirmed < capacity RETURNING version INTO v;
  IF NOT FOUND THEN RAISE EXCEPTION 'the event is full'; END IF;
  INSERT INTO turnout.registrations VALUES (r, p_event, 'mailto:' || p_email, '${NAME}', p_email, '', 'confirmed', v, t, t);
  INSERT INTO turnout.journal (event_id, version, id, type, schema_version, payload, actor, occurred_at)
  VALUES (p_event, v, gen_random_uuid(), 'AttendeeRegistered', 1,
    ('{"registration":{"id":"' || r || '","eventId":"' || p_event || '","attendee":{"id":"mailto:' || p_email ||
     '","name":"${NAME}","email":"' || p_email || '"},"notes":"","state":"confirmed","sequence":' || v ||
     ',"registeredAt":"' || at || '","changedAt":"' || at || '"}}')::json, 'anonymous', t);
  INSERT INTO turnout.idempotency VALUES (p_key, 'Register', 'anonymous', 'ejKUPUQSp8ZBFmFCGVsc1svKPASYT5vbJlc0HMHLpyM',
    r, r, ('{"state":"confirmed","changedAt":"' || at || '","waitlistPosition":null}')::json, t, t + interval '72 hours');
END $$;
CREATE OR REPLACE FUNCTION register_in_turn(p_event uuid, p_email text, p_key text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_event::text, 0));
  PERFORM register(p_event, p_email, p_key);
END $$;`

export const CLIENTS = 64

/** Reads the latencies from the log, which has the microseconds of every transaction in its third column. */
const latencies = (folder: string) => {
  const millis = readdirSync(folder)
    .filter((name) => name.startsWith("log"))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").trim().split("\n"))
    .map((line) => Number(line.split(" ")[2]) / 1_000)
    .toSorted((a, b) => a - b)
  return { p50Millis: percentile(millis, 0.5), p99Millis: percentile(millis, 0.99) }
}

/** Runs one turn with a function. */
export const run = async (
  database: Database.Database,
  command: string,
  call: "register" | "register_in_turn",
  {
    clients = CLIENTS,
    events,
    seconds
  }: { readonly clients?: number; readonly events: number; readonly seconds: number }
): Promise<Told> => {
  // The client prepares a query and so takes only one statement.
  for (const statement of FUNCTIONS.split("$$;")) if (statement.trim() !== "") await database.sql(`${statement}$$`)
  const folder = mkdtempSync(join(tmpdir(), "turnout-pgbench-"))
  try {
    const script = join(folder, "register.sql")
    writeFileSync(
      script,
      `\\set event random(1, ${events})
\\set person random(1, 1000000000000000)
SELECT ${call}(('01900000-0000-7000-8000-' || lpad(to_hex(:event::integer), 12, '0'))::uuid,
  'person-' || :client_id || '-' || :person || '@example.com', gen_random_uuid()::text);
`
    )
    const { stdout } = await promisify(execFile)(
      command,
      [
        "--no-vacuum",
        "--protocol=prepared",
        `--client=${clients}`,
        "--jobs=2",
        `--time=${Math.max(2, Math.round(seconds))}`,
        "--log",
        `--log-prefix=${join(folder, "log")}`,
        "--file",
        script,
        database.url
      ],
      { maxBuffer: 2 ** 24 }
    )
    const perSecond = Number(/tps = ([\d.]+)/.exec(stdout)?.[1])
    if (!(perSecond > 0)) throw new Error(`pgbench said:\n${stdout}`)
    return { perSecond, ...latencies(folder), errors: 0, batch: 1, cpuMicros: 0 }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
