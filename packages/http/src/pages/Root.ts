/**
 * The page at the root of the server, which names the product and its version and leads to the rest: HTML for people, JSON for
 * programs that ask for it. Its links are relative, so a base path before them changes nothing.
 */
import { VERSION } from "../document/Info.ts"
import * as MediaTypes from "../requests/MediaTypes.ts"
import * as SecurityHeaders from "../pipeline/answers/SecurityHeaders.ts"
import type { Page } from "../pipeline/Routes.ts"
import * as StaticPage from "./StaticPage.ts"

interface Link {
  readonly name: string
  readonly href: string
  readonly words: string
}

const LINKS: ReadonlyArray<Link> = [
  { name: "docs", href: "docs", words: "API reference" },
  { name: "openapi", href: "openapi.json", words: "OpenAPI document" },
  { name: "ready", href: "health/ready", words: "Readiness" },
  { name: "live", href: "health/live", words: "Liveness" },
  { name: "adminDocs", href: "admin/docs", words: "API reference for operators" },
  { name: "adminOpenapi", href: "admin/openapi.json", words: "OpenAPI document for operators" }
]

/** The style of the page, in one element. */
export const STYLE = `
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5 }
body { max-width: 40rem; margin: 4rem auto; padding: 0 1rem }
`

const htmlOf = (links: ReadonlyArray<Link>): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Turnout</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Turnout</h1>
<p>Live-event registration that never oversells. Version ${VERSION}.</p>
<nav aria-label="This server">
<ul>
${links.map(({ href, words }) => `<li><a href="${href}">${words}</a></li>`).join("\n")}
</ul>
</nav>
</main>
</body>
</html>
`

const jsonOf = (links: ReadonlyArray<Link>): string =>
  JSON.stringify({
    name: "Turnout",
    version: VERSION,
    links: Object.fromEntries(links.map(({ href, name }) => [name, href]))
  })

const vary = "accept, accept-encoding"
const html = StaticPage.make({
  contentType: "text/html; charset=utf-8",
  text: htmlOf(LINKS),
  vary,
  headers: SecurityHeaders.ofPage(SecurityHeaders.policyOf({ styles: [SecurityHeaders.digestOf(STYLE)] }))
})
const json = StaticPage.make({ contentType: "application/json", text: jsonOf(LINKS), vary })

/** Answers a GET or a HEAD of the root. */
export const answer: Page = (exchange) =>
  MediaTypes.prefers(exchange.headers["accept"], "application/json", "text/html")
    ? json.answer(exchange)
    : html.answer(exchange)
