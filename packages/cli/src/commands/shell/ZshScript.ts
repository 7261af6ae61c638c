/**
 * The script that lets zsh complete `turnout`, with descriptions. It works as the file `_turnout` of a folder of `fpath`, and when it
 * is sourced.
 */
import { tables } from "./PosixScript.ts"
import type { CommandWords } from "./Words.ts"

/** The dollar sign before a brace, which a template of JavaScript would take for its own. */
const D = "$"

const FUNCTION = String.raw`
_turnout_offer() {
  local -a items
  items=("${D}{(@f)1}")
  case "$1" in
    "") return 1 ;;
    @files) _files ;;
    @folders) _files -/ ;;
    *) _describe turnout items ;;
  esac
}

_turnout() {
  local cur="${D}{words[CURRENT]}" prev="${D}{words[CURRENT - 1]}" at="" open="" skip=0 arguments=0 word i
  for ((i = 2; i < CURRENT; i++)); do
    word="${D}{words[i]}"
    if [[ "$word" == -*=* ]]; then open=""; skip=0; continue; fi
    if [[ "$word" == -* ]]; then
      open=""; skip=0
      case "$(_turnout_takes "${D}{at:+$at }$word")" in
        one) skip=1 ;;
        many) skip=1; open="$word" ;;
      esac
      continue
    fi
    if ((skip)); then skip=0; continue; fi
    if [[ -n "$open" ]]; then continue; fi
    if _turnout_is "${D}{at:+$at }$word"; then at="${D}{at:+$at }$word"; else arguments=$((arguments + 1)); fi
  done
  if [[ "$cur" == --*=* ]]; then
    prev="${D}{cur%%=*}"
    compset -P '*='
  fi
  if [[ "$prev" == -* && -n "$(_turnout_takes "${D}{at:+$at }$prev")" ]]; then
    _turnout_offer "$(_turnout_values "${D}{at:+$at }$prev")"
  elif [[ "$cur" == -* ]]; then
    _turnout_offer "$(_turnout_options "$at")"
  elif [[ -n "$open" ]]; then
    _turnout_offer "$(_turnout_values "${D}{at:+$at }$open")"
  elif ((arguments == 0)); then
    local commands="$(_turnout_commands "$at")"
    _turnout_offer "${D}{commands:-$(_turnout_argument "$at")}"
  fi
}

if [[ "${D}{funcstack[1]}" == "_turnout" ]]; then _turnout "$@"; else compdef _turnout turnout; fi`

/** A word and its description, as `_describe` reads them: a colon of the word itself is escaped. */
const described = (word: string, description: string): string =>
  `${word.replaceAll(":", String.raw`\:`)}:${description}`

export const make = (all: ReadonlyArray<CommandWords>): string =>
  ["#compdef turnout", "# Completion of turnout for zsh.", ...tables(all, described), FUNCTION, ""].join("\n")
