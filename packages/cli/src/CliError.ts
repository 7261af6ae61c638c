/** A failure of a command itself, such as a file that cannot be read; the message says what to do next. */
export class CliError extends Error {
  override readonly name = "CliError"
}
