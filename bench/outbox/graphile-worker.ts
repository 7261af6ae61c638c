/**
 * graphile-worker with its fastest settings: jobs are fetched into a local queue in large batches, completed in batches,
 * and many run at a time. Jobs have no queue name, so they are delivered in no order.
 */
import { Logger, run, runMigrations, type WorkerEvents } from "graphile-worker"
import { EventEmitter } from "node:events"
import { messages } from "./Backlog.ts"
import * as Drain from "./Drain.ts"

const TASK = "deliver"
const silent = new Logger(() => () => {})
/** The size of the local queue. A larger one was not faster. */
const LOCAL_QUEUE = 2_000
const CONCURRENT_JOBS = 256
/** Jobs that have ended since the last write are completed together, without a delay. */
const BATCH_DELAY_MILLIS = 0

await Drain.run({
  prepare: async (sql, drain) => {
    await runMigrations({ preset: { worker: { connectionString: drain.url, logger: silent } } })
    await sql("TRUNCATE graphile_worker._private_jobs")
    await sql(`SELECT count(*) FROM (
        SELECT array_agg(('${TASK}', payload::json, NULL, now(), NULL, NULL, NULL, NULL)::graphile_worker.job_spec ORDER BY n)
          AS specs
        FROM ${messages(drain)} GROUP BY n / 10000 ORDER BY n / 10000
      ) AS batches CROSS JOIN LATERAL graphile_worker.add_jobs(specs)`)
  },
  left: "SELECT count(*) AS left FROM graphile_worker._private_jobs",
  open: async ({ url, workers }, count) => {
    const events: WorkerEvents = new EventEmitter()
    events.on("localQueue:init", count.began)
    const deliver = async () => count.delivered(1)
    return async () => {
      for (let worker = 0; worker < workers; worker++) {
        await run({
          taskList: { [TASK]: deliver },
          preset: {
            worker: {
              connectionString: url,
              logger: silent,
              events,
              concurrentJobs: CONCURRENT_JOBS,
              maxPoolSize: 10,
              localQueue: { size: LOCAL_QUEUE },
              completeJobBatchDelay: BATCH_DELAY_MILLIS,
              failJobBatchDelay: BATCH_DELAY_MILLIS
            }
          }
        })
      }
    }
  }
})
