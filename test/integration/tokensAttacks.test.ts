/**
 * Tokens that must not be accepted: the known attacks on verifiers, one by one, beside a token that differs from them in nothing else
 * and is accepted.
 *
 * The vectors of Wycheproof for JWS are in no package of the npm registry, so the cases are written out here.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Verifier from "@turnout/adapters/tokens"
import type { TokenIssuerInput } from "@turnout/core/access/domain/credentials/TokenIssuer"
import { type RefusalReason, TokenVerifier } from "@turnout/core/access/ports/TokenVerifier"
import { Effect, Layer, Result } from "effect"
import {
  CompactEncrypt,
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  GeneralSign,
  importJWK,
  type JWK,
  SignJWT
} from "jose"
import { createHmac, createPrivateKey, generateKeyPairSync, sign as signBytes } from "node:crypto"
import * as IssuerServer from "../support/IssuerServer.ts"

const AUDIENCE = "https://tickets.example.com"
const [rsa, pss, ec, ed, stranger, encryption] = await Promise.all([
  IssuerServer.newKey("RS256", "rsa"),
  IssuerServer.newKey("PS256", "pss"),
  IssuerServer.newKey("ES256", "ec"),
  IssuerServer.newKey("EdDSA", "ed"),
  IssuerServer.newKey("RS256", "rsa"),
  IssuerServer.newKey("RS256", "encryption")
])
const p384 = await IssuerServer.newKey("ES384", "p384")
/** An RSA key that is too small to sign with, as a JWK and as Node has it. */
const small = generateKeyPairSync("rsa", { modulusLength: 1_024 })
const symmetric: JWK = { kty: "oct", kid: "oct", alg: "HS256", k: Buffer.alloc(32, 1).toString("base64url") }

const published: ReadonlyArray<JWK> = [
  rsa.publicJwk,
  pss.publicJwk,
  ec.publicJwk,
  ed.publicJwk,
  { ...p384.publicJwk, alg: "ES256" },
  { ...small.publicKey.export({ format: "jwk" }), kid: "small", alg: "RS256", use: "sig" },
  { ...encryption.publicJwk, use: "enc" },
  symmetric
]

interface Given {
  readonly issuer: string
  readonly claims: Record<string, unknown>
}

const seconds = (): number => Math.floor(Date.now() / 1_000)

const claimsFor = (issuer: string): Record<string, unknown> => ({
  iss: issuer,
  aud: AUDIENCE,
  sub: "ada",
  iat: seconds(),
  exp: seconds() + 60
})

/** Verifies the token that is made for an issuer on a free port. */
const verifying = (make: (given: Given) => Promise<string> | string, settings: Partial<TokenIssuerInput> = {}) =>
  Effect.gen(function* () {
    const { url } = yield* IssuerServer.make(published)
    const token = yield* Effect.promise(async () => make({ issuer: url, claims: claimsFor(url) }))
    const issuers = [{ issuer: url, audience: AUDIENCE, ...settings }]
    const context = yield* Layer.build(Verifier.layer({ issuers }))
    return yield* Effect.result(
      Effect.provide(
        TokenVerifier.use(({ verify }) => verify(token)),
        context
      )
    )
  }).pipe(Effect.scoped)

const refusing = (
  reason: RefusalReason,
  make: (given: Given) => Promise<string> | string,
  settings?: Partial<TokenIssuerInput>
) =>
  Effect.gen(function* () {
    const result = yield* verifying(make, settings)
    assert.isTrue(Result.isFailure(result), "the token is accepted")
    if (Result.isSuccess(result)) return
    assert.deepInclude(result.failure, { _tag: "TokenRefused", reason })
    assert.strictEqual(result.failure.message, "The token is not valid.")
  })

const accepting = (make: (given: Given) => Promise<string> | string, settings?: Partial<TokenIssuerInput>) =>
  Effect.gen(function* () {
    const result = yield* verifying(make, settings)
    assert.deepInclude(Result.getOrThrow(result), { subject: "ada" })
  })

