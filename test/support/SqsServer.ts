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
  const createQueue = (name: string) => {
    const { queueUrl } = server.createQueue(name, { attributes: { FifoQueue: "true" } })
    const messages = () =>
      server.inspectQueue(name)!.messages.ready.map(({ body, messageGroupId }) => ({ body, group: messageGroupId }))
    return { name, queueUrl, messages, bodies: () => messages().map(({ body }) => body) }
  }
  let pairs = 0
  const endpoint = () => `http://127.0.0.1:${server.port}`
  return {
    /** Its queues, without a client. */
    queues: () => server,
    /** A dead-letter queue, and the one that its messages came from. */
    deadLetterQueues: () => {
      const name = `letters-${++pairs}`
      const dead = createQueue(`${name}-dead.fifo`)
      const bury = (body: string, group = "group") =>
        server.sendMessage(dead.name, body, {
          messageGroupId: group,
          messageDeduplicationId: `${dead.name} ${dead.messages().length}`
        })
      return { live: createQueue(`${name}.fifo`), dead, bury }
    },
    endpoint,
    /** For a client. */
    access: () => ({ ...ACCOUNT, endpoint: endpoint() }),
    /** For the command line. */
    options: () => ["--sqs-endpoint", endpoint(), "--sqs-region", region]
  }
}
