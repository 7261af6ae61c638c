/**
 * Lists of people as spreadsheet programs and ticket offices save them: who is in them, and what is said about the file.
 */
import { execFile } from "node:child_process"
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "vitest"
import { email, upTo } from "../support/CommandLine.ts"
import { read, readFile, refusal } from "../support/SpreadsheetFile.ts"

const sample = (name: string) => fileURLToPath(new URL(`../samples/spreadsheets/${name}`, import.meta.url))

interface Sample {
  readonly file: string
  readonly encoding?: string
  readonly people: ReadonlyArray<Readonly<Record<string, string>>>
  readonly remarks?: ReadonlyArray<RegExp>
}

const SAMPLES: ReadonlyArray<Sample> = [
  {
    file: "eventbrite.csv",
    people: [
      { email: "ada@example.com", name: "Ada Lovelace", registeredAt: "2026-11-20T10:15:00-08:00" },
      { email: "carla@example.com", name: "Carla Díaz, PhD", registeredAt: "2026-11-21T09:00:00-08:00" }
    ],
    remarks: [
      /"Order #", "Quantity", "Ticket Type", "Attendee #", "Buyer Email"/,
      /A row is cancelled by its column "Attendee Status"/
    ]
  },
  {
    file: "pretix.csv",
    people: [
      { email: "juergen@example.com", name: "Jürgen Groß", registeredAt: "2026-11-20T10:15:00+01:00" },
      { email: "zoe@example.com", name: "Zoë", notes: "Rollstuhl\nbitte", registeredAt: "2026-11-20T10:17:00+01:00" }
    ],
    remarks: [/"Order code", "Company"/, /A row is cancelled/]
  },
  {
    file: "google-forms.csv",
    people: [
      { email: "ada@example.com", name: "Ada Lovelace", notes: "no nuts", registeredAt: "2026/11/28 6:05:07 PM GMT+1" },
      { email: "bob@example.com", name: "Bob", registeredAt: "2026/11/28 6:06:07 PM GMT+1" }
    ],
    remarks: [/"What is your name\?"/]
  },
  {
    file: "microsoft-forms.csv",
    people: [
      { email: "ada@example.com", name: "Ada", registeredAt: "2026-11-20T10:05:00Z" },
      { email: "bob@example.com", name: "Bob", registeredAt: "2026-11-20T11:05:00Z" }
    ],
    remarks: [/left out: "ID", "Start time", "T-shirt size"/]
  },
  {
    file: "excel-german.csv",
    encoding: "windows-1252",
    people: [
      { email: "joerg@example.com", name: "Jörg Müller", notes: "kommt später – 20 Uhr" },
      { email: "aenne@example.com", name: "Änne Groß" }
    ],
    remarks: [/The header is line 3; the row above it is skipped: line 1, "Teilnehmerliste Sommerfest"/]
  },
  {
    file: "excel-unicode-text.txt",
    people: [
      { email: "lukasz@example.com", name: "Łukasz Żak" },
      { email: "ana@example.com", name: 'Ana "Nana" Pérez', notes: "one\ntwo" }
    ]
  },
  { file: "excel-sep.csv", people: [{ email: "ada@example.com", name: "Lovelace, Ada" }] },
  {
    file: "libreoffice-french.csv",
    people: [
      { email: "zoe@example.com", name: "Zoé Lefèvre" },
      { email: "noel@example.com", name: "Noël d'Arc" }
    ],
    remarks: [/"Téléphone"/]
  },
  {
    file: "numbers-spanish.csv",
    people: [{ email: "jose@example.com", name: "José Núñez", notes: "sin gluten" }],
    remarks: [/The header is line 2/]
  },
  {
    file: "old-mac.csv",
    people: [
      { email: "ada@example.com", name: "Ada", notes: "one\ntwo" },
      { email: "bob@example.com", name: "Bob" }
    ]
  },
  {
    file: "pandas.csv",
    people: [
      { email: "ada@example.com", name: "Ada" },
      { email: "bob@example.com", name: "Bob" }
    ],
    remarks: [/column 1, which has no name/]
  }
]

describe("a file of", () => {
  it.each(SAMPLES)("$file has its people", async ({ encoding, file, people, remarks = [] }) => {
    const sheet = await readFile(sample(file), encoding === undefined ? {} : { encoding })
    assert.deepStrictEqual(
      sheet.people.map(({ fault, fields }) => fault ?? fields),
      [...people]
    )
    assert.strictEqual(sheet.remarks.length, remarks.length, sheet.remarks.join("\n"))
    remarks.forEach((remark, index) => assert.match(sheet.remarks[index]!, remark))
  })
})

