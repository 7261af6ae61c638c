/**
 * A server that speaks SQS, in a process of its own, with one FIFO queue, until it is stopped.
 */
import { startFauxqs } from "fauxqs"
import * as Script from "../support/Script.ts"

const server = await startFauxqs({ port: 0, logger: false })
const { queueUrl } = server.createQueue("bench.fifo", { attributes: { FifoQueue: "true" } })
Script.result({ queueUrl, endpoint: `http://127.0.0.1:${server.port}` })
