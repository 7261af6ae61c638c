/**
 * A pool of `pg`, as a host has one.
 *
 * The end of a pool does not wait for the server to close its connections. A test drops its database then, and the server ends those
 * that are there still: `pg` tells that of each, and an error that nobody listens to would end the process.
 */
import { Pool, type PoolConfig } from "pg"

export const make = (config: PoolConfig): Pool =>
  new Pool(config).on("connect", (client) => void client.on("error", () => {})).on("error", () => {})
