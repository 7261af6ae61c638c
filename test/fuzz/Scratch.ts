/**
 * A database to fuzz on, which is dropped afterwards.
 */
import { Effect, Exit, Scope } from "effect"
import * as TestDatabase from "../support/TestDatabase.ts"

export interface Scratch extends AsyncDisposable {
  readonly url: string
}

/** Makes one on a server. */
export const make = async (server: string): Promise<Scratch> => {
  const scope = await Effect.runPromise(Scope.make())
  return {
    url: await Effect.runPromise(Scope.provide(TestDatabase.makeOn(server), scope)),
    [Symbol.asyncDispose]: () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}
