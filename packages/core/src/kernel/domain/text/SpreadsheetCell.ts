/**
 * Text in the cell of a spreadsheet, which must not be a formula.
 *
 * A spreadsheet program takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a line break for a formula, or for what may
 * become one, and runs it on the machine of the person who opens the file. An apostrophe before it makes it text (OWASP, "CSV
 * Injection"). A program that takes `;`, a tab or a line break for the end of a cell sees another cell behind it, so there the
 * apostrophe stands before a formula as well.
 *
 * `plain` undoes what `guarded` does, and nothing else: an apostrophe that belongs to the text stays.
 */

/** The characters with which a formula begins, and their full-width forms. */
const FORMULA = String.raw`=+\-@\uff1d\uff0b\uff0d\uff20`

// The place of the apostrophe. Apostrophes of the text may stand between it and the formula: they count, so that a text which
// looks guarded is told from one that is.
const PLACE = String.raw`^(?='*[${FORMULA}\t\r\n])|(?<=[;\t\r\n])(?='*[${FORMULA}])`

const TO_GUARD = new RegExp(PLACE, "g")
const TO_STRIP = new RegExp(String.raw`^'(?='*[${FORMULA}\t\r\n])|(?<=[;\t\r\n])'(?='*[${FORMULA}])`, "g")
const SPECIAL = new RegExp(String.raw`[${FORMULA}\t\r\n]`)

/** The text as it stands in a cell. */
export const guarded = (text: string): string => (SPECIAL.test(text) ? text.replaceAll(TO_GUARD, "'") : text)

/** The text that a cell stands for. */
// Stryker disable next-line StringLiteral,ConditionalExpression: a cell without an apostrophe has none to strip
export const plain = (cell: string): string => (cell.includes("'") ? cell.replaceAll(TO_STRIP, "") : cell)
