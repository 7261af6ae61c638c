/**
 * What the documents of both APIs say of the product: it is that of the package.
 */
export const VERSION = "0.1.0"
export const HOMEPAGE = "https://github.com/turnout-registration/turnout#readme"

/** The annotations of an API. */
export const info = { version: VERSION, license: { name: "MIT", identifier: "MIT" } } as const

/** What OpenAPI has no annotation for. */
export const contact = { name: "The Turnout authors", url: HOMEPAGE } as const
