/**
 * Text that a person typed: the schemas that every free-text field is built from.
 *
 * All text is trimmed, put into Unicode normal form C, and refused when it holds lone surrogates or control characters (line
 * breaks and tabs are allowed where a field has several lines). So every store can store accepted text, and reads it back
 * equal. Text of one line is empty or has something to see. Lengths are counted in UTF-16 code units, as JavaScript's `length`
 * does.
 *
 * A text is kept as it was written, with the invisible characters in it: emoji and the scripts of India and Iran need joiners and
 * variation selectors to be shown right. Only `comparable` and `fold` leave them out, for comparing.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

// eslint-disable-next-line no-control-regex -- control characters are what this looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u
// eslint-disable-next-line no-control-regex -- control characters are what this looks for
const CONTROL_EXCEPT_LINES = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/u

/**
 * Characters that are not shown: the default-ignorable code points of Unicode, such as U+200B and the fillers of Hangul, and the
 * marks of interlinear annotations.
 */
const INVISIBLE = String.raw`\p{Default_Ignorable_Code_Point}\ufff9-\ufffb`
/** Blanks that Unicode counts as letters, marks or symbols: in Braille, music, hieroglyphs and Khitan. */
const BLANKS = String.raw`\u2800\u{1d159}\u{13441}\u{13442}\u{16fe4}`
const EVERY_INVISIBLE = new RegExp(`[${INVISIBLE}]`, "gu")
const EVERY_BLANK = new RegExp(`[${BLANKS}]`, "gu")
const AROUND = new RegExp(`^[${INVISIBLE}${BLANKS}\\s]+|[${INVISIBLE}${BLANKS}\\s]+$`, "gu")
/** A character that is shown by itself. A combining mark is shown on the character before it. */
const SEEN = new RegExp(
  `[^${INVISIBLE}${BLANKS}\\p{White_Space}\\p{M}\\p{Cc}\\p{Cf}\\p{Cs}\\p{Noncharacter_Code_Point}]`,
  "u"
)

/** Whether a text has a character that is shown. */
export const isSeen = (text: string): boolean => SEEN.test(text)

const NOT_SEEN = "must have something to see"

/** Refuses a text of which nothing is shown. */
export const seen = Schema.makeFilter<string>((text) => isSeen(text) || NOT_SEEN)

/** The text without the invisible characters and the white space around it. */
export const withoutInvisibleEnds = (text: string): string => text.replaceAll(AROUND, "")

const wellFormed = (control: RegExp) => (text: string) =>
  !text.isWellFormed()
    ? "must be well-formed Unicode (it has a lone surrogate)"
    : control.test(text)
      ? "must not contain control characters"
      : undefined

const lineProblemOf = wellFormed(CONTROL)
const paragraphsProblemOf = wellFormed(CONTROL_EXCEPT_LINES)

const normalised: SchemaTransformation.Transformation<string, string> = SchemaTransformation.transform({
  decode: (text: string) => text.trim().normalize("NFC"),
  encode: (text: string) => text
})

/**
 * Text whose length is the same as it is sent and as it is counted: nothing around it is trimmed, and no character is one that
 * composes with another in normal form C, all of which begin at U+0300.
 */
const COUNTED_AS_SENT = "^[!-~\u00a1-\u02ff](?:[\\s!-\u02ff]*[!-~\u00a1-\u02ff])?$"

/**
 * The bounds of a text as it is sent, for documents. A bound on the length of other text would refuse what the schemas take, which
 * count without the white space around a text, and in normal form C.
 */
const asSent = (
  kind: string,
  { maxLength, minLength = 0 }: { readonly minLength?: number; readonly maxLength: number }
) => ({
  description: `${kind} of ${minLength === 0 ? "at most " : `${minLength} to `}${maxLength.toLocaleString("en")} characters, counted in Unicode normal form C and without white space around it`,
  ...(minLength === 0 ? {} : { minLength, pattern: "\\S" }),
  if: { pattern: COUNTED_AS_SENT },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema, whose value is no function
  then: { maxLength }
})

/** One line of text of `minLength` to `maxLength` characters after trimming, which is empty or has something to see. */
export const line = (options: { readonly minLength?: number; readonly maxLength: number }): Schema.Codec<string> =>
  Schema.String.annotate(asSent("One line", options)).pipe(
    Schema.decodeTo(
      Schema.String.check(
        Schema.isMinLength(options.minLength ?? 0, options.minLength === 1 ? { message: NOT_SEEN } : undefined),
        Schema.isMaxLength(options.maxLength),
        Schema.makeFilter((text) => lineProblemOf(text) ?? (text === "" || isSeen(text) || NOT_SEEN))
      ),
      normalised
    )
  )

/** Text that may have several lines, of at most `maxLength` characters after trimming. */
export const paragraphs = (options: { readonly maxLength: number }): Schema.Codec<string> =>
  Schema.String.annotate(asSent("Text, also of several lines,", options)).pipe(
    Schema.decodeTo(
      Schema.String.check(
        Schema.isMaxLength(options.maxLength),
        Schema.makeFilter((text) => paragraphsProblemOf(text) ?? true)
      ),
      normalised
    )
  )

const EVERY_WHITE_SPACE = /\s+/gu

/**
 * The form under which two texts are equal that look alike and differ in nothing that a person has meant: Unicode normal form C,
 * without invisible characters, and with one blank where there is white space. A text that went through a spreadsheet, a form or a
 * mail comes back with other blanks, in another normal form and with invisible characters, and says the same.
 */
export const comparable = (text: string): string =>
  text.replaceAll(EVERY_INVISIBLE, "").replaceAll(EVERY_WHITE_SPACE, " ").trim().normalize("NFC")

const FOLDED = /^[!-@[-~](?:[ -@[-~]*[!-@[-~])?$|^$/

const DOTLESS_I = "ı"

const foldOnce = (text: string): string =>
  text
    .replaceAll(EVERY_INVISIBLE, "")
    .replaceAll(EVERY_BLANK, " ")
    .normalize("NFKC")
    .split(DOTLESS_I)
    .map((part) => part.toUpperCase().toLowerCase())
    .join(DOTLESS_I)
    .normalize("NFKC")
    .trim()

/** Whether a text is its own folded form for certain: ASCII without capitals, and without white space around it. */
export const isPlainlyFolded = (text: string): boolean => FOLDED.test(text)

/**
 * The form under which two spellings of one name are equal: without invisible characters, trimmed, Unicode NFKC, case folded.
 * Folding a folded text changes nothing.
 *
 * Folding goes through upper case first, so that `ß`, `ẞ` and `SS`, and the two forms of the Greek sigma, fold together.
 * The dotless `ı` is a letter of its own, and stays one.
 */
export const fold = (text: string): string => {
  // Stryker disable next-line ConditionalExpression: folding such a text gives the text, and takes its time
  if (isPlainlyFolded(text)) return text
  let folded = text
  // Each round can bring up something that another one acts on; a few rounds settle everything that Unicode has.
  for (let next = foldOnce(folded); next !== folded; next = foldOnce(folded)) folded = next
  return folded
}

/** The first character of a text by its code point, such as `U+200B`. */
export const codePoint = (text: string): string =>
  `U+${text.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`

/** The beginning of an unchecked text, such as an error, without the characters that a store could not keep. */
export const storable = (text: string, maxLength = 1_000): string =>
  text.slice(0, maxLength).toWellFormed().replaceAll("\u0000", "\ufffd")

const PLAIN = /^[ !#-[\]-~]*$/

/** A text as a JSON string. */
export const quote = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))
