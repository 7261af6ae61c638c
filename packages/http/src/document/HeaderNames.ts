/**
 * The names of headers as people write them. Programs compare them without regard to case.
 */

const SPELLINGS: Readonly<Record<string, string>> = { etag: "ETag", "www-authenticate": "WWW-Authenticate" }

/** The name of a header that is known in lower case, such as `Retry-After`. */
export const headerName = (name: string): string =>
  SPELLINGS[name] ?? name.replaceAll(/(?<=^|-)[a-z]/g, (letter) => letter.toUpperCase())
