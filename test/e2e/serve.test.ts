/**
 * `turnout serve` as a process: what it says when it starts, and how it ends.
 */
import { spawn } from "node:child_process"
import { createServer, type AddressInfo } from "node:net"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"

const post = async (url: string, key: string, body?: unknown) => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  return { status: response.status, body: (await response.json()) as CommandLine.Document }
}

describe("turnout serve", { timeout: 120_000 }, () => {
  it.concurrent("--base-path is in the addresses that it prints, and in the documents for operators", async () => {
    await using turnout = await CommandLine.embedded()
    const { printed, url } = await turnout.serve("--base-path", "/a/turnout")
    assert.include(printed.stdout, `API docs  ${url}/a/turnout/docs\n`)
    assert.include(printed.stdout, `curl -sw '\\n' ${url}/a/turnout/events `)
    const openapi = (await (await fetch(`${url}/a/turnout/admin/openapi.json`)).json()) as { servers: unknown }
    assert.deepStrictEqual(openapi.servers, [{ url: "/a/turnout", description: "This server" }])
    assert.strictEqual((await fetch(`${url}/admin/openapi.json`)).status, 404)
    assert.strictEqual((await fetch(`${url}/a/turnout/admin/outbox`)).status, 200)
    const { code, stderr } = await turnout.run("serve", "--base-path", "turnout")
    assert.strictEqual(code, 2)
    assert.include(stderr, "must be a path such as /turnout")
  })

  it.concurrent("prints its address, its docs, its data, and requests that work as they are", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { printed, url } = await turnout.serve()
    const { stdout } = printed

    assert.isFalse(stdout.includes("\u001b"))
    assert.match(stdout, new RegExp(`^Turnout is serving at ${url}\n`))
    assert.include(stdout, `Data      ${turnout.database}\n`)
    const docs = /API docs {2}(\S+)/.exec(stdout)?.[1] ?? stdout
    assert.strictEqual((await fetch(docs)).status, 200)

    const commands = stdout.split("\n").filter((line) => /^ {2}(?:curl|for) /.test(line))
    const answer = await turnout.shell(`set -e\n${commands.join("\n")}`)
    assert.strictEqual(answer.code, 0, answer.stderr)
    const answers = answer.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as CommandLine.Document)
    assert.deepStrictEqual(
      answers.map(({ counts, registration, status }) => registration?.state ?? [status, counts["confirmed"]]),
      [["draft", 0], ["published", 0], "confirmed", "waitlisted", ["published", 2]]
    )
    const again = await turnout.shell(`set -e\n${commands.join("\n")}`)
    // The link of an attendee is shown once.
    assert.strictEqual(again.stdout, answer.stdout.replaceAll(/,"link":"[^"]+"/g, ""))
  })

  it.concurrent(
    "is closed on a server, and asks staff for a credential, of which the command line makes the first",
    async () => {
      await using turnout = await CommandLine.onPostgres()
      const { printed, url } = await turnout.serve("--no-open")
      assert.match(printed.stdout, /Closed: staff need a credential/)
      const create = async (authorization?: string) => {
        const response = await fetch(`${url}/events`, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            "idempotency-key": "create",
            ...(authorization === undefined ? {} : { authorization })
          },
          body: JSON.stringify(Given.eventInput())
        })
        return response.status
      }
      assert.strictEqual(await create(), 401)
      const { document } = await turnout.json("keys", "create", "--name", "First", "--role", "operator")
      assert.strictEqual(await create(`Bearer ${String((document as unknown as { text: string }).text)}`), 201)
      assert.strictEqual((await fetch(`${url}/events`)).status, 200)
      const byDefault = turnout.start(["serve", "--port", "0", "--json"])
      await CommandLine.until(() => byDefault.printed.stdout.endsWith("\n"), "the address of the server")
      assert.isFalse((JSON.parse(byDefault.printed.stdout) as { open: boolean }).open)
      byDefault.process.kill("SIGTERM")
      await byDefault.ended
    }
  )

  it("is open to this machine on an embedded database, and to others only if it is said twice", async () => {
    await using turnout = await CommandLine.embedded()
    const openness = async (...args: ReadonlyArray<string>) => {
      const running = turnout.start(["serve", "--port", "0", "--json", ...args])
      await CommandLine.until(() => running.printed.stdout.endsWith("\n"), "the address of the server")
      running.process.kill("SIGTERM")
      await running.ended
      return (JSON.parse(running.printed.stdout) as { open: boolean }).open
    }
    assert.isTrue(await openness())
    assert.isFalse(await openness("--host", "0.0.0.0"))
    const refused = await turnout.run("serve", "--port", "0", "--host", "0.0.0.0", "--open")
    assert.deepStrictEqual([refused.code, refused.stdout], [2, ""])
    assert.include(refused.stderr, "--open-to-others")
  })

  it.concurrent("started by npm, stops when npm is stopped, and tells its shell only", async () => {
    await using turnout = await CommandLine.onPostgres()
    const command = `'${process.execPath}' '${CommandLine.COMMAND}' serve --port 0 --database '${turnout.database}'`
    // A shell that has something left to do runs the command in a process of its own, as that of npm does.
    const shell = spawn("sh", ["-c", `${command}; true`], {
      env: { ...process.env, npm_lifecycle_event: "start" },
      stdio: ["ignore", "pipe", "inherit"],
      detached: true
    })
    try {
      let printed = ""
      const url = await new Promise<string>((resolve) => {
        shell.stdout.setEncoding("utf8").on("data", (text: string) => {
          printed += text
          const address = /serving at (\S+)/.exec(printed)?.[1]
          if (address !== undefined) resolve(address)
        })
      })
      const isServing = () =>
        fetch(`${url}/health/live`).then(
          () => true,
          () => false
        )
      assert.isTrue(await isServing())
      shell.kill("SIGTERM")
      const end = Date.now() + 15_000
      while ((await isServing()) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 100))
      assert.isFalse(await isServing())
    } finally {
      try {
        process.kill(-shell.pid!, "SIGKILL")
      } catch {
        // All of them have ended.
      }
    }
  })

  it.concurrent("the password of the database is not shown", async () => {
    await using turnout = await CommandLine.onPostgres()
    const withPassword = new URL(turnout.database!)
    withPassword.password = "Not-to-be-seen"
    const server = await turnout.serve("--database", withPassword.href)
    const { stderr, stdout } = await server.stop("SIGTERM")
    assert.notInclude(stdout + stderr, "Not-to-be-seen")
  })

  it.concurrent("--json prints one line with the address, and nothing else on stdout", async () => {
    await using turnout = await CommandLine.onPostgres()
    const server = await turnout.serve("--json")
    await fetch(`${server.url}/events`)
    const ended = await server.stop("SIGTERM")
    const { address, docs } = CommandLine.documentOf(ended)
    assert.deepStrictEqual([address, docs, ended.code], [server.url, `${server.url}/docs`, 0])
  })

  it.concurrent("a port that is taken: exit code 1, and what to do", async () => {
    await using turnout = await CommandLine.onPostgres()
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve))
    const { port } = other.address() as AddressInfo
    try {
      const { code, stderr, stdout } = await turnout.run("serve", "--port", String(port))
      assert.deepStrictEqual([code, stdout], [1, ""])
      assert.match(stderr, new RegExp(`error: cannot listen on 127\\.0\\.0\\.1:${port} .*; try another --port\n$`))
      assert.strictEqual(stderr.trimEnd().split("\n").length, 1, stderr)
    } finally {
      other.close()
    }
  })

  it.concurrent("PORT names the port, and --port goes before it", async () => {
    await using turnout = await CommandLine.onPostgres()
    const running = turnout.start(["serve", "--json"], { PORT: "0" })
    await CommandLine.until(() => running.printed.stdout.endsWith("\n"), "the address of the server")
    assert.notInclude(running.printed.stdout, ":3000")
    running.process.kill("SIGTERM")
    assert.strictEqual((await running.ended).code, 0)
  })

  it.concurrent("SIGTERM: the running request is answered, and the exit code is 0", async () => {
    await using turnout = await CommandLine.onPostgres()
    const server = await turnout.serve()
    const { body: event } = await post(`${server.url}/events`, "an event", Given.eventInput())
    await post(`${server.url}/events/${event.id}/publish`, "publish it")
    const unlock = await CommandLine.lockEvents(turnout.database!)
    const running = post(`${server.url}/events/${event.id}/registrations`, "ada", Given.person(1))
    await CommandLine.untilBlocked(turnout.database!)

    const stopping = server.stop("SIGTERM")
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.isNull(server.process.exitCode)
    await unlock()

    const answer = await running
    assert.deepStrictEqual([answer.status, answer.body.registration.state], [201, "confirmed"])
    const { code, millis } = await stopping
    assert.strictEqual(code, 0)
    assert.isBelow(millis, 15_000)
    const { document } = await turnout.json("registrations", "list", event.id)
    assert.strictEqual(document.items.length, 1)
  })

  it.concurrent("SIGINT: the exit code is 0, soon, though a connection is open", async () => {
    await using turnout = await CommandLine.onPostgres()
    const server = await turnout.serve()
    assert.strictEqual((await fetch(`${server.url}/health/ready`)).status, 200)
    const { code, millis } = await server.stop("SIGINT")
    assert.strictEqual(code, 0)
    assert.isBelow(millis, 8_000)
  })

  it.concurrent("a second signal ends a server that waits for its requests", async () => {
    await using turnout = await CommandLine.onPostgres()
    const server = await turnout.serve()
    const { body: event } = await post(`${server.url}/events`, "an event", Given.eventInput())
    const unlock = await CommandLine.lockEvents(turnout.database!)
    const running = post(`${server.url}/events/${event.id}/publish`, "publish it").catch(() => "cut")
    await CommandLine.untilBlocked(turnout.database!)

    server.process.kill("SIGINT")
    await new Promise((resolve) => setTimeout(resolve, 300))
    const { code } = await server.stop("SIGINT")

    assert.strictEqual(code, 130)
    assert.strictEqual(await running, "cut")
    await unlock()
  })
})
