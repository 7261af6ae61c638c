/**
 * The encoding of a spreadsheet: the one that its byte order mark names, the one that was asked for, UTF-16 without a mark by its
 * NULs, and UTF-8 otherwise.
 *
 * Decoding is by `TextDecoder`, whose labels are those of the web (Encoding Standard, WHATWG). Bytes that do not belong to the
 * encoding are decoded as U+FFFD, so that only their row suffers from them.
 */
import { CliError } from "../CliError.ts"

/** Labels for messages; there are others. */
export const USUAL = [
  "utf-8",
  "utf-16le",
  "utf-16be",
  "windows-1252",
  "windows-1250",
  "windows-1251",
  "iso-8859-15",
  "macintosh",
  "shift_jis",
  "gb18030",
  "big5",
  "euc-kr"
] as const

/** Stands in decoded text for bytes that do not belong to the encoding. */
export const UNREADABLE = "\uFFFD"

/** The name of an encoding by one of its labels; `undefined` if there is none. */
export const named = (label: string): string | undefined => {
  try {
    return new TextDecoder(label).encoding
  } catch {
    return undefined
  }
}

const UTF_32: ReadonlyArray<ReadonlyArray<number>> = [
  [0xff, 0xfe, 0, 0],
  [0, 0, 0xfe, 0xff]
]

const MARKS: ReadonlyArray<readonly [mark: ReadonlyArray<number>, encoding: string]> = [
  [[0xef, 0xbb, 0xbf], "utf-8"],
  [[0xff, 0xfe], "utf-16le"],
  [[0xfe, 0xff], "utf-16be"]
]

const startsWith = (head: Uint8Array, mark: ReadonlyArray<number>): boolean =>
  mark.every((byte, index) => head[index] === byte)

/** The share of NULs among every other byte from which text is UTF-16. Commas, line ends and addresses have them everywhere. */
const NULS_OF_UTF_16 = 0.2

/** Recognises UTF-16 without a mark: every other byte is often NUL, and the bytes between are not. */
const withoutMark = (head: Uint8Array): string | undefined => {
  const pairs = Math.floor(head.length / 2)
  if (pairs === 0) return undefined
  const nuls = [0, 0]
  for (let at = 0; at < pairs * 2; at++) if (head[at] === 0) nuls[at % 2]! += 1
  const [first, second] = nuls.map((count) => count / pairs) as [number, number]
  if (second >= NULS_OF_UTF_16 && first < second / 10) return "utf-16le"
  return first >= NULS_OF_UTF_16 && second < first / 10 ? "utf-16be" : undefined
}

/** Encodings in which every byte is a character, so that nothing in the text tells a wrong choice. */
const SINGLE_BYTE = /^(?:windows-|iso-8859-|macintosh|x-mac|koi8|ibm866)/

const isSound = (encoding: string, bytes: Uint8Array): boolean => {
  try {
    // The end of the head may be in the middle of a character.
    new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}

/**
 * The encoding of a file that begins with these bytes. Throws a `CliError` if the file contradicts the encoding that was asked for.
 */
export const detect = (head: Uint8Array, asked?: string): string => {
  if (UTF_32.some((mark) => startsWith(head, mark)))
    throw new CliError("is text in UTF-32, which nobody else uses; save it as UTF-8")
  const marked = MARKS.find(([mark]) => startsWith(head, mark))?.[1]
  if (marked !== undefined && asked !== undefined && asked !== marked)
    throw new CliError(`begins with the mark of ${marked}, and --encoding says ${asked}; leave --encoding out`)
  const found = marked ?? withoutMark(head)
  if (asked === undefined) return found ?? "utf-8"
  const isUtf8 = found === undefined && head.some((byte) => byte >= 0x80) && isSound("utf-8", head)
  if (isUtf8 && SINGLE_BYTE.test(asked))
    throw new CliError(`is text in UTF-8, which --encoding ${asked} would damage; leave --encoding out`)
  return asked
}

/** Decodes a file piece by piece. A character may begin in one piece and end in the next. */
export interface Decoding {
  readonly decode: (bytes: Uint8Array) => string
  readonly end: () => string
}

export const decoding = (encoding: string): Decoding => {
  const decoder = new TextDecoder(encoding)
  return { decode: (bytes) => decoder.decode(bytes, { stream: true }), end: () => decoder.decode() }
}

/** Finds out, piece by piece, whether all bytes of a file belong to the encoding: then each U+FFFD was written as such. */
export interface Soundness {
  readonly check: (bytes: Uint8Array) => void
  readonly end: () => boolean
}

export const soundness = (encoding: string): Soundness => {
  const decoder = new TextDecoder(encoding, { fatal: true })
  let isSound = true
  const attempt = (decode: () => unknown) => {
    if (!isSound) return
    try {
      decode()
    } catch {
      isSound = false
    }
  }
  return {
    check: (bytes) => attempt(() => decoder.decode(bytes, { stream: true })),
    end: () => {
      attempt(() => decoder.decode())
      return isSound
    }
  }
}
