/**
 * Text that a person typed: the schemas that every free-text field is built from.
 *
 * All text is trimmed, put into Unicode normal form C, and refused when it holds lone surrogates or control characters (line
 * breaks and tabs are allowed where a field has several lines). So every store can store accepted text, and reads it back
 * equal. Lengths are counted in UTF-16 code units, as JavaScript's `length` does.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

// eslint-disable-next-line no-control-regex -- control characters are what this looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u
// eslint-disable-next-line no-control-regex -- control characters are what this looks for
const CONTROL_EXCEPT_LINES = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/u

const wellFormed = (multiline: boolean) =>
  Schema.makeFilter<string>((text) =>
    !text.isWellFormed()
      ? "must be well-formed Unicode (it has a lone surrogate)"
      : (multiline ? CONTROL_EXCEPT_LINES : CONTROL).test(text)
        ? "must not contain control characters"
        : true
  )

const normalised: SchemaTransformation.Transformation<string, string> = SchemaTransformation.transform({
  decode: (text: string) => text.trim().normalize("NFC"),
  encode: (text: string) => text
})

/** One line of text of `minLength` to `maxLength` characters after trimming. */
export const line = (options: { readonly minLength?: number; readonly maxLength: number }): Schema.Codec<string> =>
  Schema.String.pipe(
    Schema.decodeTo(
      Schema.String.check(
        Schema.isMinLength(options.minLength ?? 0),
        Schema.isMaxLength(options.maxLength),
        wellFormed(false)
      ),
      normalised
    )
  )

/** Text that may have several lines, of at most `maxLength` characters after trimming. */
export const paragraphs = (options: { readonly maxLength: number }): Schema.Codec<string> =>
  Schema.String.pipe(
    Schema.decodeTo(Schema.String.check(Schema.isMaxLength(options.maxLength), wellFormed(true)), normalised)
  )

const FOLDED = /^[!-@[-~](?:[ -@[-~]*[!-@[-~])?$|^$/

const DOTLESS_I = "ı"

const foldOnce = (text: string): string =>
  text
    .normalize("NFKC")
    .split(DOTLESS_I)
    .map((part) => part.toUpperCase().toLowerCase())
    .join(DOTLESS_I)
    .normalize("NFKC")
    .trim()

/** Whether a text is its own folded form for certain: ASCII without capitals, and without white space around it. */
export const isPlainlyFolded = (text: string): boolean => FOLDED.test(text)

/**
 * The form under which two spellings of one name are equal: trimmed, Unicode NFKC, case folded. Folding a folded text changes
 * nothing.
 *
 * Folding goes through upper case first, so that `ß`, `ẞ` and `SS`, and the two forms of the Greek sigma, fold together.
 * The dotless `ı` is a letter of its own, and stays one.
 */
export const fold = (text: string): string => {
  if (isPlainlyFolded(text)) return text
  let folded = text
  // Each round can bring up something that another one acts on; a few rounds settle everything that Unicode has.
  for (let next = foldOnce(folded); next !== folded; next = foldOnce(folded)) folded = next
  return folded
}

/** The beginning of an unchecked text, such as an error, without the characters that a store could not keep. */
export const storable = (text: string, maxLength = 1_000): string =>
  text.slice(0, maxLength).toWellFormed().replaceAll("\u0000", "\ufffd")

const PLAIN = /^[ !#-[\]-~]*$/

/** A text as a JSON string. */
export const quote = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))
