/**
 * The URL of a server: every parameter that psql has is heeded or refused by name, and nothing is passed over.
 */
import * as DatabaseName from "@turnout/adapters/database-name"
import { Result } from "effect"
import { execFileSync } from "node:child_process"
import { assert, describe, it } from "vitest"

const RULE = { onSuccess: () => "", onFailure: (rule: string) => rule }
const ruleOf = (url: string) => Result.match(DatabaseName.parse(url), RULE)

const TAKEN = [
  "postgres://h",
  "postgres:///app",
  "postgres://[::1]:5432/app",
  "postgres://[fe80::1%25eth0]/app",
  "postgres://u@/app?host=/var/run/postgresql",
  "postgres://u@%2Fvar%2Frun%2Fpostgresql:5433/app",
  "postgres://u:p%40s%3As%2F%3F%23@h/app",
  "postgres://u:p@ss@h/app",
  "postgres://u:p+ss@h/app?application_name=a+b",
  "postgres://h/app?sslmode=verify-full&sslrootcert=/etc/ca.pem",
  "postgres://h/app?ssl=true",
  "postgres://h/app?hostaddr=10.0.0.1&connect_timeout=10&keepalives=1&keepalives_idle=30",
  "postgres://h/app?options=-c%20search_path%3Dx&client_encoding=utf8",
  "postgres://h/app?channel_binding=prefer&target_session_attrs=any&gssencmode=disable&load_balance_hosts=disable",
  "postgres://h/app?sslcert=a&sslkey=b&sslpassword=c&sslcrl=d&sslsni=0&sslcertmode=allow",
  "postgres://h/app?ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.3",
  "postgres://h/app?"
]

/** Each with the words of the rule. */
const REFUSED: ReadonlyArray<readonly [url: string, says: string]> = [
  ["postgres://h/app?sslmode=requre", "must not have sslmode=requre: sslmode must be disable, allow"],
  ["postgres://h/app?sslmode=", "sslmode must be disable, allow"],
  ["postgres://h/app?sslmode=REQUIRE", "sslmode must be disable, allow"],
  ["postgres://h/app?sslmod=require", "must not have the parameter sslmod: psql has none of that name"],
  ["postgres://h/app?SSLMODE=require", "must not have the parameter SSLMODE"],
  ["postgres://h/app?ssl=false", "ssl can only be true"],
  ["postgres://h/app?ssl=no-verify", "ssl can only be true"],
  ["postgres://h/app?constructor=x", "must not have the parameter constructor"],
  ["postgres://h/app?sslrootcert=", "must be the name of a file"],
  ["postgres://h/app?sslmode=disable&sslmode=require", "must have the parameter sslmode once"],
  ["postgres://h/app?ssl=true&sslmode=disable", "must not have ssl=true and sslmode=disable"],
  ["postgres://h/app?ssl=true&sslmode=prefer", "must not have ssl=true and sslmode=prefer"],
  ["postgres://h/app?sslmode=require&sslrootcert=system", "it needs sslmode=verify-full"],
  ["postgres:///app?host=/run/postgresql&sslmode=require", "must not ask for TLS on a Unix socket"],
  ["postgres:///app?host=/run/postgresql&ssl=true", "must not ask for TLS on a Unix socket"],
  ["postgres://h/app?channel_binding=require", "the client has no channel binding"],
  ["postgres://h/app?target_session_attrs=read-write", "Turnout connects to one host"],
  ["postgres://h/app?gssencmode=require", "no encryption by GSSAPI"],
  ["postgres://h/app?sslnegotiation=direct", "sslnegotiation can only be postgres"],
  ["postgres://h/app?require_auth=scram-sha-256", "require_auth is not supported"],
  ["postgres://h/app?sslcrldir=/etc/crl", "name one file with sslcrl"],
  ["postgres://h/app?service=app", "service is not supported"],
  ["postgres://h/app?passfile=/x", "passfile is not supported"],
  ["postgres://h/app?tcp_user_timeout=1", "tcp_user_timeout is not supported"],
  ["postgres://h/app?client_encoding=latin1", "text is UTF-8"],
  ["postgres://h/app?connect_timeout=0", "must be a whole number from 1 to 600"],
  ["postgres://h/app?pgbouncer=true", "Turnout finds a pooler out by itself"],
  ["postgres://h/app?schema=public", "--schema"],
  ["postgres://a,b/app", "must name one host"],
  ["postgres://a:1,b:2/app", "must name one host"],
  ["postgres://a%2Cb/app", "must name one host"],
  ["postgres:///app?host=a,b", "must name one host"],
  ["postgres://h:0/app", "the port must be a number from 1 to 65535"],
  ["postgres://h:99999/app", "the port must be a number from 1 to 65535"],
  ["postgres://[]/app", "valid URL"],
  ["postgres://[::1/app", "valid URL"],
  ["postgres://u:p%zz@h/app", "percent-encoded"],
  ["postgres://h/app%00", "percent-encoded"],
  ["postgres://h/app?sslmode", "a parameter must be name=value"]
]

