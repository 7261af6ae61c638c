/**
 * The form in which texts are compared: two texts that look alike are equal in it.
 *
 * Text is stored as it was written. A list that went through a spreadsheet, a form or a mail comes back with other blanks, another
 * Unicode form, and characters that are not shown, and says the same.
 */

const UNSEEN = /[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu
const BLANKS = /\s+/gu

/** The text in normal form C, without characters that are not shown, and with one blank where it has white space. */
export const comparable = (text: string): string =>
  text.replaceAll(UNSEEN, "").replaceAll(BLANKS, " ").trim().normalize("NFC")
