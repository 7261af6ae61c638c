import type { TestProject } from "vitest/node"
import * as BundledCommand from "./BundledCommand.ts"
import * as PostgresServer from "./PostgresServer.ts"

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  BundledCommand.removeOld()
  const server = await PostgresServer.provideForTests()
  process.stdout.write(`Postgres for the tests: ${server.origin}\n`)
  project.provide("postgresUrl", server.url)
  return server.stop
}

declare module "vitest" {
  export interface ProvidedContext {
    readonly postgresUrl: string
  }
}
