/**
 * pg-boss with its fastest settings: workers fetch and complete jobs in large batches, and ask again at once. The `work` of
 * pg-boss does the same and was a little slower. The queue has a table of its own and the policy `standard`: jobs are
 * delivered in no order.
 */
import { PgBoss } from "pg-boss"
import { messages } from "./Backlog.ts"
import * as Drain from "./Drain.ts"

const QUEUE = "deliver"
/** The size of a batch. Larger ones were slower. */
const BATCH = 1_000
/** The number of jobs in one insert when the backlog is made. */
const INSERTED_AT_ONCE = 10_000

/** A pg-boss without supervision and schedules, so that nothing runs beside the work that is measured. */
const boss = (url: string): PgBoss => {
  const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false })
  boss.on("error", (error) => {
    throw error
  })
  return boss
}

const prepare: Drain.Contestant["prepare"] = async (sql, drain) => {
  const maker = boss(drain.url)
  await maker.start()
  await maker.deleteQueue(QUEUE)
  await maker.createQueue(QUEUE, { partition: true })
  const rows = await sql<{ payload: string }>(`SELECT payload FROM ${messages(drain)} ORDER BY n`)
  for (let from = 0; from < rows.length; from += INSERTED_AT_ONCE) {
    const batch = rows.slice(from, from + INSERTED_AT_ONCE)
    await maker.insert(
      QUEUE,
      batch.map(({ payload }) => ({ data: JSON.parse(payload) as object }))
    )
  }
  await maker.stop()
}

await Drain.run({
  prepare,
  left: `SELECT count(*) AS left FROM pgboss.job WHERE name = '${QUEUE}' AND state <> 'completed'`,
  open: async ({ url, workers }, count) => {
    const worker = boss(url)
    await worker.start()
    const drain = async () => {
      for (;;) {
        const jobs = await worker.fetch(QUEUE, { batchSize: BATCH })
        if (jobs.length === 0) return
        count.delivered(jobs.length)
        await worker.complete(
          QUEUE,
          jobs.map(({ id }) => id)
        )
      }
    }
    return () => {
      count.began()
      return Promise.all(Array.from({ length: workers }, drain))
    }
  }
})
