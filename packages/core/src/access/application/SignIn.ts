/**
 * Signing in by mail: an address is mailed a link, the link becomes a session, once, and the session is its owner's to look at and end.
 *
 * Everybody may sign in: an address that nobody has becomes a person when its link is used. So a request is answered alike, and in the
 * same time, whether the address is known or not, and also if it belongs to somebody who is deactivated, whose link does nothing.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { randomUUID } from "node:crypto"
import { decoder, type InvalidInput } from "../../kernel/application/InvalidInput.ts"
import type { Overloaded } from "../../kernel/application/Overloaded.ts"
import * as Sweeping from "../../kernel/application/Sweeping.ts"
import { described } from "../../kernel/domain/document/Documented.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import { storable } from "../../kernel/domain/Text.ts"
import { Folded } from "../../kernel/domain/text/EmailAddress.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { parse } from "../domain/credentials/Credential.ts"
import { PersonId } from "../domain/Person.ts"
import type { Session, SessionId, SessionNotFound } from "../domain/signIn/Session.ts"
import { LinkRefused } from "../domain/signIn/SignInLink.ts"
import { PeopleStore } from "../ports/PeopleStore.ts"
import { SessionStore } from "../ports/SessionStore.ts"
import type { SignInMail } from "../ports/SignInMail.ts"
import { digestOf, newCredential } from "./Secrets.ts"
import * as SignInMails from "./SignInMails.ts"
import * as SignInSweep from "./SignInSweep.ts"

/** The most characters that are kept of what a browser calls itself, and of an IP address. */
const MAX_USER_AGENT_LENGTH = 500
const MAX_IP_ADDRESS_LENGTH = 64

/** The input of one who wants to sign in. */
export const SignInRequest = Schema.Struct({
  /** The e-mail address to which the link is mailed, in any spelling. */
  address: described("The e-mail address to which the link is mailed", Folded, { examples: ["ada@example.com"] })
}).annotate({ identifier: "SignInRequest" })

const decodeRequest = decoder(SignInRequest)

/** From where somebody signs in: the words of the browser, and the IP address; `null` if they are not known. */
export interface From {
  readonly userAgent: string | null
  readonly address: string | null
}

/** A session, and its text, which is shown this once only. */
export interface SessionWithText {
  readonly session: Session
  readonly text: string
}

export interface SignInOptions {
  /** The longest pause between two sweeps for sessions and links that have ended, from a second to a day. Default: a minute. */
  readonly sweepMillis?: number
}

export class SignIn extends Context.Service<
  SignIn,
  {
    /**
     * Mails a link to an address, later. A further one than `MAX_LINKS` within `LINK_MILLIS` is not sent, and nobody is told. The mail
     * goes to the folded address, since that is the one that the link proves.
     */
    readonly request: (
      input: typeof SignInRequest.Encoded
    ) => Effect.Effect<void, InvalidInput | Overloaded | StoreError>
    /** Makes a session of the text of a link, which is used up by that. */
    readonly redeem: (linkText: string, from: From) => Effect.Effect<SessionWithText, LinkRefused | StoreError>
    /** Returns the sessions of a person that are valid, the oldest first; the key is the id. */
    readonly list: (
      personId: PersonId,
      page: PageRequest<SessionId>
    ) => Effect.Effect<ReadonlyArray<Session>, StoreError>
    /** Ends a session of a person. Every process refuses it within ten seconds (`REMEMBERED_MILLIS` of `Authentication`). */
    readonly end: (id: SessionId, personId: PersonId, who: string) => Effect.Effect<void, SessionNotFound | StoreError>
    /** Ends all sessions of a person, and returns their number. */
    readonly endAll: (personId: PersonId, who: string) => Effect.Effect<number, StoreError>
  }
>()("@turnout/SignIn") {}

const part = (text: string | null, maxLength: number): string | null =>
  text === null || text === "" ? null : storable(text, maxLength)

const make = Effect.fnUntraced(function* ({ sweepMillis = Sweeping.DEFAULT_SWEEP_MILLIS }: SignInOptions) {
  const sessions = yield* SessionStore
  const people = yield* PeopleStore
  const mails = yield* SignInMails.make
  const random = yield* SecureRandom.SecureRandom
  for (const sweep of SignInSweep.make(sessions)) yield* Effect.forkScoped(Sweeping.run(sweep, sweepMillis))

  return SignIn.of({
    request: Effect.fnUntraced(function* (input) {
      const { address } = yield* decodeRequest(input)
      yield* mails.checkRoom
      const { text, ...made } = yield* newCredential(random, "signInLink")
      const expiresAt = yield* sessions.createLink({ ...made, address })
      if (expiresAt !== undefined) yield* mails.add({ address, linkText: text, expiresAt })
    }),
    redeem: Effect.fnUntraced(function* (linkText, from) {
      const link = parse(linkText)
      if (link?.kind !== "signInLink") return yield* new LinkRefused()
      const address = yield* sessions.redeem(link.id, digestOf(link.secret))
      const newId = PersonId.make(randomUUID())
      const { id: personId } = yield* people.signedIn({ identity: null, address, name: null }, newId)
      const { text, ...made } = yield* newCredential(random, "session")
      const session = yield* sessions
        .create({
          ...made,
          personId,
          userAgent: part(from.userAgent, MAX_USER_AGENT_LENGTH),
          address: part(from.address, MAX_IP_ADDRESS_LENGTH)
        })
        .pipe(Effect.catchTag("PersonDeactivated", () => Effect.fail(new LinkRefused())))
      return { session, text }
    }),
    list: sessions.list,
    end: sessions.end,
    endAll: sessions.endAll
  })
})

/** Signing in, with its mails and sweeps for as long as the layer is there. */
export const layer = (
  options: SignInOptions = {}
): Layer.Layer<SignIn, never, SessionStore | PeopleStore | SignInMail> =>
  Layer.effect(SignIn, make(options)).pipe(Layer.provide(SecureRandom.layerWebCrypto))
