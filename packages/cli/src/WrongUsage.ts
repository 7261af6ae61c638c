/**
 * Options and arguments that cannot be given together, or that need another one. The command changes nothing, and ends as for any
 * other wrong usage: with exit code 2, and a pointer to its help.
 */
export class WrongUsage extends Error {
  override readonly name = "WrongUsage"
}