const peopleIn = async (content: string | Uint8Array, options = {}) => {
  const { people } = await read(content, options)
  return people.map(({ fault, fields, line }) => `${line} ${fault ?? Object.values(fields).join("|")}`)
}

describe("columns and cells", () => {
  it.each([
    ["a semicolon", "email;name\nada@example.com;Ada\n"],
    ["a first line that names the separator", "sep=,\nemail,name\nada@example.com,Ada\n"],
    ["columns without name and value", "email,name,,\nada@example.com,Ada,,\n"],
    ["a row of separators", ",\nemail,name\n,\nada@example.com,Ada\n,,,,\n"],
    ["more cells, which are empty", "email,name\nada@example.com,Ada,,,\n"],
    ["no-break spaces around", "email,name\n\u00A0ada@example.com\u00A0,Ada \n"]
  ])("with %s are read", async (_what, content) => {
    const { people, remarks } = await read(content)
    assert.deepStrictEqual(
      people.map(({ fields }) => Object.entries(fields).toSorted()),
      [
        [
          ["email", "ada@example.com"],
          ["name", "Ada"]
        ]
      ]
    )
    assert.deepStrictEqual(remarks, [])
  })

  it("that are missing at the right are empty", async () => {
    assert.deepStrictEqual(await peopleIn("email,name,notes\nada@example.com\nbob@example.com,Bob\n"), [
      "2 ada@example.com",
      "3 Bob|bob@example.com"
    ])
  })

  it("that are too many and not empty are the fault of their row", async () => {
    const [ada, bob] = await peopleIn("email,name,,\nada@example.com,Lovelace, Ada\nbob@example.com,Bob\n")
    assert.match(ada!, /^2 has 3 fields, the header has 2/)
    assert.strictEqual(bob, "3 Bob|bob@example.com")
  })

  it("rock@example.com among 5,000: that row, with its line, and all the others", async () => {
    const rows = upTo(5_000).map((n) => `${email(n)},Person ${n}`)
    rows[2_499] = 'rock@example.com,Rock "Boulder" Stone'
    const { people } = await read(`email,name\n${rows.join("\n")}\n`)
    const faults = people.filter(({ fault }) => fault !== undefined)
    assert.deepStrictEqual([people.length, faults.map(({ line }) => line)], [5_000, [2_501]])
    assert.strictEqual(people.at(-1)!.fields.email, email(5_000))
  })

  it("with what an export guards against formulas are as they were", async () => {
    assert.deepStrictEqual(await peopleIn("email,name,notes\n'+ada@example.com,'=1+1,'Ada\n"), [
      "2 =1+1|+ada@example.com|'Ada"
    ])
  })
})

