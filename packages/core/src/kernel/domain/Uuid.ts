/**
 * UUIDs of any version. Decoding brings them into lower case.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

export const Uuid: Schema.Codec<string> = Schema.String.annotate({ format: "uuid" }).pipe(
  Schema.decodeTo(
    Schema.String.check(Schema.isUUID(), Schema.isLowercased()),
    SchemaTransformation.transform({ decode: (text: string) => text.toLowerCase(), encode: (text: string) => text })
  )
)
