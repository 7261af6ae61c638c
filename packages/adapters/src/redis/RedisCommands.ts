/**
 * Sends commands over a connection: a bounded number at a time, each with a deadline.
 *
 * - A command is refused at once if there is no connection, if the breaker is open, or if too many wait for their answers.
 * - It ends within its deadline, also if the server hangs after it was written. The deadline is that of the server: an answer that has
 *   come while this process was busy counts. A caller that is interrupted leaves the command to itself.
 * - It is sent once. If it timed out or the connection was lost, it may have had its effect.
 * - The commands of a turn of the event loop are one write to the socket.
 */
import * as Effect from "effect/Effect"
import type * as Redis from "effect/persistence/Redis"
import { Cluster, Command } from "ioredis"
import { hold, type RedisClient } from "./RedisClient.ts"
import type { RedisConnection } from "./RedisConnection.ts"
import { isOfServer, RedisOverloaded, RedisReplied, RedisTimedOut, toError, toFailure } from "./RedisFailure.ts"
import type { RedisScripts } from "./RedisScripts.ts"
import type { Observed } from "./RedisState.ts"

/** The most commands that wait for their answers: what a server answers within the default deadline. */
export const MAX_IN_FLIGHT = 10_000

export type Send = Redis.Redis["Service"]["send"]

type Failed = RedisTimedOut | ReturnType<typeof toFailure>

/**
 * Sends a command, and calls one of the two others once: `answered` with the answer, or `failed`. Without a deadline, a command waits for
 * as long as its connection lasts.
 */
export const exchange = (
  client: RedisClient,
  scripts: RedisScripts,
  name: string,
  args: ReadonlyArray<string>,
  deadlineMillis: number | undefined,
  answered: (answer: unknown) => void,
  failed: (failure: Failed) => void
): void => {
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const fail = (failure: Failed): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    failed(failure)
  }
  const succeed = (answer: unknown): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    answered(answer)
  }
  const refused = (thrown: unknown): void => {
    const failure = toFailure(thrown)
    const isUnknownScript = failure instanceof RedisReplied && failure.code === "NOSCRIPT" && !isOver
    const evaluated = isUnknownScript ? scripts.evalInstead(name, args) : undefined
    if (evaluated === undefined) return fail(failure)
    write("EVAL", evaluated).then(succeed, (again: unknown) => fail(toFailure(again)))
  }
  const write = (name: string, args: ReadonlyArray<string>): Promise<unknown> => {
    const command = new Command(name, args as Array<string>, { replyEncoding: "utf8" })
    client.sendCommand(command)
    return command.promise
  }
  if (deadlineMillis !== undefined) {
    const late = () => fail(new RedisTimedOut({ millis: deadlineMillis }))
    // After a turn in which the process was busy, its timers come before the answers that wait in its sockets: those come first here.
    timer = setTimeout(() => setImmediate(late), deadlineMillis)
  }
  write(name, args).then(succeed, refused)
}

/** Makes the function that sends. */
export const make = (
  connection: RedisConnection,
  scripts: RedisScripts,
  deadlineMillis: number,
  observed: Observed
): Send => {
  const { client } = connection
  const isCluster = client instanceof Cluster
  let inFlight = 0
  /** The answers so far, which wrap around. */
  let answers = 0
  /** Writes what was sent in this turn. */
  let write: (() => void) | undefined

  const turn = (): void => {
    write?.()
    write = undefined
  }

  const noteAnswer = (): void => {
    inFlight -= 1
    answers = (answers + 1) | 0
    connection.answered()
  }

  /**
   * Whether a failure speaks of the server as a whole. A time-out does unless something was answered since the command was sent: then a node
   * of a Cluster hangs, and the others do not. A lost connection counts by itself.
   */
  const isOfAll = (failure: Failed, answersBefore: number): boolean =>
    failure instanceof RedisTimedOut ? answers === answersBefore : failure instanceof RedisReplied && !isCluster

  const overloaded = toError(new RedisOverloaded({ limit: MAX_IN_FLIGHT }))
  const refusal = (): Redis.RedisError | undefined =>
    connection.refusal() ?? (inFlight >= MAX_IN_FLIGHT ? overloaded : undefined)

  const begin = (
    name: string,
    args: ReadonlyArray<string>,
    resume: (outcome: Effect.Effect<unknown, Redis.RedisError>) => void
  ): void => {
    inFlight += 1
    if (write === undefined) {
      write = hold(client)
      setImmediate(turn)
    }
    const answersBefore = answers
    const answered = (answer: unknown): void => {
      noteAnswer()
      observed.count("ok")
      resume(Effect.succeed(answer))
    }
    const failed = (failure: Failed): void => {
      if (isOfServer(failure)) {
        inFlight -= 1
        connection.failed(failure, isOfAll(failure, answersBefore))
      } else noteAnswer()
      observed.count(failure instanceof RedisTimedOut ? "timeout" : "error")
      resume(Effect.fail(toError(failure)))
    }
    exchange(client, scripts, name, args, deadlineMillis, answered, failed)
  }

  return <A = unknown>(command: string, ...args: ReadonlyArray<string>) =>
    Effect.callback<unknown, Redis.RedisError>((resume) => {
      // Whichever way it is written: ioredis gives the answers to `hgetall` another shape than those to `HGETALL`.
      const name = command.toUpperCase()
      const loaded = scripts.loaded(name, args)
      if (loaded !== undefined) return resume(Effect.succeed(loaded))
      const refused = refusal()
      if (refused === undefined) return begin(name, args, resume)
      observed.count("refused")
      resume(Effect.fail(refused))
    }) as Effect.Effect<A, Redis.RedisError>
}
