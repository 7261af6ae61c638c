/**
 * pg-transactional-outbox with its fastest settings: the polling listener, which handles each message in a transaction of
 * its own.
 *
 * By default, the first batches have one message each, for as many times as the batch size says, and the later ones are as
 * large as the number of messages that have just ended. Here a batch is large from the beginning, and the next one is
 * fetched when half of the last has ended. Messages may be handled in parallel, in no order.
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
/**
 * The time of a lock. Workers get in each other's way, and a message that one has given up for that is handled after this
 * time.
 */
const LOCK_MILLIS = 1_000
/** The connections of all workers together. More of them were not faster. */
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

/** The statements of a script, since the client prepares a query and so takes only one statement. */
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

/** Asks for a batch when at most half of one is under way. Otherwise it asks for nothing, and gives other work a turn. */
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
