/**
 * A failure of a command itself, such as a file that cannot be read; the message says what to do next.
 *
 * `details` are the facts behind the message, which the document of the error has as fields.
 */
export class CliError extends Error {
  override readonly name = "CliError"
  readonly details: Readonly<Record<string, unknown>>

  constructor(message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.details = details
  }
}
