/**
 * The rule for the token of the API for operators: it must be long enough that it cannot be guessed.
 */

const MIN_LENGTH = 16

export const TOKEN_RULE: string = `must have at least ${MIN_LENGTH} characters, all of them printable ASCII`

export const isToken = (text: string): boolean => /^[\x21-\x7e]*$/.test(text) && text.length >= MIN_LENGTH
