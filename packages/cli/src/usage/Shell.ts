/**
 * Commands as they are typed into a shell.
 */
import * as DatabaseName from "@turnout/adapters/database-name"

/** A text as a word of a shell. */
export const word = (text: string): string =>
  /^[\w.:/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

const CURSOR = "--cursor"
const DATABASE = "--database"

/** The arguments without a cursor, and without the password of a database. */
const withoutCursorAndSecrets = (args: ReadonlyArray<string>): ReadonlyArray<string> =>
  args.flatMap((arg, index) => {
    const before = args[index - 1]
    if (arg === CURSOR || before === CURSOR || arg.startsWith(`${CURSOR}=`)) return []
    if (before === DATABASE) return [DatabaseName.withoutSecrets(arg)]
    if (arg.startsWith(`${DATABASE}=`))
      return [`${DATABASE}=${DatabaseName.withoutSecrets(arg.slice(DATABASE.length + 1))}`]
    return [arg]
  })

/** The command that shows the page at a cursor, of a list that a command with these arguments has shown a page of. */
export const nextPage = (args: ReadonlyArray<string>, cursor: string): string => {
  const all = withoutCursorAndSecrets(args)
  const end = all.indexOf("--")
  const [before, after] = end === -1 ? [all, []] : [all.slice(0, end), all.slice(end)]
  return ["turnout", ...before, CURSOR, cursor, ...after].map(word).join(" ")
}