const encode = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")

/** A token of these two texts, signed by RS256. */
const signTexts = (header: string, claims: string, key = rsa): Promise<string> | string => {
  const input = `${encode(header)}.${encode(claims)}`
  return exportJWK(key.privateKey).then((jwk) => {
    const signature = signBytes("sha256", Buffer.from(input), createPrivateKey({ key: jwk as never, format: "jwk" }))
    return `${input}.${signature.toString("base64url")}`
  })
}

const HEADER = JSON.stringify({ alg: "RS256", kid: "rsa" })

describe("a token", { timeout: 30_000, concurrent: true }, () => {
  it.live.each([rsa, pss, ec, ed])("is accepted if it is signed by $algorithm", (key) =>
    accepting(({ claims }) => IssuerServer.sign(key, claims))
  )

  it.live("is accepted without the id of a key, if one of those that fit has signed it", () =>
    accepting(({ claims }) => IssuerServer.sign(rsa, claims, { kid: undefined }))
  )

  it.live.each(["JWT", "jwt", "at+jwt", "application/at+jwt", undefined])("is accepted with the type %j", (typ) =>
    accepting(({ claims }) => IssuerServer.sign(rsa, claims, { typ }))
  )

  it.live("is accepted with several audiences, if ours is one of them", () =>
    accepting(({ claims }) => IssuerServer.sign(rsa, { ...claims, aud: ["other", AUDIENCE] }))
  )

  it.live("is accepted for as long after its end as the clocks may differ", () =>
    Effect.gen(function* () {
      const late = ({ claims }: Given) => IssuerServer.sign(rsa, { ...claims, exp: seconds() - 10 })
      yield* accepting(late, { clockToleranceSeconds: 30 })
      yield* refusing("has expired", late)
    })
  )

  it.live("of texts that are signed here is accepted, so that those below are refused for what they say", () =>
    accepting(({ claims }) => signTexts(HEADER, JSON.stringify(claims)))
  )
})

describe("the algorithm of a token", { timeout: 30_000, concurrent: true }, () => {
  const unsigned = (alg: unknown, signature: string) => (given: Given) =>
    `${encode({ alg, kid: "rsa" })}.${encode(given.claims)}.${signature}`

  it.live.each(["none", "None", "NONE", "nOnE", "none ", " none", "", "null"])(
    "is refused if it is %j, whether there is a signature or not",
    (alg) =>
      Effect.gen(function* () {
        const known = alg === "" ? "has an algorithm that its issuer may not use" : undefined
        yield* refusing("is no signed token of three parts", unsigned(alg, ""))
        yield* refusing(known ?? "has an algorithm that its issuer may not use", unsigned(alg, "AAAA"))
      })
  )

  it.live.each([[null], [0], [["RS256"]], [{ alg: "RS256" }], [undefined]])("is refused if it is %j", ([alg]) =>
    refusing("has a header that cannot be used", unsigned(alg, "AAAA"))
  )

  it.live("is refused if the public key is taken for the secret of HMAC, in every form that the key has", () =>
    Effect.gen(function* () {
      const pem = yield* Effect.promise(async () => exportSPKI((await importJWK(rsa.publicJwk, "RS256")) as CryptoKey))
      const secrets = [
        pem,
        pem.trim(),
        JSON.stringify(rsa.publicJwk),
        rsa.publicJwk.n!,
        Buffer.from(rsa.publicJwk.n!, "base64url")
      ]
      for (const secret of secrets)
        for (const [alg, digest] of [
          ["HS256", "sha256"],
          ["HS384", "sha384"],
          ["HS512", "sha512"]
        ] as const)
          for (const claimed of [alg, "RS256"])
            yield* refusing(
              claimed === alg ? "has an algorithm that its issuer may not use" : "has a signature that is wrong",
              ({ claims }) => {
                const input = `${encode({ alg: claimed, kid: "rsa" })}.${encode(claims)}`
                return `${input}.${createHmac(digest, secret).update(input).digest("base64url")}`
              }
            )
    })
  )

  it.live("is refused if it is symmetric, and the issuer has published the secret", () =>
    refusing("has an algorithm that its issuer may not use", async ({ claims }) =>
      new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: "oct" }).sign(Buffer.from(symmetric.k!, "base64url"))
    )
  )

  it.live("is refused if its issuer may not use it", () =>
    refusing("has an algorithm that its issuer may not use", ({ claims }) => IssuerServer.sign(rsa, claims), {
      algorithms: ["ES256"]
    })
  )

  it.live("is refused if the key is one for another algorithm", () =>
    refusing("is signed by no known key", async ({ claims }) => {
      const asPss = (await importJWK({ ...(await exportJWK(rsa.privateKey)), alg: "PS256" }, "PS256")) as CryptoKey
      return IssuerServer.sign({ ...rsa, algorithm: "PS256", privateKey: asPss }, claims)
    })
  )

  it.live.each(["RS384", "RS512", "PS384", "ES384", "ES512", "ES256K", "Ed25519", "rs256", "RS256\u0000"])(
    "is refused if it is %s",
    (alg) => refusing("has an algorithm that its issuer may not use", unsigned(alg, "AAAA"))
  )
})

