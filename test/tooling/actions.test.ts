/**
 * Every endpoint of the HTTP APIs is an action of the policy, by the name of its operation: an endpoint cannot be added without saying
 * who may use it.
 */
import { actions, ownActions } from "@turnout/core/access/domain/policy/Action"
import { assert, describe, it } from "vitest"
import { adminApi, api, type Documented } from "../support/ApiDocument.ts"

/** Balancers ask for the health of a server without a credential. */
const UNGUARDED = ["getLiveness", "getReadiness", "getHealth"]

const namesOf = ({ document }: Documented): ReadonlyArray<string> =>
  Object.values(document.paths).flatMap((operations) => Object.values(operations).map(({ operationId }) => operationId))

describe("the actions of the policy", () => {
  it("are the endpoints of both APIs", () => {
    assert.sameMembers(
      [...Object.keys(actions), ...Object.keys(ownActions), ...UNGUARDED],
      [...namesOf(api()), ...namesOf(adminApi())]
    )
  })
})
