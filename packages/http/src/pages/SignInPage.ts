/**
 * The page that sign-in links lead to. It reads the link from what stands after `#` in its address, and uses it up only when somebody
 * presses the button: programs that look into mails follow links, and press nothing. Without a link, the page has one mailed.
 *
 * The page loads nothing, and its policy lets it run its own script alone, by the digest, and talk to this server alone.
 */
import * as SecurityHeaders from "../pipeline/answers/SecurityHeaders.ts"
import { STYLE } from "./Root.ts"
import * as StaticPage from "./StaticPage.ts"

/** What is said for the codes of problems that people can do something about. */
const WORDS = {
  link_refused: "This link was used already, or is too old. Have a new one mailed to you.",
  sign_in_disabled: "This server sends no mail, so nobody can sign in by mail here. Ask those who run it.",
  validation_failed: "This is not an e-mail address. Look at its spelling, and try again.",
  cross_site: "Your browser did not say that this page comes from this server. Open the link in another browser.",
  overloaded: "Too many people sign in at this moment. Try again in half a minute.",
  store_unavailable: "The server cannot do it at this moment. Try again in a minute."
} as const

const SCRIPT = `
const WORDS = ${JSON.stringify(WORDS)}
const [say, confirm, ask] = ["say", "confirm", "ask"].map((id) => document.getElementById(id))
const show = (words, form) => {
  say.textContent = words
  confirm.hidden = form !== confirm
  ask.hidden = form !== ask
}
const send = async (path, body) => {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body)
  })
  return answer.ok ? undefined : (await answer.json()).code ?? "unknown"
}
// A browser with the cookie of a session that has ended is refused once, and has the cookie no more.
const sendAgain = async (path, body) => {
  const code = await send(path, body)
  return code === "invalid_credential" ? send(path, body) : code
}
const during = async (form, path, body, done) => {
  const button = form.querySelector("button")
  button.disabled = true
  try {
    const code = await sendAgain(path, body)
    if (code === undefined) return done()
    const words = WORDS[code] ?? "Something went wrong (" + code + "). Try again."
    show(words, code === "link_refused" ? ask : form)
  } catch {
    show("The server cannot be reached. Try again when you are online.", form)
  } finally {
    button.disabled = false
  }
}
const link = () => location.hash.slice(1)
const begin = () =>
  link() === ""
    ? show("Enter your e-mail address, and we mail you a link to sign in with.", ask)
    : show("Press the button to sign in on this device.", confirm)
confirm.addEventListener("submit", (event) => {
  event.preventDefault()
  return during(confirm, "sign-in/redeem", { link: link(), as: "cookie" }, () => {
    history.replaceState(null, "", location.pathname)
    show("You are signed in. You can close this page.", null)
  })
})
ask.addEventListener("submit", (event) => {
  event.preventDefault()
  const address = document.getElementById("address").value
  return during(ask, "sign-in", { address }, () => {
    history.replaceState(null, "", location.pathname)
    show("Look into your mail: if the address is right, there is a link, which works once, within 15 minutes.", null)
  })
})
addEventListener("hashchange", begin)
begin()
`

const PAGE_STYLE = `${STYLE}
button, input { font: inherit; padding: 0.5rem 1rem }
label { display: block; margin-bottom: 0.5rem }
[hidden] { display: none }
`

const TEXT = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Sign in</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<h1>Sign in</h1>
<p id="say" role="status">This page needs JavaScript.</p>
<form id="confirm" hidden><button type="submit">Sign in</button></form>
<form id="ask" hidden>
<label for="address">E-mail address</label>
<input id="address" name="address" type="email" autocomplete="email" required>
<button type="submit">Mail me a link</button>
</form>
</main>
<script type="module">${SCRIPT}</script>
</body>
</html>
`

const POLICY = SecurityHeaders.policyOf({
  scripts: [SecurityHeaders.digestOf(SCRIPT)],
  styles: [SecurityHeaders.digestOf(PAGE_STYLE)],
  connect: "'self'"
})

/** Answers a GET or a HEAD of the page. */
export const { answer } = StaticPage.make({
  contentType: "text/html; charset=utf-8",
  text: TEXT,
  headers: SecurityHeaders.ofPage(POLICY)
})
