/**
 * What a server does that is told nothing else. It stands apart from the server, so that who only says so need not load one.
 */

export const DEFAULTS = {
  host: "127.0.0.1",
  port: 3000,
  basePath: "",
  requestTimeoutMillis: 30_000,
  maxBodyBytes: 64 * 1024,
  receiveTimeoutMillis: 30_000,
  keepAliveMillis: 60_000,
  onReplay: "replay",
  logRequests: false,
  compression: true,
  drainDelayMillis: 0,
  shutdownGraceMillis: 10_000,
  open: false,
  corsOrigins: [],
  trustedProxies: [],
  limits: "default",
  olderLimitHeaders: false,
  deadLetters: []
} as const

/** The address of the metrics, at the port that exporters of OpenTelemetry take. */
export const METRICS_DEFAULTS = { host: "127.0.0.1", port: 9464 } as const
