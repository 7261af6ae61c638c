/**
 * The clients of ioredis: one for a single server, for Sentinel or for a Cluster, with the settings that a part that may be away needs.
 *
 * A client keeps no command for later, repeats none, and does not reconnect: its owner does (`RedisConnection`). A connection on which
 * nothing has come back for `silenceMillis` since a command was written is given up, also in the middle of a handshake. A primary that has
 * become a replica is left. Nothing here connects.
 */
import { Cluster, Redis, type RedisOptions } from "ioredis"
import type { ConnectionOptions } from "node:tls"
import type { Target } from "./RedisServer.ts"

export type RedisClient = Redis | Cluster

export interface ClientSettings {
  /** Certificates of authorities, in PEM, that are trusted instead of those that Node trusts. */
  readonly ca: string | undefined
  /** How long a connection may be silent after a command was written to it. `undefined` if it may be for ever. */
  readonly silenceMillis: number | undefined
}

/** How long a connection may take to be there, and a question to a Sentinel or about the nodes of a Cluster. */
export const CONNECT_MILLIS = 2_000
/** How long a connection that is given up may take to end by itself. */
const DISCONNECT_MILLIS = 100
/** How often the nodes of a Cluster are asked which of them has which keys. They also say so when a command comes to the wrong one. */
const NODES_REFRESH_MILLIS = 10_000
/** The longest pause before a server that reads its data from the disk is looked at again. */
const LOADING_PAUSE_MILLIS = 500
/** The name of the connections in `CLIENT LIST`. */
const CONNECTION_NAME = "turnout"

/** Options as the constructors of ioredis take them. Its types tell a field that is absent from one that is `undefined`. */
type ClientOptions = RedisOptions & { readonly replyMapping?: "legacy" }
type ClusterOptions = NonNullable<ConstructorParameters<typeof Cluster>[1]>

const tlsOf = ({ isSecure }: Target, { ca }: ClientSettings): { readonly tls?: ConnectionOptions } =>
  isSecure ? { tls: ca === undefined ? {} : { ca } } : {}

const connectionOptions = (target: Target, settings: ClientSettings): ClientOptions => ({
  lazyConnect: true,
  retryStrategy: () => null,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  reconnectOnError: ({ message }) => message.startsWith("READONLY"),
  connectTimeout: CONNECT_MILLIS,
  disconnectTimeout: DISCONNECT_MILLIS,
  maxLoadingRetryTime: LOADING_PAUSE_MILLIS,
  connectionName: CONNECTION_NAME,
  disableClientInfo: true,
  ...(settings.silenceMillis === undefined ? {} : { socketTimeout: settings.silenceMillis }),
  ...(target.username === "" ? {} : { username: target.username }),
  ...(target.password === "" ? {} : { password: target.password }),
  ...tlsOf(target, settings)
})

const ofSentinels = (target: Target, settings: ClientSettings): ClientOptions => ({
  ...connectionOptions(target, settings),
  sentinels: target.addresses.map((address) => ({ ...address })),
  name: target.name,
  sentinelRetryStrategy: () => null,
  sentinelCommandTimeout: CONNECT_MILLIS,
  ...(target.sentinelPassword === "" ? {} : { sentinelPassword: target.sentinelPassword }),
  ...(target.isSecure ? { enableTLSForSentinelMode: true, sentinelTLS: tlsOf(target, settings).tls! } : {})
})

const clusterOptions = (target: Target, settings: ClientSettings): ClusterOptions => ({
  lazyConnect: true,
  clusterRetryStrategy: () => null,
  enableOfflineQueue: false,
  // A command whose connection is lost may have had its effect, and is not sent again.
  retryDelayOnFailover: 0,
  slotsRefreshInterval: NODES_REFRESH_MILLIS,
  // The names of nodes stay names, which the certificates of TLS are for.
  dnsLookup: (hostname, callback) => callback(null, hostname),
  redisOptions: connectionOptions(target, settings)
})

/** Makes a client that is not connected yet. */
export const make = (target: Target, settings: ClientSettings): RedisClient => {
  switch (target.kind) {
    case "single":
      return new Redis({ ...connectionOptions(target, settings), ...target.addresses[0]!, db: target.database })
    case "sentinel":
      return new Redis(ofSentinels(target, settings))
    case "cluster":
      return new Cluster(
        target.addresses.map((address) => ({ ...address })),
        clusterOptions(target, settings)
      )
  }
}

/**
 * Makes a client with one connection, which may subscribe. In a Cluster it is one to a node, to which the others pass messages on:
 * another one for each attempt.
 */
export const makeSubscriber = (target: Target, settings: ClientSettings, attempt: number): Redis => {
  if (target.kind !== "cluster") return make(target, settings) as Redis
  const node = target.addresses[attempt % target.addresses.length]!
  return make({ ...target, kind: "single", addresses: [node] }, settings) as Redis
}

/** The connections of a client that take commands. */
const connectionsOf = (client: RedisClient): ReadonlyArray<Redis> =>
  client instanceof Redis ? [client] : client.nodes("master")

/** Connects the nodes of a Cluster that have no connection yet. A command to a node that is being connected fails. */
export const connectNodes = async (client: RedisClient): Promise<void> => {
  if (client instanceof Redis) return
  const waiting = client.nodes("master").filter(({ status }) => status === "wait")
  await Promise.allSettled(waiting.map((node) => node.connect()))
}

/**
 * Holds back what is written to the connections, and returns what writes it. Without this, each command is a write to the socket of its
 * own, which costs several times more than the rest of the command.
 */
export const hold = (client: RedisClient): (() => void) => {
  const streams = connectionsOf(client).flatMap(({ status, stream }) => (status === "ready" ? [stream] : []))
  for (const stream of streams) stream.cork()
  return () => {
    for (const stream of streams) stream.uncork()
  }
}

/** Closes the connections at once; commands that wait for their answers fail. */
export const close = (client: RedisClient): void => {
  const connections = client instanceof Redis ? [client] : client.nodes("all")
  // One that has ended would begin a timer.
  if (client.status !== "end") client.disconnect()
  // Otherwise a connection to a server that hangs is there until its own timer ends it.
  for (const { stream } of connections) (stream as typeof stream | undefined)?.destroy()
}
