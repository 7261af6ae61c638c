/**
 * The group `signIn` of the HTTP API: signing in by a link that is mailed.
 */
import { SignInRequest } from "@turnout/core/access/application/SignIn"
import { Session } from "@turnout/core/access/domain/signIn/Session"
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import { about } from "../document/About.ts"
import { SetsCookie } from "../document/ResponseHeaders.ts"
import * as AccessProblems from "../problems/AccessProblems.ts"
import { BodyBoundary } from "../requests/Boundaries.ts"

/** The path of the requests, and of the page that takes a link. */
export const SIGN_IN_PATH = "/sign-in"

const EXAMPLE_LINK = "tm_01a1fc98aa3170bbaea8a708368a1d5e_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"

const Redemption = Schema.Struct({
  link: described("The part of the mailed link after #", Schema.String, { examples: [EXAMPLE_LINK] }),
  as: described(
    "How the session is handed over: its text in the answer, to be sent as a bearer token, or a cookie, which only a page of this server may ask for",
    Schema.optionalKey(Schema.Literals(["token", "cookie"])).annotate({ default: "token" })
  )
}).annotate({ identifier: "SignInRedemption" })

const SignedIn = Schema.Struct({
  session: described("The session", Session),
  text: described(
    "The text that requests send as their bearer token: ts_, the id and the secret. It is shown this once only, and absent if the session is a cookie",
    Schema.optionalKey(Schema.String)
  )
}).annotate({ identifier: "SignedIn" })

export class SignInGroup extends HttpApiGroup.make("signIn")
  .add(
    HttpApiEndpoint.post("request", SIGN_IN_PATH, {
      payload: SignInRequest,
      success: HttpApiSchema.Accepted,
      error: AccessProblems.signInDisabled
    })
      .annotateMerge(
        about({
          id: "requestSignIn",
          summary: "Have a link to sign in mailed",
          description:
            "The link works once, within 15 minutes, in any browser. The answer is the same for every address, whether somebody has signed in with it before or not. At most five links are mailed to an address within 15 minutes.",
          answer: "If the address can have a mail, it gets one",
          body: { address: "ada@example.com" }
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("redeem", `${SIGN_IN_PATH}/redeem`, {
      payload: Redemption,
      success: SignedIn,
      error: [AccessProblems.linkRefused, AccessProblems.signInDisabled, AccessProblems.crossSite]
    })
      .annotateMerge(
        about({
          id: "redeemSignInLink",
          summary: "Sign in with a link",
          description:
            "Uses the link up, and makes a session of it, which ends 30 days after it was last used. Somebody who has never signed in becomes a person. A link that is none, was used, or is too old is refused alike.",
          answer: "The session, and its text unless it is a cookie",
          body: { link: EXAMPLE_LINK }
        })
      )
      .annotate(SetsCookie, true)
      .middleware(BodyBoundary)
  )
  .annotate(OpenApi.Description, "Signing in by mail, for people who have no token of an issuer.") {}
