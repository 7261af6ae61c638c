/**
 * What the documents of an API say of fields: words and bounds that are annotations of the schemas themselves, so that a rule and
 * its documentation stand in one place. Annotations are read when a document is made. They change nothing about how values are
 * read, and cost nothing then.
 *
 * A document shows values as they are sent, and a schema may change them after that, as text is trimmed. So the annotations are on
 * the side of a schema that is sent.
 */
import * as Schema from "effect/Schema"

/**
 * The keywords of JSON Schema that schemas have as annotations, besides those that Effect knows. A bound that is one of them refuses
 * nothing by itself: it says, of the value as it is sent, what the rule beside it checks.
 */
export const KEYWORDS: ReadonlyArray<string> = ["minLength", "maxLength", "pattern", "if", "then"]

export interface Words {
  /** Values that the field may have, as JSON. */
  readonly examples?: ReadonlyArray<Schema.Json>
  /** The value that an absent field stands for, as JSON. */
  readonly default?: Schema.Json
}

const annotated = <S extends Schema.Top>(field: S, words: Words & { readonly description?: string }): S["Rebuild"] =>
  Schema.flip(Schema.flip(field).annotateKey(words as never)) as unknown as S["Rebuild"]

/** A field with its description, which a document joins with that of its type. */
export const described = <S extends Schema.Top>(description: string, field: S, words: Words = {}): S["Rebuild"] =>
  annotated(field, { description, ...words })

/** A field that may be absent, with the value that it stands for then. */
export const defaulting = <S extends Schema.Top>(value: Schema.Json, field: S): S["Rebuild"] =>
  annotated(field, { default: value })
