/**
 * The script that lets bash complete `turnout`. It works without the package bash-completion.
 */
import { tables } from "./PosixScript.ts"
import type { CommandWords } from "./Words.ts"

/** The dollar sign before a brace, which a template of JavaScript would take for its own. */
const D = "$"

/**
 * Walks through the words before the one that is completed. Bash makes words of their own of `=` and of what follows it, so the value
 * of `--option=value` is the word after `=`.
 */
const FUNCTION = String.raw`
_turnout_offer() {
  local IFS=$'\n'
  case "$1" in
    @files) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$2")) ;;
    @folders) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$2")) ;;
    *) COMPREPLY=($(compgen -W "$1" -- "$2")) ;;
  esac
}

_turnout() {
  local cur="${D}{COMP_WORDS[COMP_CWORD]}" path="" open="" skip=0 arguments=0 word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${D}{COMP_WORDS[i]}"
    if [[ "$word" == "=" ]]; then skip=1; continue; fi
    if [[ "$word" == -* ]]; then
      open=""; skip=0
      case "$(_turnout_takes "${D}{path:+$path }$word")" in
        one) skip=1 ;;
        many) skip=1; open="$word" ;;
      esac
      continue
    fi
    if ((skip)); then skip=0; continue; fi
    if [[ -n "$open" ]]; then continue; fi
    if _turnout_is "${D}{path:+$path }$word"; then path="${D}{path:+$path }$word"; else arguments=$((arguments + 1)); fi
  done
  local prev="${D}{COMP_WORDS[COMP_CWORD - 1]}"
  if [[ "$cur" == "=" ]]; then cur=""; elif [[ "$prev" == "=" ]]; then prev="${D}{COMP_WORDS[COMP_CWORD - 2]}"; fi
  if [[ "$prev" == -* && -n "$(_turnout_takes "${D}{path:+$path }$prev")" ]]; then
    _turnout_offer "$(_turnout_values "${D}{path:+$path }$prev")" "$cur"
  elif [[ "$cur" == -* ]]; then
    _turnout_offer "$(_turnout_options "$path")" "$cur"
  elif [[ -n "$open" ]]; then
    _turnout_offer "$(_turnout_values "${D}{path:+$path }$open")" "$cur"
  elif ((arguments == 0)); then
    local words
    words="$(_turnout_commands "$path")"
    _turnout_offer "${D}{words:-$(_turnout_argument "$path")}" "$cur"
  fi
}

complete -F _turnout turnout`

export const make = (all: ReadonlyArray<CommandWords>): string =>
  ["# Completion of turnout for bash.", ...tables(all, (word) => word), FUNCTION, ""].join("\n")
