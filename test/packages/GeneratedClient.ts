/**
 * A program of a user on the client that `openapi-typescript` makes from the document of a server, with `openapi-fetch`. The generator
 * uses the compiler of TypeScript 5.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import type * as Project from "./Project.ts"

export const DEPENDENCIES = { "openapi-typescript": "^7.13.0", "openapi-fetch": "^0.17.0" }

/** What the program prints: what two people are told who want the same seat, and the code of a refusal. */
export const PRINTED = "confirmed, waitlisted 1, validation_failed of /title\n"

const PROGRAM = `import createClient from "openapi-fetch"
import type { paths } from "./api.js"

const { GET, POST } = createClient<paths>({ baseUrl: process.argv[2]! })
const once = () => ({ "Idempotency-Key": crypto.randomUUID() })
const answered = <A>({ data, error }: { data?: A; error?: unknown }): A => {
  if (data === undefined) throw new Error(JSON.stringify(error))
  return data
}

const times = { startsAt: "2099-05-01T18:00:00Z", endsAt: "2099-05-01T20:00:00Z", timeZone: "Europe/London" }
const made = await POST("/events", {
  params: { header: once() },
  body: { title: "A talk", organizer: "Ada", capacity: 1, ...times }
})
const { id: eventId } = answered(made)
answered(await POST("/events/{eventId}/publish", { params: { path: { eventId }, header: once() } }))
const register = async (email: string) =>
  answered(
    await POST("/events/{eventId}/registrations", {
      params: { path: { eventId }, header: once() },
      body: { attendee: { email } }
    })
  )
const ada = await register("ada@example.com")
const bob = await register("bob@example.com")
const line = answered(await GET("/events/{eventId}/waitlist", { params: { path: { eventId } } }))
const place: number | undefined = line.items.find(({ registration }) => registration.id === bob.registration.id)?.position
const { error } = await POST("/events", {
  params: { header: once() },
  body: { title: " ", organizer: "Ada", capacity: 1, ...times }
})
const refusal = error?.code === "validation_failed" ? \`\${error.code} of \${error.violations[0]?.pointer}\` : "none"
console.log(\`\${ada.registration.state}, \${bob.registration.state} \${place}, \${refusal}\`)
`

/** A server of the command line that is installed in a project, on memory or a folder that is new. */
const serve = async (project: Project.Project) => {
  const command = join(project.folder, "node_modules/.bin/turnout")
  const server = spawn(command, ["--data", "generated-data", "--json", "serve", "--port", "0"], {
    cwd: project.folder,
    stdio: ["ignore", "pipe", "inherit"]
  })
  const [line] = (await once(server.stdout.setEncoding("utf8"), "data")) as [string]
  return {
    url: (JSON.parse(line) as { address: string }).address,
    [Symbol.asyncDispose]: async () => {
      const ended = once(server, "exit")
      server.kill("SIGTERM")
      await ended
    }
  }
}

/** Makes a client from the document of a server, compiles the program, and returns what it prints. */
export const run = async (project: Project.Project): Promise<string> => {
  await using server = await serve(project)
  await project.run(
    "npx",
    "--no-install",
    "openapi-typescript",
    `${server.url}/openapi.json`,
    "-o",
    "generated/api.d.ts"
  )
  project.write("generated/program.ts", PROGRAM)
  project.write(
    "generated/tsconfig.json",
    JSON.stringify({
      compilerOptions: {
        strict: true,
        exactOptionalPropertyTypes: true,
        module: "nodenext",
        target: "es2023",
        lib: ["es2023", "dom"],
        types: ["node"]
      },
      files: ["program.ts"]
    })
  )
  await project.run("npx", "--no-install", "tsc", "-p", "generated")
  // The server has to live until the program has ended.
  return await project.run(process.execPath, "generated/program.js", server.url)
}
