/**
 * Test messages: what an operator has posted to a webhook to see whether it arrives.
 *
 * A test message has the fields of a message (`Message`), except `eventId` and `version`: it is about no event, has no place in a
 * stream, and is in no journal. Its type, `turnout.test`, is that of no journal event. A receiver verifies its signature as that of
 * any other, answers 2xx, and does nothing else about it.
 */
import { toText } from "../../kernel/domain/Instant.ts"
import type { WebhookId } from "./Webhook.ts"

export const TEST_TYPE = "turnout.test"

export interface TestMessage {
  readonly id: string
  readonly webhook: WebhookId
  /** The principal who has it posted. */
  readonly who: string
  readonly at: Date
}

/** The test message as JSON. */
export const toJson = ({ at, id, webhook, who }: TestMessage): string =>
  JSON.stringify({
    id,
    type: TEST_TYPE,
    schemaVersion: 1,
    payload: { webhook },
    metadata: { actor: who, correlationId: null, causationId: null },
    occurredAt: toText(at)
  })
