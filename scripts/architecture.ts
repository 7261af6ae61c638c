/**
 * Draws the picture in `docs/architecture.md` from the table in `house.ts`: `npm run architecture`. A test compares the two.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { packages, subjects } from "./house.ts"

interface Part {
  readonly name: string
  readonly about: string
  readonly imports: ReadonlyArray<string>
}

/**
 * One row for each part. A filled mark means that it may import the other part, a hollow mark that it may import some rooms
 * of it.
 */
const matrix = (parts: ReadonlyArray<Part>): string => {
  const width = Math.max(...parts.map(({ name }) => name.length))
  const head = `${" ".repeat(width)}  ${parts.map(({ name }) => name).join("  ")}`
  const rows = parts.map((part) => {
    const marks = parts.map((other) => {
      const isWhole = part.imports.includes(other.name)
      const isPartly = part.imports.some((room) => room.startsWith(`${other.name}/`))
      const mark = part === other ? "·" : isWhole ? "●" : isPartly ? "○" : " "
      return mark.padEnd(other.name.length)
    })
    return `${part.name.padEnd(width)}  ${marks.join("  ")}`
  })
  return [head, ...rows].map((line) => line.trimEnd()).join("\n")
}

const list = (parts: ReadonlyArray<Part>): string => {
  const width = Math.max(...parts.map(({ name }) => name.length))
  return parts.map(({ about, name }) => `${name.padEnd(width)}  ${about}`).join("\n")
}

const rooms = subjects.flatMap(({ imports, name }) => {
  const some = imports.filter((one) => one.includes("/"))
  return some.length === 0 ? [] : [`Of a subject with ○, ${name} imports only ${some.join(" and ")}.`]
})

/** The text between the two marks in the page. */
export const picture = (): string =>
  [
    "```text",
    "packages: each row may import what is marked in it",
    "",
    matrix(packages),
    "",
    list(packages),
    "",
    "",
    "subjects of packages/core/src: ● all of it, ○ some rooms of it",
    "",
    matrix(subjects),
    "",
    ...rooms,
    "",
    list(subjects),
    "```"
  ].join("\n")

const PAGE = fileURLToPath(new URL("../docs/architecture.md", import.meta.url))
const BEGIN = "<!-- The picture is made by `npm run architecture`. -->\n\n"
const END = "\n\n<!-- End of the picture. -->"

/** The page with the picture made anew. */
export const page = (text: string): string => {
  const begin = text.indexOf(BEGIN) + BEGIN.length
  const end = text.indexOf(END)
  return `${text.slice(0, begin)}${picture()}${text.slice(end)}`
}

export const read = (): string => readFileSync(PAGE, "utf8")

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, page(read()))
