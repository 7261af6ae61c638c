/**
 * Files that are no text with rows, although their name or their icon may say so: workbooks of spreadsheet programs, documents,
 * archives. They are recognised by their first bytes.
 */

/** The bytes of the beginning that a kind is recognised by. */
export const HEAD_BYTES = 64 * 1024

const AS_CSV = "Open it in the program that made it, and save the sheet with the people as CSV (UTF-8)"
const AS_TEXT = "Ask for the list as CSV where it comes from"

/** Kinds of files by their first bytes, written as Latin-1. */
const BY_FIRST_BYTES: ReadonlyArray<readonly [start: string, kind: string, advice: string]> = [
  ["\xD0\xCF\x11\xE0", "a workbook of Excel (.xls), or another file of Microsoft Office", AS_CSV],
  ["%PDF-", "a PDF", AS_TEXT],
  ["{\\rtf", "a document (RTF)", AS_CSV],
  ["SQLite format 3\0", "a database (SQLite)", AS_TEXT],
  ["\x1F\x8B", "compressed (gzip)", "Unpack it first"],
  ["BZh", "compressed (bzip2)", "Unpack it first"],
  ["\xFD7zXZ\0", "compressed (xz)", "Unpack it first"],
  ["\x28\xB5\x2F\xFD", "compressed (zstd)", "Unpack it first"],
  ["7z\xBC\xAF\x27\x1C", "an archive (7z)", "Unpack it first"],
  ["Rar!", "an archive (RAR)", "Unpack it first"],
  ["\x89PNG", "a picture", AS_TEXT],
  ["\xFF\xD8\xFF", "a picture", AS_TEXT]
]

/** The first bytes of an archive, and of an empty one. */
const ZIP = ["PK\x03\x04", "PK\x05\x06"]

/** Kinds of files that are archives by themselves, by what is written at their beginning. */
const IN_ZIP: ReadonlyArray<readonly [part: RegExp, kind: string]> = [
  [/application\/vnd\.oasis\.opendocument\.spreadsheet/, "a workbook of LibreOffice (.ods)"],
  [/application\/vnd\.oasis\.opendocument/, "a document of LibreOffice"],
  [/Index\/Document\.iwa|Metadata\/Properties\.plist|Index\.zip/, "a document of Numbers or Pages"],
  [/xl\/(?:workbook|worksheets|styles|_rels)/, "a workbook of Excel (.xlsx)"],
  [/word\//, "a document of Word (.docx)"],
  [/\[Content_Types\]\.xml|_rels\/\.rels/, "a workbook of Excel (.xlsx), or another file of Microsoft Office"]
]

const MARKUP: ReadonlyArray<readonly [start: RegExp, kind: string, advice: string]> = [
  [/^<(?:!doctype html|html|head|body|table|meta)\b/i, "a web page (HTML), whatever its name says", AS_CSV],
  [/^<(?:\?xml|[a-z]+[\s>:])/i, "XML", AS_CSV],
  [/^[[{]\s*["{[\]}]/, "JSON", AS_TEXT]
]

/** Says what a file is that has no rows to read, and what to do; `undefined` if it may have some. */
export const recognise = (head: Uint8Array): string | undefined => {
  const text = Buffer.from(head).toString("latin1")
  const inWords = (kind: string, advice: string) => `is ${kind}, and not CSV. ${advice}`
  if (ZIP.some((start) => text.startsWith(start))) {
    const found = IN_ZIP.find(([part]) => part.test(text))
    return found === undefined ? inWords("an archive (ZIP)", "Unpack it first") : inWords(found[1], AS_CSV)
  }
  const known = BY_FIRST_BYTES.find(([start]) => text.startsWith(start))
  if (known !== undefined) return inWords(known[1], known[2])
  // UTF-16 has a NUL in each pair of bytes.
  const written = text
    .replace(/^(?:\xEF\xBB\xBF|\xFF\xFE|\xFE\xFF)/, "")
    .replaceAll("\0", "")
    .trimStart()
  const markup = MARKUP.find(([start]) => start.test(written))
  return markup === undefined ? undefined : inWords(markup[1], markup[2])
}