describe("the key of a token", { timeout: 30_000, concurrent: true }, () => {
  const byStranger = (header: Record<string, unknown>) => (given: Given) =>
    IssuerServer.sign(stranger, given.claims, header)

  it.live("is refused if it is that of another issuer with the same id", () =>
    refusing("has a signature that is wrong", byStranger({}))
  )

  it.live.each([
    "../../../../../../dev/null",
    "/dev/null",
    "rsa' OR '1'='1",
    "rsa'; DROP TABLE keys; --",
    "rsa\u0000",
    "RSA",
    "http://127.0.0.1:1/keys",
    "file:///etc/passwd",
    "__proto__",
    "x".repeat(8_000)
  ])("is refused if its id is %j", (kid) => refusing("is signed by no known key", byStranger({ kid })))

  it.live("is refused if no id is given and none of the keys has signed", () =>
    refusing("is signed by no known key", byStranger({ kid: undefined }))
  )

  it.live.each([[""], [null], [1], [["rsa"]], [{}]])("is refused if its id is %j", ([kid]) =>
    refusing("has a header that cannot be used", ({ claims }) =>
      signTexts(JSON.stringify({ alg: "RS256", kid }), JSON.stringify(claims))
    )
  )

  it.live("is refused if the token brings it, or says where it is", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* IssuerServer.make([stranger.publicJwk])
      for (const header of [
        { jwk: stranger.publicJwk },
        { jku: `${url}/keys` },
        { x5u: `${url}/chain.pem` },
        { x5c: [Buffer.from(JSON.stringify(stranger.publicJwk)).toString("base64")] }
      ]) {
        yield* refusing("has a signature that is wrong", byStranger(header as never))
        yield* refusing("is signed by no known key", byStranger({ ...header, kid: "other" } as never))
      }
      assert.deepStrictEqual(requests, [])
    }).pipe(Effect.scoped)
  )

  it.live("is refused if it is RSA of 1,024 bits", () =>
    refusing("is signed by no known key", ({ claims }) => {
      const input = `${encode({ alg: "RS256", kid: "small" })}.${encode(claims)}`
      return `${input}.${signBytes("sha256", Buffer.from(input), small.privateKey).toString("base64url")}`
    })
  )

  it.live("is refused if it is for encrypting", () =>
    refusing("is signed by no known key", ({ claims }) => IssuerServer.sign(encryption, claims))
  )

  it.live("is refused if it is on another curve", () =>
    refusing("is signed by no known key", async ({ claims }) => {
      const token = await IssuerServer.sign(p384, claims)
      return [encode({ alg: "ES256", kid: "p384" }), ...token.split(".").slice(1)].join(".")
    })
  )
})

