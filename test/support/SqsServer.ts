/**
 * An SQS in this process, to which the AWS client speaks over HTTP.
 */
import { type FauxqsServer, startFauxqs } from "fauxqs"
import { afterAll, beforeAll } from "vitest"

const region = "us-east-1"
/** The region and the credentials of clients. The server takes any. */
export const ACCOUNT = { region, credentials: { accessKeyId: "test", secretAccessKey: "test" } }

/** Starts a server for the tests of a file before they run, and stops it after them. */
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
    /** The server itself, whose queues can be read without a client. */
    queues: () => server,
    /** Makes a dead-letter queue, and the queue that its messages came from. */
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
    /** The options of a client. */
    access: () => ({ ...ACCOUNT, endpoint: endpoint() }),
    /** The options of the command line. */
    options: () => ["--sqs-endpoint", endpoint(), "--sqs-region", region]
  }
}