describe("a header", () => {
  it.each([
    "E-Mail",
    "E-mail address",
    "Email Address",
    "EMAIL",
    "e_mail *",
    "Mail",
    "E-Mail (privat)",
    "Adresse e-mail",
    "Courriel",
    "Correo electrónico",
    "Indirizzo e-mail",
    "E-mailadres",
    "E-post",
    "Электронная почта",
    "メールアドレス",
    "attendee"
  ])("may call the address %j", async (name) => {
    assert.deepStrictEqual(await peopleIn(`${name}\nada@example.com\n`), ["2 ada@example.com"])
  })

  it.each([
    ["Full name", "Ada Lovelace"],
    ["First name,Last name", "Ada,Lovelace"],
    ["Vorname;Nachname", "Ada;Lovelace"],
    ["Last name\tFirst name", "Lovelace\tAda"],
    ["Vorname;Name", "Ada;Lovelace"],
    ["Prénom;Nom", "Ada;Lovelace"],
    ["Nombre;Apellidos", "Ada;Lovelace"],
    ["Nome;Cognome", "Ada;Lovelace"],
    ["First name,Last name,Name", "A,L,Ada Lovelace"],
    ["Nombre", "Ada Lovelace"]
  ])("may call a name %j", async (names, cells) => {
    const delimiter = /[;,\t]/.exec(names)?.[0] ?? ","
    const content = `${names}${delimiter}email\n${cells}${delimiter}ada@example.com\n`
    const [ada] = (await read(content)).people
    assert.strictEqual(ada!.fields.name, "Ada Lovelace")
  })

  it.each([
    ["notes", ["Notes", "Remarks", "Bemerkungen", "Commentaire", "Observaciones"]],
    ["registeredAt", ["registered_at", "Registered at", "Timestamp", "Zeitstempel", "Horodateur", "Marca temporal"]],
    ["id", ["id", "attendee_id", "Mitgliedsnummer"]]
  ] as const)("may call %s many names", async (field, names) => {
    for (const name of names) {
      const { columns, people } = await read(`email,${name}\nada@example.com,x\n`)
      assert.deepStrictEqual([people[0]!.fields[field], columns[field]], ["x", name])
    }
  })

  it("leaves out by name what nobody needs", async () => {
    const { remarks } = await read("email,Shoe size,Table\nada@example.com,38,7\n")
    assert.deepStrictEqual(remarks, ['Columns that nothing needs are left out: "Shoe size", "Table".'])
  })

  it.each([
    ["E-Mail", "Email address"],
    ["email", "attendee"],
    ["name", "Full name"],
    ["Notes", "Remarks"]
  ])("with both %j and %j is refused by their names", async (one, other) => {
    const reason = await refusal(`email,${one},${other}\n`.replace(/^email,(e-?mail),/i, "$1,"))
    assert.include(reason, `two columns that mean the same, ${JSON.stringify(one)} and ${JSON.stringify(other)}`)
  })

  it("that is not there is told, with what was seen, and how to name it", async () => {
    const none = await refusal("ada@example.com,Ada\nbob@example.com,Bob\n")
    assert.match(none, /^has no header: line 1 is "ada@example.com", "Ada"\. Name the columns.*"email,name,notes"/)
    const late = await refusal("Guests\nada@example.com,Ada\nemail,name\nbob@example.com,Bob\n")
    assert.match(late, /^has no header: line 1 is "Guests"/)
    assert.match(
      await refusal("Guest;Phone\nAda;12\n"),
      /^has no column for e-mail addresses: line 1 is "Guest", "Phone"/
    )
    assert.match(await refusal('email,"name\nada@example.com,Ada\n'), /in line 1, a quote .* not closed/)
    assert.match(
      await refusal('email,"notes\nada@example.com,x"\nbob@example.com,y\n'),
      /a header that goes on to line 2/
    )
  })

  it("may have line breaks in its names", async () => {
    assert.deepStrictEqual(await peopleIn('"E-Mail\n(required)",name\nada@example.com,Ada\n'), [
      "3 Ada|ada@example.com"
    ])
  })
})

describe("cancelled rows", () => {
  it("are left out and counted, by their state", async () => {
    const { people, remarks } = await read(
      "email,state\nada@example.com,confirmed\nbob@example.com,cancelled\ncarl@example.com,Storniert\ndora@example.com,CA\n"
    )
    assert.deepStrictEqual(
      people.map(({ line }) => line),
      [2, 5]
    )
    assert.deepStrictEqual(remarks, ['2 rows are cancelled by their column "state", and are left out.'])
  })
})

const utf16be = (text: string) => Buffer.from(text, "utf16le").swap16()

