/**
 * Certificates of a test, made with openssl in a folder of their own: an authority, and what it issues and takes back.
 */
import { execFileSync } from "node:child_process"
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { unprivileged } from "./PostgresServer.ts"

const CONFIG = `
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
default_days = 30
default_crl_days = 30
policy = policy
certificate = ca.pem
private_key = ca.key
copy_extensions = copy
unique_subject = no
[policy]
commonName = supplied
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:true
`

export interface IssueOptions {
  /** The subject; a server's host is a name of it too. */
  readonly subject?: string
  /** The last year in which it is valid. Default: it is valid for thirty days. */
  readonly year?: number
  /** The password of its key. */
  readonly password?: string
}

export class Certificates implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "turnout-certificates-"))

  constructor() {
    writeFileSync(join(this.folder, "openssl.cnf"), CONFIG)
    writeFileSync(join(this.folder, "index.txt"), "")
    writeFileSync(join(this.folder, "serial"), "1000\n")
    chmodSync(this.folder, 0o755)
    this.#openssl(
      "req -x509 -config openssl.cnf -extensions authority -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes",
      "-keyout ca.key -out ca.pem -days 30 -subj /CN=authority"
    )
  }

  /** The path of a file: `ca.pem`, `ca.crl`, and `NAME.pem` and `NAME.key` of what was issued. */
  path(file: string): string {
    return join(this.folder, file)
  }

  text(file: string): string {
    return readFileSync(this.path(file), "utf8")
  }

  /** Issues a certificate for `localhost`, or for another subject. */
  issue(name: string, { password, subject = "localhost", year }: IssueOptions = {}): void {
    this.#openssl(
      "req -config openssl.cnf -newkey ec -pkeyopt ec_paramgen_curve:prime256v1",
      password === undefined ? "-nodes" : `-passout pass:${password}`,
      `-keyout ${name}.key -out ${name}.csr -subj /CN=${subject} -addext subjectAltName=DNS:${subject}`
    )
    const dates = year === undefined ? "" : `-startdate ${year}0101000000Z -enddate ${year}1231235959Z`
    this.#openssl(`ca -config openssl.cnf -batch -notext -in ${name}.csr -out ${name}.pem ${dates}`)
    chmodSync(this.path(`${name}.key`), 0o600)
  }

  /** Takes a certificate back, and lists it in `ca.crl`. */
  revoke(name: string): void {
    this.#openssl(`ca -config openssl.cnf -revoke ${name}.pem`)
    this.#openssl("ca -config openssl.cnf -gencrl -out ca.crl")
  }

  /** Makes a certificate that nobody has issued. */
  selfSigned(name: string): void {
    this.#openssl(
      "req -x509 -config openssl.cnf -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes",
      `-keyout ${name}.key -out ${name}.pem -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost`
    )
  }

  /** Gives a key to the user that a server of the tests runs as. */
  giveToServer(name: string): void {
    const user = unprivileged()
    if (user) chownSync(this.path(`${name}.key`), user.uid, user.gid)
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #openssl(...lines: ReadonlyArray<string>): void {
    const words = lines
      .join(" ")
      .split(" ")
      .filter((word) => word !== "")
    execFileSync("openssl", words, { cwd: this.folder, stdio: "pipe" })
  }
}
