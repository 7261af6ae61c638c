/**
 * Text that was decoded wrongly before it came here: UTF-8 that some program took for Windows-1252, so that "Müller" became
 * "MÃ¼ller". It is recognised by undoing that: hardly any other text becomes UTF-8 again.
 */

const FIRST_UNEQUAL = 0x80

/** The bytes of Windows-1252 by their characters, from `FIRST_UNEQUAL` on. */
const bytes: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 0x100 - FIRST_UNEQUAL }, (_, index) => {
    const byte = FIRST_UNEQUAL + index
    return [new TextDecoder("windows-1252").decode(new Uint8Array([byte])), byte]
  })
)

/** The first byte of a character in UTF-8, read as Windows-1252. Text without it is not looked at any further. */
const SUSPECT = /[\u00C2-\u00F4]/

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** The text as it was before it was decoded wrongly; `undefined` if it does not look decoded wrongly. */
export const undone = (text: string): string | undefined => {
  if (!SUSPECT.test(text)) return undefined
  const encoded: Array<number> = []
  for (const character of text) {
    const point = character.codePointAt(0)!
    const byte = point < FIRST_UNEQUAL ? point : bytes.get(character)
    if (byte === undefined) return undefined
    encoded.push(byte)
  }
  try {
    return utf8.decode(new Uint8Array(encoded))
  } catch {
    return undefined
  }
}
