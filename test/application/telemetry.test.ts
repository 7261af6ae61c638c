import { assert, describe, it } from "vitest"
// oxlint-disable-next-line eslint/no-restricted-imports -- a program is for running: its package exports nothing
import { isWanted } from "../../packages/cli/src/telemetry/Telemetry.ts"

describe("telemetry", () => {
  it.each([
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" },
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://127.0.0.1:4318/v1/traces" },
    { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://127.0.0.1:4318/v1/logs", OTEL_SDK_DISABLED: "false" }
  ])("is sent if a variable says where: %j", (variables) => {
    assert.isTrue(isWanted(variables))
  })

  it.each([
    {},
    { OTEL_SERVICE_NAME: "turnout" },
    { OTEL_EXPORTER_OTLP_ENDPOINT: "" },
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318", OTEL_SDK_DISABLED: "true" },
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318", OTEL_SDK_DISABLED: "TRUE" }
  ])("is otherwise not sent: %j", (variables) => {
    assert.isFalse(isWanted(variables))
  })
})
