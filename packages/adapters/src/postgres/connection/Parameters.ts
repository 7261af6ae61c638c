/**
 * The parameters of a connection, as psql has them (PostgreSQL 18, 34.1.2): each is heeded, or refused by name.
 *
 * A parameter that changes nothing here may be given with those of its values that change nothing. Any other value is refused
 * with the reason: a parameter that was passed over could be one that protects the connection.
 */

/** What is wrong with a value; `undefined` if nothing is. The words follow the name of the parameter. */
type Rule = (value: string) => string | undefined

export interface Parameter {
  /** The variable that has the parameter where the URL does not. */
  readonly variable: string | undefined
  readonly rule: Rule
  /** Whether the value must not be shown. */
  readonly isSecret: boolean
}

const parameter = (variable: string | undefined, rule: Rule, isSecret = false): Parameter => ({
  variable,
  rule,
  isSecret
})

const text: Rule = () => undefined

const oneOf =
  (...values: ReadonlyArray<string>): Rule =>
  (value) =>
    values.includes(value) ? undefined : `must be ${values.slice(0, -1).join(", ")} or ${values.at(-1)}`

/** Values that change nothing; the others are refused for a reason. */
const only =
  (values: ReadonlyArray<string>, reason: string): Rule =>
  (value) =>
    values.includes(value.toLowerCase()) ? undefined : `can only be ${values.join(" or ")}: ${reason}`

const refused =
  (reason: string): Rule =>
  () =>
    `is not supported: ${reason}`

const between =
  (minimum: number, maximum: number): Rule =>
  (value) =>
    /^\d{1,9}$/.test(value) && Number(value) >= minimum && Number(value) <= maximum
      ? undefined
      : `must be a whole number from ${minimum} to ${maximum}`

const file: Rule = (value) => (value.trim() === "" ? "must be the name of a file" : undefined)

export const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const
export type SslMode = (typeof SSL_MODES)[number]

export const TLS_VERSIONS = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const

/** The longest time for connecting, in seconds. */
const MAX_CONNECT_SECONDS = 600

const NO_GSS = "there is no encryption by GSSAPI"
const NO_KERBEROS = "there is no login by GSSAPI"
const ONE_HOST = "Turnout connects to one host, and finds out by itself whether it takes writes"
const ONE_WAY = "the server chooses the way of logging in; sslmode=verify-full proves the server before that"
const NO_BINDING = "the client has no channel binding; sslmode=verify-full proves the server"
const NO_PROBES = "only keepalives and keepalives_idle can be set"

/** All parameters that Turnout knows, by name. */
export const PARAMETERS: Readonly<Record<string, Parameter>> = {
  host: parameter("PGHOST", text),
  hostaddr: parameter("PGHOSTADDR", text),
  port: parameter("PGPORT", between(1, 65_535)),
  dbname: parameter("PGDATABASE", text),
  user: parameter("PGUSER", text),
  password: parameter("PGPASSWORD", text, true),
  passfile: parameter(undefined, refused("give the password in the URL or in PGPASSWORD")),
  connect_timeout: parameter("PGCONNECT_TIMEOUT", between(1, MAX_CONNECT_SECONDS)),
  application_name: parameter("PGAPPNAME", text),
  fallback_application_name: parameter(undefined, text),
  options: parameter("PGOPTIONS", text),
  client_encoding: parameter("PGCLIENTENCODING", only(["utf8", "utf-8", "auto"], "text is UTF-8")),
  keepalives: parameter(undefined, oneOf("0", "1")),
  keepalives_idle: parameter(undefined, between(1, 86_400)),
  keepalives_interval: parameter(undefined, refused(NO_PROBES)),
  keepalives_count: parameter(undefined, refused(NO_PROBES)),
  tcp_user_timeout: parameter(undefined, refused(NO_PROBES)),

  sslmode: parameter("PGSSLMODE", oneOf(...SSL_MODES)),
  ssl: parameter(undefined, only(["true"], "it means sslmode=require; sslmode has the other ways")),
  requiressl: parameter("PGREQUIRESSL", refused("write sslmode=require")),
  sslnegotiation: parameter("PGSSLNEGOTIATION", only(["postgres"], "the server is asked for TLS first")),
  sslcompression: parameter("PGSSLCOMPRESSION", only(["0"], "TLS is not compressed")),
  sslcert: parameter("PGSSLCERT", file),
  sslkey: parameter("PGSSLKEY", file),
  sslpassword: parameter(undefined, text, true),
  sslcertmode: parameter("PGSSLCERTMODE", oneOf("disable", "allow")),
  sslrootcert: parameter("PGSSLROOTCERT", file),
  sslcrl: parameter("PGSSLCRL", file),
  sslcrldir: parameter("PGSSLCRLDIR", refused("name one file with sslcrl")),
  sslsni: parameter("PGSSLSNI", oneOf("0", "1")),
  ssl_min_protocol_version: parameter("PGSSLMINPROTOCOLVERSION", oneOf(...TLS_VERSIONS)),
  ssl_max_protocol_version: parameter("PGSSLMAXPROTOCOLVERSION", oneOf(...TLS_VERSIONS)),
  sslkeylogfile: parameter(undefined, refused("keys are not logged; NODE_OPTIONS=--tls-keylog does that")),
  channel_binding: parameter("PGCHANNELBINDING", only(["disable", "prefer"], NO_BINDING)),
  require_auth: parameter("PGREQUIREAUTH", refused(ONE_WAY)),
  requirepeer: parameter("PGREQUIREPEER", refused("the owner of a Unix socket is not looked at")),

  gssencmode: parameter("PGGSSENCMODE", only(["disable", "prefer"], NO_GSS)),
  gsslib: parameter(undefined, refused(NO_KERBEROS)),
  gssdelegation: parameter("PGGSSDELEGATION", only(["0"], NO_KERBEROS)),
  krbsrvname: parameter(undefined, refused(NO_KERBEROS)),

  target_session_attrs: parameter("PGTARGETSESSIONATTRS", only(["any"], ONE_HOST)),
  load_balance_hosts: parameter("PGLOADBALANCEHOSTS", only(["disable"], ONE_HOST)),
  min_protocol_version: parameter("PGMINPROTOCOLVERSION", only(["3.0"], "the client speaks version 3.0")),
  max_protocol_version: parameter("PGMAXPROTOCOLVERSION", only(["3.0", "latest"], "the client speaks version 3.0")),
  replication: parameter(undefined, only(["false", "off", "no", "0"], "connections run statements")),
  service: parameter("PGSERVICE", refused("write the parameters of the service into the URL")),
  servicefile: parameter(undefined, refused("write the parameters of the service into the URL")),

  // Parameters of other clients, which are seen in URLs.
  schema: parameter(undefined, refused("the setting schema, or --schema, names the schema")),
  pgbouncer: parameter(undefined, refused("leave it out: Turnout finds a pooler out by itself"))
}
