/**
 * Options that are numbers.
 */
import { InvalidArgumentError } from "commander"
import type { Marks } from "../usage/Kinds.ts"

/** Reads a whole number from `minimum` to `maximum`. */
export const wholeNumber = (minimum: number, maximum: number): ((text: string) => number) & Marks =>
  Object.assign(
    (text: string) => {
      const number = Number(text)
      if (!/^\d+$/.test(text) || number < minimum || number > maximum) {
        throw new InvalidArgumentError(`must be a whole number from ${minimum} to ${maximum}.`)
      }
      return number
    },
    { bounds: { minimum, maximum } }
  )