describe("the signature of a token", { timeout: 30_000, concurrent: true }, () => {
  const withSignature =
    (key: IssuerServer.SigningKey, change: (signature: Buffer) => Buffer) => async (given: Given) => {
      const [header, claims, signature] = (await IssuerServer.sign(key, given.claims)).split(".")
      return `${header}.${claims}.${change(Buffer.from(signature!, "base64url")).toString("base64url")}`
    }
  const ORDER = Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex")

  it.live.each([
    ["zeros", Buffer.alloc(64)],
    ["the order of the curve, twice", Buffer.concat([ORDER, ORDER])],
    ["0 and 1", Buffer.concat([Buffer.alloc(63), Buffer.from([1])])],
    ["too short", Buffer.alloc(63, 1)],
    ["too long", Buffer.alloc(65, 1)],
    ["in DER", Buffer.from("3006020101020101", "hex")]
  ] as ReadonlyArray<readonly [string, Buffer]>)("is refused if it is one of ES256 that is %s", ([, bytes]) =>
    refusing(
      "has a signature that is wrong",
      withSignature(ec, () => bytes)
    )
  )

  it.live.each([rsa, pss, ec, ed])("is refused if a bit of it is another one: $algorithm", (key) =>
    Effect.gen(function* () {
      const flip = (index: number) =>
        withSignature(key, (signature) => {
          const changed = Buffer.from(signature)
          changed[index < 0 ? changed.length + index : index]! ^= 1
          return changed
        })
      yield* refusing("has a signature that is wrong", flip(0))
      yield* refusing("has a signature that is wrong", flip(-1))
    })
  )

  it.live("is refused if the claims are others", () =>
    refusing("has a signature that is wrong", async ({ claims }) => {
      const [header, , signature] = (await IssuerServer.sign(rsa, claims)).split(".")
      return `${header}.${encode({ ...claims, sub: "eve" })}.${signature}`
    })
  )

  it.live("is refused if it is spelled in another way", () =>
    Effect.gen(function* () {
      const respelled = (change: (token: string) => string) => async (given: Given) =>
        change(await IssuerServer.sign(ec, given.claims))
      // The last character of 64 bytes has four bits that no byte needs.
      const nextCharacter = (token: string) =>
        token.slice(0, -1) + String.fromCharCode(token.charCodeAt(token.length - 1) + 1)
      for (const change of [
        nextCharacter,
        (token: string) => `${token}==`,
        (token: string) => `${token}\n`,
        (token: string) => ` ${token}`,
        (token: string) => token.replace(".", ". "),
        (token: string) => `Bearer ${token}`,
        (token: string) => token.replaceAll("-", "+").replaceAll("_", "/") + "+"
      ])
        yield* refusing("is no signed token of three parts", respelled(change))
    })
  )
})

