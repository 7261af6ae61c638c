/**
 * `turnout audit`: shows who did what, when, to which resource, from where, and by what credential.
 */
import { type Command, Option } from "commander"
import * as Audit from "@turnout/core/access/application/audit/Audit"
import * as AuditExports from "@turnout/core/access/application/audit/AuditExports"
import type { AuditEntry } from "@turnout/core/access/domain/audit/AuditEntry"
import type { AuditQuery } from "@turnout/core/access/domain/audit/AuditQuery"
import type { PageByKey, PageRequest } from "@turnout/core/kernel/domain/Page"
import * as Effect from "effect/Effect"
import type { Action } from "../../Action.ts"
import * as Database from "../../Database.ts"
import { finding, key, type QueryOptions } from "../../options/access/Audit.ts"
import * as Organizations from "../../options/access/Organizations.ts"
import { given } from "../../options/Given.ts"
import { cursor, limit } from "../../options/Paging.ts"
import * as Logs from "../../output/Logs.ts"
import * as Output from "../../output/Output.ts"
import * as Paging from "../../output/Paging.ts"
import * as Table from "../../output/Table.ts"
import { time } from "../../output/Words.ts"
import * as ExportFile from "../admission/ExportFile.ts"

/** The query of the options, whose organization is looked for. */
const queryOf = Effect.fnUntraced(function* (options: QueryOptions) {
  const { action, from, principal, resource, until } = options
  const query: typeof AuditQuery.Encoded = given({ principal, action, resource, from, until })
  yield* Audit.check(query)
  return { ...query, ...(yield* Organizations.fieldOf(options)) }
})

const HEAD = [
  "when",
  Table.text("who"),
  Table.text("what"),
  Table.text("resource"),
  "outcome",
  Table.spareText("credential"),
  Table.spareText("address"),
  Table.spareText("details")
]

const row = ({ action, address, at, credential, details, outcome, resource, who }: AuditEntry) => [
  time(at),
  who,
  action,
  resource ?? "",
  outcome,
  credential ?? "",
  address ?? "",
  JSON.stringify(details)
]

/** Reads a page to its end: a page of the trail may be shorter than asked for, although more follows. */
const wholePage = Effect.fnUntraced(function* (
  query: typeof AuditQuery.Encoded,
  { after, limit }: PageRequest<string>
) {
  const items: Array<AuditEntry> = []
  let page: PageByKey<AuditEntry, string> = { items: [], next: after }
  do {
    page = yield* Audit.list(query, { after: page.next, limit: limit - items.length })
    items.push(...page.items)
  } while (items.length < limit && page.next !== null)
  return { items, next: page.next }
})

export const list = async (
  options: Database.GlobalOptions & QueryOptions & Paging.KeyPaging<string>
): Promise<boolean> => {
  const work = Effect.flatMap(queryOf(options), (query) => wholePage(query, Paging.toRequest(options)))
  const page = Paging.byKey(await Logs.runPromise(options, Effect.provide(work, Database.stores(options))))
  Output.result(options, page, () =>
    page.items.length === 0 ? ["Nothing."] : [...Table.lines(HEAD, page.items.map(row)), ...Paging.more(options, page)]
  )
  return true
}

interface FormatOption {
  readonly format: AuditExports.Format
}

export const exportAll = (
  options: Database.GlobalOptions & QueryOptions & ExportFile.ExportOptions & FormatOption
): Promise<boolean> => {
  const { format } = options
  const about = format === "csv" ? { form: "CSV", headers: 1 } : { form: "text", headers: 0 }
  const text = Effect.flatMap(queryOf(options), (query) => AuditExports.make(format, query))
  return ExportFile.writeText(options, { document: { format }, ...about }, text, Database.stores(options))
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const audit = program.command("audit").description("who did what, when, from where, and by what credential")
  finding(audit.command("list").description("show who did what, the latest first"))
    .addOption(limit())
    .addOption(cursor(key))
    .action(action(list))
  finding(audit.command("export").description("write who did what as CSV or as JSON lines, the latest first"))
    .addOption(new Option("--format <format>", "the form").choices(["csv", "jsonl"]).default("csv"))
    .addOption(ExportFile.output())
    .action(action(exportAll))
}
