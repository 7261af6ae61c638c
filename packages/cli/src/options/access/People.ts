/**
 * The options that name a person who signs in: by id, or by an address that the person has proved.
 */
import { People } from "@turnout/core/access/application/People"
import { type Person, PersonId, type PersonNotFound } from "@turnout/core/access/domain/Person"
import type { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { Folded } from "@turnout/core/kernel/domain/text/EmailAddress"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { Option } from "commander"
import type * as Effect from "effect/Effect"
import * as Ids from "../Ids.ts"
import { text } from "../Texts.ts"

export interface PersonOptions {
  readonly person?: string
  readonly address?: string
}

export const person = (): Option =>
  new Option("--person <id>", "the person: their id").argParser(Ids.id).conflicts("address")
export const address = (): Option =>
  new Option("--address <address>", "the person: a verified e-mail address").argParser(text(Folded))

/** Whether the options name a person. */
export const isNamed = ({ address, person }: PersonOptions): boolean => address !== undefined || person !== undefined

/** The person whom the options name. Without a name, there is nobody to be found. */
export const find = ({
  address,
  person
}: PersonOptions): Effect.Effect<Person, PersonNotFound | InvalidInput | StoreError, People> =>
  People.use((people) =>
    address === undefined ? people.get(PersonId.make(person ?? "")) : people.getByAddress(address)
  )