describe("the form of a token", { timeout: 30_000, concurrent: true }, () => {
  it.live.each(["", ".", "..", "a.b", "a.b.c.d", "tk_0123", "ada", "\u0000.\u0000.\u0000"])(
    "is refused if it is %j",
    (text) => refusing("is no signed token of three parts", () => text)
  )

  it.live("is refused if it is JSON, with one signature or two", () =>
    Effect.gen(function* () {
      const general = ({ claims }: Given) =>
        new GeneralSign(Buffer.from(JSON.stringify(claims)))
          .addSignature(rsa.privateKey)
          .setProtectedHeader({ alg: "RS256", kid: "rsa" })
          .addSignature(ec.privateKey)
          .setProtectedHeader({ alg: "ES256", kid: "ec" })
          .sign()
      yield* refusing("is no signed token of three parts", async (given) => JSON.stringify(await general(given)))
      yield* refusing("is no signed token of three parts", async (given) => {
        const { payload, signatures } = await general(given)
        return JSON.stringify({ payload, ...signatures[0] })
      })
      yield* refusing("is no signed token of three parts", async (given) => {
        const { payload, signatures } = await general(given)
        return `${signatures[0]!.protected}.${payload}.${signatures[0]!.signature}.${signatures[1]!.signature}`
      })
    })
  )

  it.live("is refused if it is encrypted, though to a key of ours", () =>
    refusing("is no signed token of three parts", async ({ claims }) => {
      const { publicKey } = await generateKeyPair("RSA-OAEP-256")
      return new CompactEncrypt(Buffer.from(JSON.stringify(claims)))
        .setProtectedHeader({ alg: "RSA-OAEP-256", enc: "A256GCM" })
        .encrypt(publicKey)
    })
  )

  it.live("is refused if it is longer than 16 KiB, and accepted just below", () =>
    Effect.gen(function* () {
      const padded = (length: number) => async (given: Given) => {
        const empty = await IssuerServer.sign(ec, { ...given.claims, pad: "" })
        // Three characters of the token are two of the text, or a little more.
        const pad = Math.floor(((length - empty.length) * 3) / 4)
        const token = await IssuerServer.sign(ec, { ...given.claims, pad: "x".repeat(pad) })
        assert.closeTo(token.length, length, 4)
        return token
      }
      yield* accepting(padded(16_380))
      yield* refusing("is too long", padded(16_390))
      yield* refusing("is too long", () => "x".repeat(10_000_000))
    })
  )

  it.live("is refused if it demands that its extensions are understood, which they are or not", () =>
    Effect.gen(function* () {
      for (const header of [
        { crit: ["exp"], exp: 1 },
        { crit: ["b64"], b64: true },
        { crit: [] },
        { crit: null },
        { crit: "b64" }
      ])
        yield* refusing("has a header that cannot be used", ({ claims }) =>
          signTexts(JSON.stringify({ alg: "RS256", kid: "rsa", ...header }), JSON.stringify(claims))
        )
    })
  )

  it.live("is refused if its header has a name twice, however it is spelled", () =>
    Effect.gen(function* () {
      for (const header of [
        '{"alg":"none","alg":"RS256","kid":"rsa"}',
        '{"alg":"RS256","kid":"other","kid":"rsa"}',
        String.raw`{"alg":"RS256","kid":"rsa","\u0061lg":"RS256"}`,
        '{"alg":"RS256","kid":"rsa","x":{"a":1,"a":2}}'
      ])
        yield* refusing("has a header that cannot be used", ({ claims }) => signTexts(header, JSON.stringify(claims)))
    })
  )

  it.live("is refused if its claims have a name twice, at any depth", () =>
    Effect.gen(function* () {
      for (const more of [
        '"sub":"eve"',
        String.raw`"s\u0075b":"eve"`,
        '"realm_access":{"roles":["a"],"roles":["b"]}',
        '"list":[{"a":1},{"b":1,"b":1}]'
      ])
        yield* refusing("has claims that are no JSON object, or that name something twice", ({ claims }) =>
          signTexts(HEADER, `${JSON.stringify(claims).slice(0, -1)},${more}}`)
        )
      yield* accepting(({ claims }) =>
        signTexts(HEADER, `${JSON.stringify(claims).slice(0, -1)},"a":{"sub":1,"list":["sub","sub",":",{"sub":1}]}}`)
      )
    })
  )

  it.live.each(["[]", "null", '"ada"', "1", "", "{", '{"alg"', "\ufeff{}"])(
    "is refused if %j is in the place of the header or the claims",
    (text) =>
      Effect.gen(function* () {
        if (text === "") {
          yield* refusing("is no signed token of three parts", ({ claims }) => signTexts(text, JSON.stringify(claims)))
          return
        }
        yield* refusing("has a header that cannot be used", ({ claims }) => signTexts(text, JSON.stringify(claims)))
        yield* refusing("has claims that are no JSON object, or that name something twice", () =>
          signTexts(HEADER, text)
        )
      })
  )

  it.live("is refused if it is no UTF-8", () =>
    refusing("has claims that are no JSON object, or that name something twice", ({ claims }) => {
      const bytes = Buffer.from(`${JSON.stringify(claims).slice(0, -1)},"x":"?"}`)
      bytes[bytes.lastIndexOf("?")] = 0xff
      return `${encode(HEADER)}.${bytes.toString("base64url")}.AAAA`
    })
  )
})

