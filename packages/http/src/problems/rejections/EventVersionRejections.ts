/**
 * Problems that answer the rejections of commands whose caller has seen an earlier version of the event.
 */
import * as EventVersion from "@turnout/core/admission/domain/model/event/EventVersion"
import { problem } from "../Problem.ts"

export const problems = {
  VersionConflict: problem(EventVersion.VersionConflict, {
    status: 412,
    code: "version_conflict",
    title: "The event has changed since"
  })
} satisfies Record<InstanceType<(typeof EventVersion.rejections)[number]>["_tag"], unknown>
