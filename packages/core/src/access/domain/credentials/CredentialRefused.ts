/**
 * The refusal of a credential that is none of ours, or has ended. What is wrong with it is not told.
 */
import { TaggedError } from "../../../kernel/domain/TaggedError.ts"

export class CredentialRefused extends TaggedError<CredentialRefused>()("CredentialRefused", {}) {
  override get message(): string {
    return "The credential is not valid: send one that is, or none."
  }
}