/** What goes wrong with a password that was not encoded; it is `sesame` with a character in it. */
const UNENCODED = [
  "postgres://u:ses/ame@h:5432/app",
  "postgres://u:ses?ame@h:5432/app",
  "postgres://u:ses?ame=1@h:5432/app",
  "postgres://u:ses?a&me@h/app?sslmode=require",
  "postgres://u:ses%ame@h/app",
  "postgres://u:ses]ame/@h/app"
]

describe("the URL of a server", () => {
  it.each(TAKEN)("is taken: %s", (url) => assert.strictEqual(ruleOf(url), ""))

  it.each(REFUSED)("is refused: %s", (url, says) => assert.include(ruleOf(url), says))

  it.each(UNENCODED)("is refused without showing a part of the password: %s", (url) => {
    assert.include(ruleOf(url), "percent-encoded")
    assert.notMatch(ruleOf(url), /ses|\bame/)
  })

  it("never shows a secret in a rule", () => {
    for (const url of [
      "postgres://h/?password=se%sa",
      "postgres://h/?passfile=sesame%20x%22",
      "postgres://h/?sslpassword=%00"
    ])
      assert.notInclude(ruleOf(url), "sesame")
  })

  it("is shown without its passwords", () => {
    const shown = DatabaseName.withoutSecrets
    assert.strictEqual(shown("postgres://u:sesame@h:1/a?sslmode=require"), "postgres://u@h:1/a?sslmode=require")
    assert.strictEqual(shown("postgres://:sesame@h/a?password=x&user=u&sslpassword=y"), "postgres://h/a?user=u")
    assert.strictEqual(shown("postgresql://[::1]/a"), "postgresql://[::1]/a")
    assert.strictEqual(shown("postgres://u:p@ss@h?pass%77ord=x"), "postgres://u@h")
  })

  it("psql takes what is taken, and refuses what has a parameter of no name that it knows", () => {
    /** The reason why psql refuses a URL before it connects. */
    const byPsql = (url: string) => {
      try {
        execFileSync("psql", [url, "-c", ""], { stdio: "pipe", encoding: "utf8", env: { PATH: process.env["PATH"] } })
        return ""
      } catch (error) {
        return /(?:invalid|missing) .*/.exec((error as { readonly stderr: string }).stderr)?.[0] ?? ""
      }
    }
    const here = (query: string) => `postgres://nobody@127.0.0.1:1/app?${query}`
    for (const query of ["sslmode=require", "ssl=true", "sslsni=0", "keepalives_idle=30"])
      assert.strictEqual(byPsql(here(query)), "")
    for (const query of [
      "sslmode=requre",
      "sslmod=require",
      "ssl=false",
      "SSLMODE=require",
      "pgbouncer=true",
      "sslmode"
    ]) {
      assert.notStrictEqual(byPsql(here(query)), "", query)
      assert.notStrictEqual(ruleOf(here(query)), "", query)
    }
  })
})
