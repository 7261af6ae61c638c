/**
 * The pages of the docs for the tests: their text, and their blocks of code.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const ROOT = fileURLToPath(new URL("../../", import.meta.url))

/** The pages that people meet first: of the repository, and of each package. */
export const READMES: ReadonlyArray<string> = ["README.md"].concat(
  readdirSync(join(ROOT, "packages")).map((name) => join("packages", name, "README.md"))
)

/** Every page, by its path in the repository. */
export const PAGES: ReadonlyArray<string> = [...READMES, "CONTRIBUTING.md"].concat(
  readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name))
    .toSorted()
)

export const textOf = (page: string): string => readFileSync(join(ROOT, page), "utf8")

/** The blocks of code of a page in a language. If a block is part of a list, its indentation is removed. */
export const blocksOf = (page: string, language: string): ReadonlyArray<string> =>
  [...textOf(page).matchAll(new RegExp(String.raw`^( *)\`\`\`${language}\n(.*?)^\1\`\`\`$`, "gms"))].map(
    ([, indent = "", code = ""]) => code.replaceAll(new RegExp(`^${indent}`, "gm"), "")
  )
