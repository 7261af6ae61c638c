/**
 * What `turnout serve` is told: the values of its options and of those of every command. They can be written as JSON, since one process
 * of a server hands them to others.
 */
import type * as Database from "../../Database.ts"
import type * as Metrics from "../../activity/Metrics.ts"
import type { CachesOptions } from "../../options/Caches.ts"
import type { IssuersOptions } from "../../options/access/Issuers.ts"
import type { LimitsOptions } from "../../options/access/Limits.ts"
import type * as NamedQueue from "../../sinks/NamedQueue.ts"
import type { RedisOptions } from "../../options/neighbours/Redis.ts"
import type * as Sinks from "../../sinks/Sinks.ts"
import type * as Mailing from "./Mailing.ts"

export interface ServeOptions
  extends
    Database.GlobalOptions,
    Omit<Sinks.SinkOptions, "stdout">,
    CachesOptions,
    IssuersOptions,
    LimitsOptions,
    Mailing.MailingOptions,
    Metrics.MetricsOptions,
    RedisOptions {
  readonly host: string
  readonly port: number
  readonly basePath?: string
  readonly onReplay: "replay" | "conflict"
  readonly refusalTtl: number
  readonly logRequests?: boolean
  /** False if long answers are sent as they are. */
  readonly compression: boolean
  readonly requestTimeout: number
  readonly keepAlive: number
  readonly drainDelay: number
  readonly shutdownGrace: number
  /** The token that opens everything. */
  readonly adminToken?: string
  /** Whether everybody may do everything. */
  readonly open?: boolean
  /** Whether that is meant for other machines, too. */
  readonly openToOthers?: boolean
  /** The origins whose pages may read answers; `*` for all. */
  readonly corsOrigin?: ReadonlyArray<string>
  /** The networks of the proxies whose headers are believed. */
  readonly trustProxy?: ReadonlyArray<string>
  /** Each dead-letter queue that operators see, followed by the queue that its messages go back to. */
  readonly dlq?: ReadonlyArray<NamedQueue.NamedQueue>
  /** False if this process delivers nothing. */
  readonly relay: boolean
  /** The number of processes that serve. */
  readonly processes: number
}
