/**
 * Examples of every command, which its help ends with. `$EVENT` and the like stand for ids that other commands have printed.
 */
import type { Command } from "commander"

/** The examples by the words that name the command. */
const EXAMPLES: Readonly<Record<string, ReadonlyArray<string>>> = {
  serve: ["turnout serve --port 8080", "turnout serve --database postgres://app@db.example/app --sales"],
  relay: ["turnout relay --webhooks --sales", "turnout relay --sqs https://sqs.eu-central-1.amazonaws.com/1/mail.fifo"],
  doctor: ["turnout doctor", "turnout doctor --sqs https://sqs.eu-central-1.amazonaws.com/1/mail.fifo --json"],
  "migrate up": ["turnout migrate up --dry-run", "turnout migrate up"],
  "migrate status": ["turnout migrate status"],
  sweep: ["turnout sweep", "turnout sweep --inbox-ttl 2592000000"],
  import: [
    'turnout import people.csv --title "A talk" --capacity 100 --starts-at "2030-05-01 18:00" --time-zone Europe/Berlin',
    "turnout import people.csv --event $EVENT"
  ],
  "events list": ["turnout events list --search talk", "turnout events list --past --limit 10"],
  "events show": ["turnout events show $EVENT"],
  "events create": [
    'turnout events create --title "A talk" --organizer Ada --capacity 100 --starts-at "2030-05-01 18:00" --ends-at "2030-05-01 20:00" --time-zone Europe/Berlin'
  ],
  "events update": [
    'turnout events update $EVENT --title "A longer talk" --ends-at "2030-05-01 21:00" --if-version 3',
    "turnout events update $EVENT --no-waitlist-limit"
  ],
  "events publish": ["turnout events publish $EVENT"],
  "events unpublish": ["turnout events unpublish $EVENT"],
  "events cancel": ["turnout events cancel $EVENT --as ada", "turnout events cancel $EVENT --if-version 12"],
  "events complete": ["turnout events complete $EVENT"],
  "events reopen": ["turnout events reopen $EVENT"],
  "events capacity": ["turnout events capacity $EVENT 120", "turnout events capacity $EVENT 80 --demote 5"],
  "events delete": ["turnout events delete $EVENT --if-version 1"],
  "registrations list": [
    "turnout registrations list $EVENT --state waitlisted",
    "turnout registrations list $EVENT --search ada --total"
  ],
  "registrations of": ["turnout registrations of mailto:ada@example.com"],
  "registrations export": ["turnout registrations export $EVENT --output people.csv"],
  "registrations show": ["turnout registrations show $EVENT $REGISTRATION"],
  "registrations position": ["turnout registrations position $EVENT $REGISTRATION"],
  "registrations add": ['turnout registrations add $EVENT --email ada@example.com --name "Ada Lovelace"'],
  "registrations guest": ["turnout registrations guest $EVENT --email ada@example.com --beyond raise --notes speaker"],
  "registrations correct": [
    "turnout registrations correct $EVENT $REGISTRATION --email ada@example.com",
    'turnout registrations correct $EVENT $REGISTRATION --notes "vegetarian"'
  ],
  "registrations cancel": ["turnout registrations cancel $EVENT $REGISTRATION $OTHER"],
  "registrations confirm": ["turnout registrations confirm $EVENT $REGISTRATION --beyond overhang"],
  "registrations reinstate": ["turnout registrations reinstate $EVENT $REGISTRATION"],
  "registrations attended": ["turnout registrations attended $EVENT $REGISTRATION $OTHER --as door-1"],
  "registrations no-show": ["turnout registrations no-show $EVENT $REGISTRATION"],
  "registrations clear-attendance": ["turnout registrations clear-attendance $EVENT $REGISTRATION"],
  "registrations release-seat": ["turnout registrations release-seat $EVENT $REGISTRATION"],
  "waitlist show": ["turnout waitlist show $EVENT --limit 10"],
  "waitlist export": ["turnout waitlist export $EVENT --output waitlist.csv"],
  "organizations add": ['turnout organizations add music-society --name "Music society"'],
  "organizations list": ["turnout organizations list"],
  "organizations show": ["turnout organizations show music-society"],
  "organizations update": ['turnout organizations update default --slug town-hall --name "Town hall"'],
  "members add": [
    "turnout members add ada@example.com --organization music-society --role owner",
    "turnout members add https://id.example.com#248289761001 --organization music-society --role checkin"
  ],
  "members list": ["turnout members list --organization music-society"],
  "members change": ["turnout members change ada@example.com --organization music-society --role organizer"],
  "members remove": ["turnout members remove ada@example.com --organization music-society"],
  "people list": [
    "turnout people list --organization music-society",
    "turnout people list --organization music-society --search ada"
  ],
  "people show": ["turnout people show $PERSON", "turnout people show --address ada@example.com"],
  "people deactivate": ["turnout people deactivate $PERSON"],
  "people reactivate": ["turnout people reactivate $PERSON"],
  "sessions list": [
    "turnout sessions list --person $PERSON",
    "turnout sessions list --address ada@example.com --limit 10"
  ],
  "sessions end": ["turnout sessions end $SESSION", "turnout sessions end --all --address ada@example.com"],
  "audit list": [
    "turnout audit list --organization music-society --from 2027-05-01",
    "turnout audit list --principal key:01a1fc98aa3170bbaea8a708368a1d5e"
  ],
  "audit export": ["turnout audit export --format jsonl --output audit.jsonl"],
  "keys create": [
    "turnout keys create --name operations --role operator",
    'turnout keys create --name "Badge printer" --role checkin --organization music-society --expires-at 2030-06-01'
  ],
  "keys list": ["turnout keys list --organization music-society"],
  "keys rotate": ["turnout keys rotate $KEY --overlap 3600000"],
  "keys revoke": ["turnout keys revoke $KEY"],
  "journal show": [
    "turnout journal show $EVENT",
    "turnout journal show $EVENT --type RegistrationCancelled --from 2030-05-01"
  ],
  "outbox status": ["turnout outbox status", "turnout outbox status --sample 0 --json"],
  "outbox tail": ["turnout outbox tail --from beginning --type EventCreated", "turnout outbox tail --json"],
  "outbox parked list": ["turnout outbox parked list --sink mail"],
  "outbox parked show": ["turnout outbox parked show --sink mail $EVENT"],
  "outbox parked retry": [
    "turnout outbox parked retry --sink mail $EVENT",
    "turnout outbox parked retry --sink mail --all"
  ],
  "outbox parked skip": ["turnout outbox parked skip --sink mail $EVENT"],
  "outbox parked discard": ["turnout outbox parked discard --sink mail $EVENT"],
  "outbox replay": [
    "turnout outbox replay --sink mail --from 2030-05-01 --to 2030-05-02 --dry-run",
    "turnout outbox replay --sink mail --stream $EVENT --no-wait"
  ],
  "outbox replay list": ["turnout outbox replay list"],
  "outbox replay watch": ["turnout outbox replay watch $REPLAY"],
  "outbox replay resume": ["turnout outbox replay resume $REPLAY"],
  "outbox replay cancel": ["turnout outbox replay cancel $REPLAY"],
  "outbox prune": ["turnout outbox prune --before 2030-01-01"],
  "outbox repair": ["turnout outbox repair"],
  "outbox forget": ["turnout outbox forget --sink mail"],
  "sales list": ["turnout sales list"],
  "sales show": ["turnout sales show $EVENT"],
  "sales rebuild": ["turnout sales rebuild", "turnout sales rebuild $EVENT"],
  "webhooks add": [
    "turnout webhooks add https://example.com/hooks --type AttendeeRegistered",
    "turnout webhooks add https://example.com/hooks --organization music-society"
  ],
  "webhooks list": ["turnout webhooks list", "turnout webhooks list --organization music-society"],
  "webhooks show": ["turnout webhooks show $WEBHOOK"],
  "webhooks update": ["turnout webhooks update $WEBHOOK --all-types"],
  "webhooks rotate": ["turnout webhooks rotate $WEBHOOK --overlap 3600000"],
  "webhooks enable": ["turnout webhooks enable $WEBHOOK"],
  "webhooks disable": ["turnout webhooks disable $WEBHOOK"],
  "webhooks remove": ["turnout webhooks remove $WEBHOOK"],
  "webhooks test": ["turnout webhooks test $WEBHOOK"],
  "webhooks attempts": ["turnout webhooks attempts $WEBHOOK --limit 10"],
  worker: [
    "turnout worker --sqs https://sqs.eu-central-1.amazonaws.com/1/mail.fifo --handlers handlers.mjs --consumer mail"
  ],
  "dlq list": ["turnout dlq list --sqs https://sqs.eu-central-1.amazonaws.com/1/dead.fifo"],
  completion: ["turnout completion bash", "turnout completion fish"],
  "dlq redrive": [
    "turnout dlq redrive --sqs https://sqs.eu-central-1.amazonaws.com/1/dead.fifo --to https://sqs.eu-central-1.amazonaws.com/1/mail.fifo"
  ]
}

/** The words that name a command, after that of the program. */
const nameOf = (command: Command): string =>
  command.parent === null ? "" : `${nameOf(command.parent)} ${command.name()}`.trim()

/** The examples of a command; none if it only has subcommands. */
export const of = (command: Command): ReadonlyArray<string> => EXAMPLES[nameOf(command)] ?? []

/** Lets the help of each command end with its examples. */
export const add = (commands: ReadonlyArray<Command>): void => {
  for (const command of commands) {
    const examples = of(command)
    if (examples.length === 0) continue
    command.addHelpText(
      "after",
      ["", examples.length === 1 ? "Example:" : "Examples:", ...examples.map((line) => `  ${line}`)].join("\n")
    )
  }
}