describe("the claims of a token", { timeout: 30_000, concurrent: true }, () => {
  const saying =
    (claims: Record<string, unknown>, header: Record<string, unknown> = {}) =>
    (given: Given) =>
      IssuerServer.sign(rsa, { ...given.claims, ...claims }, header)

  it.live.each([
    ["other"],
    [["other"]],
    [[]],
    [null],
    [1],
    [{ [AUDIENCE]: AUDIENCE }],
    [`${AUDIENCE}/`],
    [AUDIENCE.toUpperCase()]
  ])("are refused if the audience is %j", ([aud]) => refusing("is for another audience", saying({ aud })))

  it.live("are refused without an audience", () =>
    refusing("lacks a claim, or has a claim that cannot be used", saying({ aud: undefined }))
  )

  it.live("are refused if the issuer is another one, or none", () =>
    Effect.gen(function* () {
      for (const iss of ["https://evil.example.com", "", undefined, null, 1])
        yield* refusing("is of no issuer that is set up", saying({ iss }))
      yield* refusing("is of no issuer that is set up", (given) => saying({ iss: `${given.issuer}/` })(given))
      yield* refusing("is of no issuer that is set up", (given) => saying({ iss: [given.issuer] })(given))
    })
  )

  it.live.each(["id+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", "application/logout+jwt", "JOSE", "at+jwt2"])(
    "are refused if the type is %s",
    (typ) => refusing("has another type", saying({}, { typ }))
  )

  it.live.each(["JWT", undefined, "id+jwt", "xat+jwt"])(
    "are refused with the type %j if access tokens have their own",
    (typ) =>
      Effect.gen(function* () {
        yield* refusing("has another type", saying({}, { typ }), { type: "at+jwt" })
        yield* accepting(saying({}, { typ: "application/AT+JWT" }), { type: "at+jwt" })
      })
  )

  it.live("are refused once they have ended", () =>
    Effect.gen(function* () {
      yield* refusing("has expired", saying({ exp: seconds() - 6 }))
      yield* refusing("has expired", saying({ exp: 0 }))
      yield* refusing("has expired", saying({ exp: -1 }))
    })
  )

  it.live("are refused before they begin", () =>
    Effect.gen(function* () {
      yield* refusing("is not valid yet", saying({ nbf: seconds() + 60 }))
      yield* accepting(saying({ nbf: seconds() + 3 }))
    })
  )

  it.live.each(["exp", "sub"])("are refused without %s, and with one that cannot be used", (name) =>
    Effect.gen(function* () {
      const reason = "lacks a claim, or has a claim that cannot be used"
      for (const value of [undefined, null, "", [], {}, true]) yield* refusing(reason, saying({ [name]: value }))
    })
  )

  it.live("are refused with an end that no clock can show, in letters, or without an end", () =>
    Effect.gen(function* () {
      const reason = "lacks a claim, or has a claim that cannot be used"
      yield* refusing(reason, saying({ exp: String(seconds() + 60) }))
      yield* refusing(reason, saying({ exp: 1e15 }))
      yield* refusing(reason, ({ claims }) =>
        signTexts(HEADER, JSON.stringify({ ...claims, exp: 0 }).replace('"exp":0', '"exp":1e999'))
      )
    })
  )

  it.live.each([" ada", "ada ", "a\u0000", "a\nb", "x".repeat(256), "e\u0301", "\u200b"])(
    "are refused with the subject %j, which no store keeps as it is",
    (sub) => refusing("lacks a claim, or has a claim that cannot be used", saying({ sub }))
  )
})
