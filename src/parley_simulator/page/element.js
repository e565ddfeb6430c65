/** Building elements. Text goes in as text, never as markup: what a customer or a shop writes is not ours to run. */

const SVG = "http://www.w3.org/2000/svg";

/** `element("p", {class: "x", text: "…", hidden: true}, child, …)`; children may be nodes, strings or null. */
export function element(tag, { text, on = {}, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  for (const [event, listener] of Object.entries(on)) made.addEventListener(event, listener);
  if (text !== undefined) made.textContent = text;
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** One of the symbols at the top of index.html. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** The address if a browser may open it, else null: `javascript:` and its kin are not addresses. */
export function webAddress(written) {
  try {
    const url = new URL(written, location.href);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

const LINK = /https?:\/\/[^\s<>"]+/g;
const CLOSING = /[.,;:!?)\]}'»”]+$/u;

/** Text with its web addresses made tappable, as a messenger does. */
export function linkedText(text) {
  const fragment = document.createDocumentFragment();
  let from = 0;
  for (const found of text.matchAll(LINK)) {
    const written = found[0].replace(CLOSING, "");
    const href = webAddress(written);
    if (href === null) continue;
    fragment.append(text.slice(from, found.index), outsideLink(href, written));
    from = found.index + written.length;
  }
  fragment.append(text.slice(from));
  return fragment;
}

export function outsideLink(href, text, ...children) {
  return element("a", { href, target: "_blank", rel: "noopener noreferrer", dir: "auto" }, ...children, text);
}
