/**
 * TLS as psql has it: what each `sslmode` verifies, and the files with certificates and keys.
 *
 * | sslmode | encrypts | verifies the certificate | verifies the host |
 * | --- | --- | --- | --- |
 * | `disable` | no | | |
 * | `allow` | if the server takes no other connection | with a root certificate | no |
 * | `prefer` | if the server has TLS | with a root certificate | no |
 * | `require` | yes | with a root certificate | no |
 * | `verify-ca` | yes | yes | no |
 * | `verify-full` | yes | yes | yes |
 *
 * The root certificate is the file of `sslrootcert`, or `~/.postgresql/root.crt` if there is one. Without either, `verify-full` goes
 * by the roots of Node, and `verify-ca` is refused: anybody can get a certificate of a public authority.
 */
import * as Redacted from "effect/Redacted"
import { existsSync, readFileSync, statSync } from "node:fs"
import { isIP } from "node:net"
import { homedir } from "node:os"
import { join } from "node:path"
import {
  checkServerIdentity,
  type ConnectionOptions,
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type SecureContextOptions
} from "node:tls"
import { isFolder, type ServerSettings, type TlsSettings } from "./ServerSettings.ts"

/** One way to connect: with these options of TLS, or without TLS. */
export type Ssl = ConnectionOptions | false

const home = (name: string): string => join(homedir(), ".postgresql", name)

const readFile = (parameter: string, path: string): Buffer => {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new Error(`${parameter}: the file cannot be read: ${(cause as Error).message}`, { cause })
  }
}

/** A file that is named, or the one at its usual place if it is there. */
const pathOf = (named: string | undefined, usual: string): string | undefined =>
  named ?? (existsSync(home(usual)) ? home(usual) : undefined)

/** Whether others than its owner may read a key: psql takes such a key of root only if its group alone may. */
const isOpen = (path: string): boolean => {
  if (process.platform === "win32") return false
  const { mode, uid } = statSync(path)
  return (mode & (uid === 0 ? 0o037 : 0o077)) !== 0
}

/** The certificate of the client, and its key. */
const ofClient = ({ cert, key, keyPassword, showsCert }: TlsSettings): SecureContextOptions => {
  const certPath = showsCert ? pathOf(cert, "postgresql.crt") : undefined
  if (certPath === undefined) return {}
  const keyPath = pathOf(key, "postgresql.key")
  if (keyPath === undefined)
    throw new Error("sslkey: there is a certificate of the client (sslcert), but no key for it")
  const options = { cert: readFile("sslcert", certPath), key: readFile("sslkey", keyPath) }
  if (isOpen(keyPath)) throw new Error(`sslkey: others may read ${keyPath}; chmod 600 keeps them out`)
  return keyPassword === undefined ? options : { ...options, passphrase: Redacted.value(keyPassword) }
}

/** The roots that a server's certificate is verified by; `undefined` if there are none but those of Node. */
const rootsOf = ({ mode, rootCert }: TlsSettings): SecureContextOptions["ca"] => {
  if (rootCert === "system") return getCACertificates("system")
  const path = pathOf(rootCert, "root.crt")
  if (path !== undefined) return readFile("sslrootcert", path)
  if (mode === "verify-ca")
    throw new Error(
      "sslrootcert: sslmode=verify-ca needs the certificate of a CA of your own; or write sslmode=verify-full"
    )
  return undefined
}

/** Reads certificates and keys; a pair that does not fit shows here, before any connection. */
const contextOf = (tls: TlsSettings, ca: SecureContextOptions["ca"]): SecureContext => {
  const options: SecureContextOptions = {
    ...(ca === undefined ? {} : { ca }),
    ...(tls.revoked === undefined ? {} : { crl: readFile("sslcrl", tls.revoked) }),
    ...ofClient(tls),
    ...(tls.minVersion === undefined ? {} : { minVersion: tls.minVersion }),
    ...(tls.maxVersion === undefined ? {} : { maxVersion: tls.maxVersion })
  }
  try {
    return createSecureContext(options)
  } catch (cause) {
    throw new Error(`the certificates and keys of TLS cannot be used: ${(cause as Error).message}`, { cause })
  }
}

/** The ways to connect, in the order in which they are tried. Throws an error that names the parameter if a file is not right. */
export const waysOf = ({ host, tls }: ServerSettings): ReadonlyArray<Ssl> => {
  const { mode, namesHost } = tls
  if (mode === "disable" || isFolder(host)) return [false]
  const ca = rootsOf(tls)
  const ssl: ConnectionOptions = {
    servername: namesHost && isIP(host) === 0 ? host : "",
    secureContext: contextOf(tls, ca),
    rejectUnauthorized: ca !== undefined || mode === "verify-full",
    checkServerIdentity:
      mode === "verify-full" ? (_, certificate) => checkServerIdentity(host, certificate) : () => undefined
  }
  if (mode === "allow") return [false, ssl]
  return mode === "prefer" ? [ssl, false] : [ssl]
}
