/**
 * A real browser for tests of pages: the Chromium of the machine, without a window.
 */
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { type BrowserContext, chromium, type Page } from "playwright-core"

const NAMES = ["chromium", "chromium-browser", "google-chrome"]

const MISSING = "The tests of pages need Chromium and found none: apt-get install chromium"

/** The path of the browser. Fails if there is none, and says how to get one. */
const find = (): string => {
  for (const name of NAMES)
    try {
      return execFileSync("which", [name], { encoding: "utf8", stdio: "pipe" }).trim()
    } catch {
      // The next name may be there.
    }
  throw new Error(MISSING)
}

/** A browser that nobody has used yet, which ends with the scope. */
export const context = Effect.map(
  Effect.acquireRelease(
    Effect.promise(async () => {
      // Containers have no user namespaces for its sandbox; it opens nothing but pages of this repository.
      const browser = await chromium.launch({ executablePath: find(), args: ["--no-sandbox"] })
      return { browser, context: await browser.newContext() }
    }),
    ({ browser }) => Effect.promise(() => browser.close())
  ),
  ({ context }) => context
)

export interface Opened {
  readonly page: Page
  /** What the browser complained of: violations of a policy, and errors of scripts. */
  readonly complaints: ReadonlyArray<string>
}

/** Opens a page. */
export const open = async (context: BrowserContext, url: string): Promise<Opened> => {
  const page = await context.newPage()
  const complaints: Array<string> = []
  page.on("pageerror", (error) => complaints.push(error.message))
  page.on("console", (message) => {
    // An answer that refuses something is logged as well.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      complaints.push(message.text())
  })
  await page.goto(url)
  return { page, complaints }
}
