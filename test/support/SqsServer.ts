/**
 * An SQS in this process, which the client of AWS speaks to over HTTP.
 */
import { type FauxqsServer, startFauxqs } from "fauxqs"
import { afterAll, beforeAll } from "vitest"

const region = "us-east-1"
/** Whom it takes anybody for. */
export const ACCOUNT = { region, credentials: { accessKeyId: "test", secretAccessKey: "test" } }

/** One for the tests of a file, which is there once they run. */
export const use = () => {
  let server: FauxqsServer
  beforeAll(async () => {
    server = await startFauxqs({ port: 0, logger: false })
  })
  afterAll(() => server.stop())
  const endpoint = () => `http://127.0.0.1:${server.port}`
  return {
    /** Its queues, without a client. */
    queues: () => server,
    endpoint,
    /** For a client. */
    access: () => ({ ...ACCOUNT, endpoint: endpoint() }),
    /** For the command line. */
    options: () => ["--sqs-endpoint", endpoint(), "--sqs-region", region]
  }
}