describe("text in", () => {
  const text = "email,name\nada@example.com,Zoë Łuk\n"
  it.each([
    ["UTF-8", Buffer.from(text)],
    ["UTF-8 with a mark", Buffer.from(`\uFEFF${text}`)],
    ["UTF-16 with a mark", Buffer.from(`\uFEFF${text}`, "utf16le")],
    ["UTF-16, the other way round", utf16be(`\uFEFF${text}`)],
    ["UTF-16 without a mark", Buffer.from(text, "utf16le")],
    ["UTF-16 without a mark, the other way round", utf16be(text)]
  ])("%s is found out", async (_name, content) => {
    assert.deepStrictEqual(await peopleIn(content), ["2 Zoë Łuk|ada@example.com"])
  })

  const western = Buffer.from("email,name\nzoe@example.com,Zo\xEB\x80\nada@example.com,Ada\n", "latin1")

  it("another encoding is named", async () => {
    assert.deepStrictEqual(await peopleIn(western, { encoding: "windows-1252" }), [
      "2 Zoë€|zoe@example.com",
      "3 Ada|ada@example.com"
    ])
  })

  it("another encoding than it seems is the fault of the rows that show it", async () => {
    const [zoe, ada] = await peopleIn(western)
    assert.match(zoe!, /^2 name: has characters that are not utf-8.*--encoding windows-1252/)
    assert.strictEqual(ada, "3 Ada|ada@example.com")
    const header = Buffer.from("email,Pr\xE9nom,Nom\nzoe@example.com,Zoe,Arc\n", "latin1")
    assert.match(await refusal(header), /^has a header in line 1 that has characters that are not utf-8/)
  })

  it("UTF-8 may have the sign for what cannot be read", async () => {
    assert.deepStrictEqual(await peopleIn("email,name\nada@example.com,A\uFFFDa\n"), ["2 A\uFFFDa|ada@example.com"])
  })

  it("UTF-8 is not taken for another encoding", async () => {
    assert.match(
      await refusal(text, { encoding: "windows-1252" }),
      /is text in UTF-8, which --encoding windows-1252 would damage/
    )
    assert.match(
      await refusal(`\uFEFF${text}`, { encoding: "utf-16le" }),
      /begins with the mark of utf-8, and --encoding says utf-16le/
    )
    assert.match(await refusal(Buffer.from([0xff, 0xfe, 0, 0, 0x65, 0, 0, 0])), /UTF-32/)
  })

  it("UTF-8 that was decoded wrongly before is told, and goes on", async () => {
    const { people, remarks } = await read("email,name\nada@example.com,MÃ¼ller\nbob@example.com,SÃO PAULO\n")
    assert.strictEqual(people.length, 2)
    assert.deepStrictEqual(remarks.length, 1)
    assert.include(remarks[0], '"MÃ¼ller" in line 2 may be "Müller"')
  })
})

const zip = (name: string) => Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(26), Buffer.from(name)])

describe("a file that is no CSV is told what it is:", () => {
  it.each([
    ["an empty one", "", /it is empty/],
    ["blank lines", "\n\n , \n", /it is empty/],
    ["a header alone", "email,name\n", /no rows below its header in line 1/],
    ["xlsx", zip("xl/workbook.xml"), /is a workbook of Excel \(\.xlsx\), and not CSV\. .*save.*as CSV/],
    ["ods", zip("mimetypeapplication/vnd.oasis.opendocument.spreadsheet"), /a workbook of LibreOffice \(\.ods\)/],
    ["Numbers", zip("Index/Document.iwa"), /a document of Numbers/],
    ["zip", zip("people.csv"), /an archive \(ZIP\)/],
    ["xls", Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1]), /a workbook of Excel \(\.xls\)/],
    ["PDF", "%PDF-1.7\n", /is a PDF/],
    ["HTML", "\uFEFF \n<!DOCTYPE html>\n<table>", /is a web page \(HTML\)/],
    ["HTML of a table", "<table><tr><td>email</td></tr>", /is a web page \(HTML\)/],
    ["XML", '<?xml version="1.0"?>', /is XML/],
    ["JSON", '[{"email":"ada@example.com"}]', /is JSON/],
    ["gzip", Buffer.from([0x1f, 0x8b, 8]), /is compressed \(gzip\)/]
  ])("%s", async (_what, content, says) => {
    assert.match(await refusal(content), says)
  })

  it("NUL bytes in it are the fault of what they are in", async () => {
    assert.deepStrictEqual(await peopleIn("email,name\nada@example.com,A\0a\n"), ["2 A\0a|ada@example.com"])
  })
})

const ROWS = 300_000
/** Much less than that many rows take in memory. */
const HEAP_MEGABYTES = 32

describe("a long file", () => {
  it("is read a few rows at a time", { timeout: 180_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "turnout-sheet-"))
    try {
      const file = join(folder, "people.csv")
      const lines = (from: number) =>
        Array.from(
          { length: 10_000 },
          (_, index) => `${email(from + index)},"Person ${from + index}",some notes about it\n`
        )
      writeFileSync(file, "email,name,notes\n")
      for (let from = 1; from <= ROWS; from += 10_000) appendFileSync(file, lines(from).join(""))
      const script = join(fileURLToPath(new URL("../support/", import.meta.url)), "spreadsheetReader.ts")
      const args = ["--conditions=@turnout/source", `--max-old-space-size=${HEAP_MEGABYTES}`, script, file]
      const { stdout } = await promisify(execFile)(process.execPath, args)
      assert.deepStrictEqual(JSON.parse(stdout), { people: ROWS, lastLine: ROWS + 1 })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
