/**
 * `turnout completion`: prints a script that lets a shell complete commands, options and their values.
 */
import { Argument, type Command } from "commander"
import type { Action } from "../../Action.ts"
import type { GlobalOptions } from "../../Database.ts"
import * as Output from "../../output/Output.ts"
import * as BashScript from "./BashScript.ts"
import * as FishScript from "./FishScript.ts"
import * as Words from "./Words.ts"
import * as ZshScript from "./ZshScript.ts"

const SCRIPTS = { bash: BashScript.make, zsh: ZshScript.make, fish: FishScript.make }

type Shell = keyof typeof SCRIPTS

const INSTALLING = `
To complete in this shell only, and in every one from the next on:
  bash  source <(turnout completion bash)
        turnout completion bash > ~/.local/share/bash-completion/completions/turnout
  zsh   source <(turnout completion zsh)
        turnout completion zsh > "\${fpath[1]}/_turnout"
  fish  turnout completion fish | source
        turnout completion fish > ~/.config/fish/completions/turnout.fish`

/** The script for a shell. */
export const scriptFor = (shell: Shell, program: Command): string => SCRIPTS[shell](Words.of(program))

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const completion = (options: GlobalOptions, shell: Shell): Promise<boolean> => {
    const script = scriptFor(shell, program)
    Output.result(options, { shell, script }, () => script.replace(/\n$/, "").split("\n"))
    return Promise.resolve(true)
  }
  program
    .command("completion")
    .description("print a script that lets a shell complete commands, options and their values")
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(SCRIPTS)))
    .addHelpText("after", INSTALLING)
    .action(action(completion))
}
