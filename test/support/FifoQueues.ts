/**
 * FIFO queues in memory, with the interface of the AWS client. They give the messages of a group as SQS does: a request
 * gets up to ten messages, all of one group before those of the next, and none of a group that has received messages which
 * are not deleted or back. The SQS in this process (`SqsServer`) gives one message of a group at a time.
 */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient
} from "@aws-sdk/client-sqs"
import { randomUUID } from "node:crypto"

interface Stored {
  readonly id: string
  readonly body: string
  readonly group: string
  readonly sentAt: number
  /** The receipt, while the message is received and neither deleted nor back. */
  receipt: string | null
  receiveCount: number
}

export class FifoQueues {
  readonly #queues = new Map<string, Array<Stored>>()

  #queue(url: string | undefined): Array<Stored> {
    const queue = this.#queues.get(url!) ?? []
    this.#queues.set(url!, queue)
    return queue
  }

  send(url: string, body: string, group: string): void {
    this.#queue(url).push({ id: randomUUID(), body, group, sentAt: Date.now(), receipt: null, receiveCount: 0 })
  }

  /** The messages that can be received, or wait for others of their group. */
  messages(url: string): ReadonlyArray<Pick<Stored, "body" | "group">> {
    return this.#queue(url).filter(({ receipt }) => receipt === null)
  }

  #receive(url: string | undefined, most: number) {
    const queue = this.#queue(url)
    const held = new Set(queue.flatMap(({ group, receipt }) => (receipt === null ? [] : [group])))
    const given = Array.from(
      Map.groupBy(queue, ({ group }) => group),
      ([group, messages]) => (held.has(group) ? [] : messages)
    ).flat()
    return given.slice(0, most).map((message) => {
      message.receipt = randomUUID()
      message.receiveCount += 1
      return {
        MessageId: message.id,
        ReceiptHandle: message.receipt,
        Body: message.body,
        Attributes: {
          MessageGroupId: message.group,
          SentTimestamp: String(message.sentAt),
          ApproximateReceiveCount: String(message.receiveCount)
        }
      }
    })
  }

  #answer(command: unknown): unknown {
    if (command instanceof ReceiveMessageCommand) {
      const { MaxNumberOfMessages = 1, QueueUrl } = command.input
      return { Messages: this.#receive(QueueUrl, MaxNumberOfMessages) }
    }
    if (command instanceof ChangeMessageVisibilityBatchCommand) {
      for (const { ReceiptHandle } of command.input.Entries ?? [])
        for (const message of this.#queue(command.input.QueueUrl))
          if (message.receipt === ReceiptHandle) message.receipt = null
      return { Successful: [], Failed: [] }
    }
    if (command instanceof DeleteMessageCommand) {
      const queue = this.#queue(command.input.QueueUrl)
      const index = queue.findIndex(({ receipt }) => receipt === command.input.ReceiptHandle)
      if (index !== -1) queue.splice(index, 1)
      return {}
    }
    if (command instanceof SendMessageCommand) {
      const { MessageBody, MessageGroupId, QueueUrl } = command.input
      this.send(QueueUrl!, MessageBody!, MessageGroupId!)
      return {}
    }
    if (command instanceof GetQueueAttributesCommand)
      return { Attributes: { ApproximateNumberOfMessages: String(this.messages(command.input.QueueUrl!).length) } }
    throw new Error("these queues know no such command")
  }

  readonly client = {
    send: (command: unknown) => Promise.resolve().then(() => this.#answer(command))
  } as unknown as SQSClient
}
