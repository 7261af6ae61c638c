/**
 * pg-transactional-outbox at its fastest: the polling listener, which handles each message in a transaction of its own.
 *
 * Left as they are, its batches are of one message for as many times as a batch is large, and then are as large as what has
 * just ended; here they are large from the beginning, and asked for when half of the last has ended. Messages may be
 * handled in parallel, in no order.
 */
import {
  DatabaseSetup,
  getDisabledLogger,
  initializePollingMessageListener,
  IsolationLevel,
  type DatabasePollingSetupConfig
} from "pg-transactional-outbox"
import { setImmediate } from "node:timers/promises"
import { messages } from "./Backlog.ts"
import * as Drain from "./Drain.ts"

const BATCH = 500
/** Workers get in each other's way, and what one has let go for that is handled after this time. */
const LOCK_MILLIS = 1_000
/** Connections of all workers together; with more of them it was not faster. */
const CONNECTIONS = 20

const setup: DatabasePollingSetupConfig = {
  outboxOrInbox: "outbox",
  database: "",
  schema: "transactional",
  table: "outbox",
  listenerRole: "",
  nextMessagesSchema: "transactional",
  nextMessagesName: "next_outbox_messages"
}

/** One statement at a time: the client prepares what it sends. */
const statements = (script: string): ReadonlyArray<string> =>
  script.split(/;\s*\n(?=(?:ALTER|CREATE|DROP)\b)/).filter((statement) => statement.trim() !== "")

const prepare: Drain.Contestant["prepare"] = async (sql, drain) => {
  for (const script of [
    DatabaseSetup.dropAndCreateTable(setup),
    DatabaseSetup.createPollingFunction(setup),
    DatabaseSetup.setupPollingIndexes(setup)
  ]) {
    for (const statement of statements(script)) await sql(statement)
  }
  await sql(`INSERT INTO transactional.outbox (id, aggregate_type, aggregate_id, message_type, concurrency, payload)
    SELECT gen_random_uuid(), 'event', stream, 'AttendeeRegistered', 'parallel', payload::jsonb
    FROM ${messages(drain)} ORDER BY n`)
}

/** Asks for a batch when at most half of one is under way; asks for nothing otherwise, and lets others have the thread. */
const batchSizeStrategy = async (busy: number): Promise<number> => {
  if (busy <= BATCH / 2) return busy + BATCH
  await setImmediate()
  return 0
}

const open: Drain.Contestant["open"] = async ({ processes, url, workers }, count) => {
  const { database, host, password, port, user } = connection(url)
  const dbListenerConfig = { host, port, user, password, database, max: Math.ceil(CONNECTIONS / (processes * workers)) }
  return () => {
    count.began()
    for (let worker = 0; worker < workers; worker++) {
      initializePollingMessageListener(
        {
          outboxOrInbox: "outbox",
          dbListenerConfig,
          settings: {
            dbSchema: setup.schema,
            dbTable: setup.table,
            enableMaxAttemptsProtection: false,
            enablePoisonousMessageProtection: false,
            nextMessagesFunctionSchema: setup.schema,
            nextMessagesFunctionName: setup.nextMessagesName,
            nextMessagesBatchSize: BATCH,
            nextMessagesLockInMs: LOCK_MILLIS,
            nextMessagesPollingIntervalInMs: 50
          }
        },
        { handle: async () => count.delivered(1) },
        getDisabledLogger(),
        {
          batchSizeStrategy,
          messageProcessingTransactionLevelStrategy: () => IsolationLevel.ReadCommitted
        }
      )
    }
  }
}

const connection = (url: string) => {
  const { hostname, password, pathname, port, username } = new URL(url)
  return {
    host: hostname,
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1)
  }
}

await Drain.run({
  prepare,
  left: "SELECT count(*) AS left FROM transactional.outbox WHERE processed_at IS NULL",
  open
})
