"use strict";
// Builds elements. Whatever came from outside is set as text, never as markup.

/** make("p.muted", {title: "…"}, child, "text", …): an element with classes, attributes and children. */
function make(kind, attributes, ...children) {
  const [tag, ...classes] = kind.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

const byId = (id) => document.getElementById(id);
const text = (id) => byId(id).textContent;
const data = (id) => JSON.parse(text(id));

/** Pairs as a definition list. */
function pairs(kind, list, valueKind) {
  return make(kind, {}, list.map(([name, value]) =>
    make("div", {}, make("dt", {}, name), make("dd" + (valueKind || ""), {}, value))));
}

const badge = (finding) => make(`span.badge.t-${finding}`, {}, finding);
const plural = (count, one, many) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
const rgb = ([r, g, b]) => `rgb(${r}, ${g}, ${b})`;

/** The bytes of a deflated, base64 data block. */
async function inflated(id) {
  if (typeof DecompressionStream === "undefined") throw new Error("this browser is too old for the 3D view");
  const packed = Uint8Array.from(atob(text(id)), (char) => char.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}
