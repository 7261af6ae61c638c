/**
 * The documents of an API: OpenAPI in JSON, and a page to read it with, which loads nothing from other servers.
 *
 * The page is small. Its script has three megabytes, and is a resource of its own that all pages share. The name of the
 * script has a hash of its content, so a browser that has loaded it once keeps it for ever.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApi from "effect/http-api/HttpApi"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiScalar from "effect/http-api/HttpApiScalar"
import * as OpenApi from "effect/http-api/OpenApi"
import { hash } from "node:crypto"
import * as Document from "../document/Document.ts"
import type { OpenApiDocument } from "../document/Json.ts"
import type { Route } from "../pipeline/Routes.ts"
import { EXAMPLE_KEY } from "../requests/headers/WriteHeaders.ts"
import * as SecurityHeaders from "../pipeline/answers/SecurityHeaders.ts"
import * as StaticPage from "./StaticPage.ts"

const DOCS_PATH = "/docs"
const [OPEN, CLOSE] = ["<script>", "</script>"]
const FOR_EVER = "public, max-age=31536000, immutable"

/**
 * The page shows the document and sends test requests to this server, and nothing else: nothing of it talks to other servers, and
 * the tools of the library that are for the authors of documents are left out.
 */
const SETTINGS = {
  withDefaultFonts: false,
  showDeveloperTools: "never",
  hideClientButton: true,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true }
} as const

/** The page as Effect makes it, with the script inside, before the part about the API. */
const render = async (document: OpenApiDocument): Promise<string> => {
  let page: Effect.Effect<HttpServerResponse.HttpServerResponse> | undefined
  // Effect adds a route whose handler makes the page for each request. This router takes the handler, which is run once.
  const router = {
    add: (_method: string, _path: string, handler: typeof page) => Effect.sync(() => (page = handler))
  } as unknown as HttpRouter.HttpRouter
  // The page shows the document that is made of its API, and of this one any document can be made.
  const api = HttpApi.make("document").annotate(OpenApi.Transform, () => document)
  const [scheme] = Object.keys(document.components.securitySchemes)
  const authentication = scheme === undefined ? {} : { authentication: { preferredSecurityScheme: scheme } }
  const layer = HttpApiScalar.layer(api, {
    path: DOCS_PATH,
    scalar: { ...SETTINGS, ...authentication } as HttpApiScalar.ScalarConfig
  })
  await Effect.runPromise(
    Effect.scoped(Layer.build(Layer.provide(layer, Layer.succeed(HttpRouter.HttpRouter, router))))
  )
  const { body } = Effect.runSync(page!)
  if (body._tag !== "Uint8Array") throw new Error("the page of an API is no text")
  return Buffer.from(body.body).toString()
}

/**
 * Puts a fresh idempotency key in the place of that of the examples, each time that the page is loaded: a key that everybody
 * sends would answer the first request for ever.
 */
const withFreshKey = (page: string): string => {
  const key = JSON.stringify(EXAMPLE_KEY)
  return page
    .replaceAll(key, "key")
    .replace(
      "window.Scalar.create",
      () => `const key = globalThis.crypto?.randomUUID?.() ?? ${key}\n      window.Scalar.create`
    )
}

/** The scripts that stand in the page itself. */
const INLINE = /<script>([^]*?)<\/script>/g

const STYLE = /<style[^>]*>([^]*?)<\/style>/g

/** The policy of the page: its own scripts, and this server. */
const policyOf = (page: string): string =>
  SecurityHeaders.policyOf({
    scripts: ["'self'", ...Array.from(page.matchAll(INLINE), ([, source]) => SecurityHeaders.digestOf(source!))],
    styles: ["'self'", ...Array.from(page.matchAll(STYLE), ([, source]) => SecurityHeaders.digestOf(source!))],
    connect: "'self'",
    further: ["img-src 'self' data:", "font-src 'self' data:"]
  })

interface Made {
  readonly openapi: StaticPage.StaticPage
  readonly docs: StaticPage.StaticPage
  readonly script: StaticPage.StaticPage
  readonly scriptPath: `/${string}`
}

/** The scripts by their paths. All APIs have the same script. */
const scripts = new Map<string, StaticPage.StaticPage>()

const make = async (document: OpenApiDocument, docsPath: string): Promise<Made> => {
  // Like the library that renders the page, its script is loaded when a page is made, and not with the server.
  const [html, { SCRIPT }] = await Promise.all([render(document), import("./InlineStyles.ts")])
  const start = html.indexOf(OPEN) + OPEN.length
  const end = html.indexOf(CLOSE, start)
  const source = html.slice(start, end)
  const scriptPath = `${DOCS_PATH}/scalar-${hash("sha256", source, "hex").slice(0, 16)}.js` as const
  const script =
    scripts.get(scriptPath) ??
    StaticPage.make({ contentType: "text/javascript; charset=utf-8", text: source, cacheControl: FOR_EVER })
  scripts.set(scriptPath, script)
  // The path is relative to the page, so that a proxy may add a prefix to both.
  const toRoot = "../".repeat(docsPath.split("/").length - 2)
  const src = `${toRoot}${scriptPath.slice(1)}`
  const before = html.slice(0, start - OPEN.length)
  const text = `${before}${OPEN}${SCRIPT}${CLOSE}<script src="${src}">${withFreshKey(html.slice(end))}`
  return {
    openapi: StaticPage.make({ contentType: "application/json", text: JSON.stringify(document) }),
    docs: StaticPage.make({
      contentType: "text/html; charset=utf-8",
      text,
      headers: SecurityHeaders.ofPage(policyOf(text))
    }),
    script,
    scriptPath
  }
}

/** The documents of each API by base path, which are made once in a process for all of its servers. */
const made = new Map<object, Map<string, Promise<Made>>>()

const madeFor = (
  api: HttpApi.HttpApi<string, HttpApiGroup.Constraint>,
  { docsPath, messages }: ApiDocsOptions,
  base: string
): Promise<Made> => {
  const byBase = made.get(api) ?? new Map<string, Promise<Made>>()
  made.set(api, byBase)
  const all = byBase.get(base) ?? make(Document.of(api, base, { messages }), docsPath)
  byBase.set(base, all)
  return all
}

export interface ApiDocsOptions {
  readonly openapiPath: `/${string}`
  readonly docsPath: `/${string}`
  /** Whether the document has what is posted to webhooks. */
  readonly messages: boolean
}

/** The routes of the documents, and of the script. */
export const routes = (
  api: HttpApi.HttpApi<string, HttpApiGroup.Constraint>,
  options: ApiDocsOptions,
  base: string
): Effect.Effect<ReadonlyArray<Route>> =>
  Effect.map(
    Effect.promise(() => madeFor(api, options, base)),
    ({ docs, openapi, script, scriptPath }): ReadonlyArray<Route> => {
      const page = (path: string, { answer }: StaticPage.StaticPage): Route => [
        "GET",
        path,
        { _tag: "Page", page: answer }
      ]
      const { docsPath, openapiPath } = options
      return [
        page(openapiPath, openapi),
        page(docsPath, docs),
        ...(docsPath === DOCS_PATH ? [page(scriptPath, script)] : [])
      ]
    }
  )
