/**
 * UUIDs of any version, in lower case; other spellings are put into it.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

export const Uuid: Schema.Codec<string> = Schema.String.pipe(
  Schema.decodeTo(
    Schema.String.check(Schema.isUUID(), Schema.isLowercased()),
    SchemaTransformation.transform({ decode: (text: string) => text.toLowerCase(), encode: (text: string) => text })
  )
)
