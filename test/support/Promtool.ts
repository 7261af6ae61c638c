/**
 * `promtool` of Prometheus, which reads metrics as Prometheus does, and knows its conventions. Tests fail without it.
 */
import { spawnSync } from "node:child_process"

/** What `promtool check metrics` has to say of metrics: nothing, if they can be read and keep the conventions. */
export const check = (metrics: string): { readonly code: number | null; readonly says: string } => {
  const { error, status, stderr, stdout } = spawnSync("promtool", ["check", "metrics"], {
    input: metrics,
    encoding: "utf8"
  })
  if (error !== undefined)
    throw new Error("promtool is missing: apt-get install --no-install-recommends prometheus", { cause: error })
  return { code: status, says: stdout + stderr }
}

/** The value of a series, which is named as in the text. */
export const valueOf = (metrics: string, series: string): number => {
  const line = metrics.split("\n").find((one) => one.startsWith(`${series} `))
  if (line === undefined) throw new Error(`there is no ${series}`)
  return Number(line.slice(series.length + 1))
}
