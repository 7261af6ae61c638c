/**
 * The version of an event that the caller of a command has seen, and the rule that keeps one change from undoing another.
 *
 * `version` of an event counts every entry of its stream, and goes on with every registration. `revision` is the version in
 * which the event itself changed last: its details, its capacity or its status. A caller who has seen any version from the
 * revision on has seen the event itself as it is. So a form that an organizer has opened can be saved while people register, and
 * is refused once somebody else has changed the event itself.
 */
import * as Schema from "effect/Schema"
import { described } from "../../../../kernel/domain/document/Documented.ts"
import { TheEvent } from "../../../../kernel/domain/EventId.ts"
import { TaggedError } from "../../../../kernel/domain/TaggedError.ts"

/** A version that a caller has seen: a whole number from 1 on. */
export const SeenVersion = Schema.Int.check(
  Schema.makeFilter((version) => version >= 1 || "must be a version of an event, which is 1 or more")
)

/** What a command about an event itself may say of the event that its caller has seen. */
export interface Expecting {
  /**
   * Versions of the event that the caller has seen, one of which is enough. If the event itself has changed since, and the
   * command would change anything, the command is refused with `VersionConflict`. Without versions it is carried out in any case.
   */
  readonly expectedVersions?: ReadonlyArray<number>
}

/** Whether the event itself is as one of these versions showed it. */
export const isSeen = (
  { revision, version }: { readonly revision: number; readonly version: number },
  seen: ReadonlyArray<number>
): boolean => seen.some((one) => one >= revision && one <= version)

/** The event itself has changed since the versions that the caller has seen. Nothing has changed by this command. */
export class VersionConflict extends TaggedError<VersionConflict>()("VersionConflict", {
  eventId: TheEvent,
  expectedVersions: described("The versions that the caller has seen", Schema.Array(Schema.Natural)),
  /** The version that there is. */
  version: described("The version that there is", Schema.Natural),
  /** The version in which the event itself changed last. */
  revision: described("The version in which the event itself changed last", Schema.Natural)
}) {
  override get message(): string {
    const seen = this.expectedVersions.length === 0 ? "no version of it" : `version ${this.expectedVersions.join(", ")}`
    return `Event ${this.eventId} itself changed in version ${this.revision}, and is at version ${this.version} now; the caller has seen ${seen}. Read it again, and decide anew.`
  }
}

/** All rejections about versions. */
export const rejections = [VersionConflict] as const
