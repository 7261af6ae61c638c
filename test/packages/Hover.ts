/**
 * What an editor shows of the functions and fields of `turnout`, asked of the language service of TypeScript 5.9 in a project of a
 * user: TypeScript 7 has none that a program can ask.
 */

/** The types of a host whose fields are looked at, as `turnout` exports them. */
export const TYPES = [
  "Turnout",
  "CreateTurnoutOptions",
  "GivenEvent",
  "GivenEventChanges",
  "GivenRegistration",
  "GivenGuest",
  "GivenCapacity",
  "GivenConfirmation",
  "GivenCorrection",
  "GivenAttended",
  "GivenWriteOptions",
  "GivenEventWriteOptions",
  "GivenEventQuery",
  "GivenRegistrationQuery",
  "GivenWaitlistQuery",
  "GivenJournalQuery",
  "GivenAttendeeQuery",
  "SubscribeOptions",
  "Event",
  "Counts",
  "Registration",
  "ChangedRegistration",
  "Cancellation",
  "Attendee",
  "RegistrationOutcome",
  "WaitlistEntry",
  "WaitlistPlace",
  "StoredJournalEntry"
] as const

/** What the script prints: the names of fields that an editor shows nothing about, and the text over one call. */
export interface Shown {
  readonly silent: ReadonlyArray<string>
  readonly fields: number
  readonly register: { readonly text: string; readonly tags: ReadonlyArray<string> }
}

const PROGRAM = `import type * as T from "turnout"
${TYPES.map((type) => `export declare const of${type}: T.${type}`).join("\n")}
export const call = ofTurnout.register("", { attendee: { email: "" } })
`

/** The files of a script that prints `Shown` as JSON. */
export const FILES: Readonly<Record<string, string>> = {
  "hover.ts": PROGRAM,
  "hover.mjs": `import ts from "typescript"
const file = "hover.ts"
const options = { strict: true, module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023 }
const host = {
  getCompilationSettings: () => options,
  getScriptFileNames: () => [file],
  getScriptVersion: () => "1",
  getScriptSnapshot: (name) => (ts.sys.fileExists(name) ? ts.ScriptSnapshot.fromString(ts.sys.readFile(name)) : undefined),
  getCurrentDirectory: () => process.cwd(),
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: ts.sys.fileExists,
  readFile: ts.sys.readFile,
  readDirectory: ts.sys.readDirectory,
  directoryExists: ts.sys.directoryExists,
  getDirectories: ts.sys.getDirectories
}
const service = ts.createLanguageService(host)
const program = service.getProgram()
const checker = program.getTypeChecker()
const source = program.getSourceFile(file)
const silent = []
let fields = 0
ts.forEachChild(source, (node) => {
  if (!ts.isVariableStatement(node)) return
  for (const declaration of node.declarationList.declarations) {
    const name = declaration.name.getText()
    if (!name.startsWith("of")) continue
    const type = checker.getNonNullableType(checker.getTypeAtLocation(declaration))
    for (const property of checker.getPropertiesOfType(type)) {
      fields += 1
      if (property.getDocumentationComment(checker).length === 0) silent.push(name.slice(2) + "." + property.name)
    }
  }
})
const at = source.text.lastIndexOf("register(")
const info = service.getQuickInfoAtPosition(file, at)
const register = {
  text: ts.displayPartsToString(info.displayParts) + "\\n" + ts.displayPartsToString(info.documentation),
  tags: (info.tags ?? []).map(({ name }) => name)
}
console.log(JSON.stringify({ silent, fields, register }))
`
}
