/**
 * A script that lets the page of an API keep a policy without `unsafe-inline` and `unsafe-eval`, though the library that renders it puts
 * styles into the page while it runs.
 *
 * What a policy forbids is text in a page that becomes a style. Scripts that the policy allows may make style sheets and set the style of
 * an element through its object, which is what this script makes of the library's ways: a `<style>` becomes a sheet that the document adopts,
 * and an attribute `style` is set through the object. And whoever tries out whether code may be made of text is told no, without asking
 * the browser, which would report it.
 */
export const SCRIPT = `
const NAME = "x-style"
const sheets = new WeakMap()
const sheetOf = (style) => {
  if (!sheets.has(style)) sheets.set(style, new CSSStyleSheet())
  return sheets.get(style)
}
const adopt = (style) => {
  const sheet = sheetOf(style)
  if (style.textContent !== "") sheet.replaceSync(style.textContent)
  if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets.push(sheet)
}
const drop = (style) => {
  document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== sheets.get(style))
}
const stylesIn = (node) => {
  if (node.nodeType === Node.TEXT_NODE) return node.parentNode?.localName === NAME ? [node.parentNode] : []
  if (!(node instanceof Element)) return []
  return node.localName === NAME ? [node] : node.querySelectorAll(NAME)
}
new MutationObserver((records) => {
  for (const { addedNodes, removedNodes, target } of records)
    for (const node of [target, ...addedNodes, ...removedNodes])
      for (const style of stylesIn(node)) (style.isConnected ? adopt : drop)(style)
}).observe(document, { subtree: true, childList: true, characterData: true })
const create = Document.prototype.createElement
Document.prototype.createElement = function (name, ...more) {
  if (String(name).toLowerCase() !== "style") return create.call(this, name, ...more)
  const style = create.call(this, NAME)
  style.style.display = "none"
  Object.defineProperty(style, "sheet", { get: () => sheetOf(style) })
  return style
}
const set = Element.prototype.setAttribute
Element.prototype.setAttribute = function (name, value) {
  if (String(name).toLowerCase() === "style" && this.style !== undefined) this.style.cssText = value
  else set.call(this, name, value)
}
const html = Object.getOwnPropertyDescriptor(Element.prototype, "innerHTML")
const restyle = (root) => root.querySelectorAll("[data-inert-style]").forEach((element) => {
  element.style.cssText = element.getAttribute("data-inert-style")
  element.removeAttribute("data-inert-style")
})
Object.defineProperty(Element.prototype, "innerHTML", {
  ...html,
  set(text) {
    html.set.call(this, String(text).replace(/(<[^>]*?\\s)style=(["'])/g, "$1data-inert-style=$2"))
    restyle(this instanceof HTMLTemplateElement ? this.content : this)
  }
})
const refuse = () => { throw new EvalError("no code is made of text here") }
globalThis.Function = new Proxy(Function, { apply: refuse, construct: refuse })
`
