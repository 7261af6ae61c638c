/**
 * Which process holds the server's end of a connection, as Linux tells in `/proc`. So a test knows which process of a server has
 * answered, without a header that says so.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs"

/** What a process or a file of `/proc` tells; nothing if it is gone by now. */
const ifThere = <A>(read: () => ReadonlyArray<A>): ReadonlyArray<A> => {
  try {
    return read()
  } catch {
    return []
  }
}

/** The sockets that a process has open, by their inodes. */
const socketsOf = (pid: number): ReadonlySet<string> => {
  const folder = `/proc/${pid}/fd`
  const links = ifThere(() => readdirSync(folder)).flatMap((fd) => ifThere(() => [readlinkSync(`${folder}/${fd}`)]))
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []))
}

const portOf = (address: string): number => Number.parseInt(address.split(":")[1]!, 16)

/** The processes among `pids` that hold the connections between `port` and the ports of clients, in the order of these. */
export const of = (
  port: number,
  clients: ReadonlyArray<number>,
  pids: ReadonlyArray<number>
): ReadonlyArray<number | undefined> => {
  const rows = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((cells) => cells.length > 9 && portOf(cells[1]!) === port)
  const inodes = new Map(rows.map((cells) => [portOf(cells[2]!), cells[9]!]))
  const sockets = pids.map((pid) => [pid, socketsOf(pid)] as const)
  return clients.map((client) => sockets.find(([, own]) => own.has(inodes.get(client) ?? ""))?.[0])
}
