/**
 * Text from elsewhere, in a form in which it is shown and not obeyed: every character that would move a cursor, break a line,
 * turn the direction of writing, or take part unseen is written as an escape.
 *
 * These are the characters of Unicode's category Other (controls of C0 and C1, format characters such as those of bidi, lone
 * surrogates, private use, unassigned), line and paragraph separators, and everything that Unicode counts as default-ignorable,
 * such as tags, fillers and variation selectors. No language is an exception: the joiners of Persian or Sinhala names are
 * escaped too. Whether a joiner can be seen depends on the letters, the font and the terminal, and `V-1` looks like `V-1` with a
 * joiner in it.
 *
 * The one exception is an emoji on the list that Unicode recommends for interchange (RGI). The list is finite, so the joiners
 * and variation selectors in such an emoji can carry nothing else. A flag that is spelled in tags, such as that of Scotland, is
 * escaped: most terminals show it as a plain black flag, and its tags not at all.
 */

const INVISIBLE = String.raw`\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}`
const HAS_INVISIBLE = new RegExp(`[${INVISIBLE}]`, "u")
const ALL_INVISIBLE = new RegExp(HAS_INVISIBLE, "gu")
const PLAIN = /^[ -~]*$/

/** The list of emoji takes a while to compile, and is needed only if something is to be escaped. */
let emojiOrInvisible: RegExp | undefined
const toEscape = (): RegExp =>
  (emojiOrInvisible ??= new RegExp(
    String.raw`(?<emoji>[\p{RGI_Emoji}--\p{RGI_Emoji_Tag_Sequence}])|[${INVISIBLE}]`,
    "gv"
  ))

// Stryker disable next-line ConditionalExpression,LogicalOperator,BooleanLiteral: a text without such characters is replaced by itself
const isVisible = (text: string): boolean => PLAIN.test(text) || !HAS_INVISIBLE.test(text)

const NAMED: Readonly<Record<string, string>> = { "\n": String.raw`\n`, "\r": String.raw`\r`, "\t": String.raw`\t` }

const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, "0")

/** A character as an escape of JavaScript: `\n`, `\x1b`, `\u202e` or `\u{e0041}`. */
const escapeOf = (character: string): string => {
  const point = character.codePointAt(0)!
  if (point < 0x100) return NAMED[character] ?? String.raw`\x${hex(point, 2)}`
  return point < 0x10000 ? String.raw`\u${hex(point, 4)}` : String.raw`\u{${hex(point, 0)}}`
}

/**
 * The text in one line, with escapes. Backslashes stay as they are: what has been escaped stays the same when it is escaped
 * again.
 */
export const visible = (text: string): string =>
  isVisible(text)
    ? text
    : text.replaceAll(toEscape(), (found: string, emoji: string | undefined) => emoji ?? escapeOf(found))

const jsonEscapeOf = (character: string): string =>
  Array.from({ length: character.length }, (_, index) => String.raw`\u${hex(character.charCodeAt(index), 4)}`).join("")

/**
 * JSON text in one line, with escapes in its strings, those of emoji included. It parses to the same value. The text has no
 * white space but blanks between its values.
 */
export const visibleJson = (json: string): string =>
  isVisible(json) ? json : json.replaceAll(ALL_INVISIBLE, jsonEscapeOf)
