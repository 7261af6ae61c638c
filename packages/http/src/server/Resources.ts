/**
 * The resources of the server, each with its path and the methods that it has.
 */
import * as FindMyWay from "effect/http/FindMyWay"
import * as HttpApi from "effect/http-api/HttpApi"
import * as Admin from "../admin/Admin.ts"
import { AdminApi } from "../admin/AdminApi.ts"
import { Api } from "../Api.ts"
import { SIGN_IN_PATH } from "../signIn/SignInApi.ts"

export const ROOT_PATH = "/"
export const OPENAPI_PATH = "/openapi.json"
export const DOCS_PATH = "/docs"

/** The router takes a path literally: another case, or one slash more or less, makes another path. */
export const ROUTER: FindMyWay.RouterConfig = {
  caseSensitive: true,
  ignoreDuplicateSlashes: false,
  ignoreTrailingSlash: false,
  /** The longest path parameter: an attendee id, of which each character may take nine when it is encoded. */
  maxParamLength: 4_096
}

export interface Resource {
  readonly path: string
  readonly methods: Set<string>
}

export interface Resources {
  /** The resource that a path leads to, with the escapes in it decoded. */
  readonly find: (path: string) => Resource | undefined
  /** The methods of all resources together. */
  readonly methods: ReadonlySet<string>
}

/**
 * The resources of both APIs, even if the server has no API for operators: then `Admin.disabled` refuses every path under
 * `/admin`.
 */
export const make = (): Resources => {
  const routes = FindMyWay.make<Resource>(ROUTER)
  const resources = new Map<string, Resource>()
  const all = new Set<string>()
  const add = (method: string, path: string) => {
    const resource = resources.get(path) ?? { path, methods: new Set() }
    if (!resources.has(path)) routes.on("GET", path as `/${string}`, resource)
    resources.set(path, resource)
    for (const one of method === "GET" ? ["GET", "HEAD"] : [method]) {
      resource.methods.add(one)
      all.add(one)
    }
  }
  for (const path of [ROOT_PATH, OPENAPI_PATH, DOCS_PATH, SIGN_IN_PATH, Admin.OPENAPI_PATH, Admin.DOCS_PATH])
    add("GET", path)
  const onEndpoint = ({ endpoint: { method, path } }: { readonly endpoint: { method: string; path: string } }) =>
    add(method, path)
  HttpApi.reflect(Api, { onGroup() {}, onEndpoint })
  HttpApi.reflect(AdminApi, { onGroup() {}, onEndpoint })
  return { find: (path) => routes.find("GET", path)?.handler, methods: all }
}
