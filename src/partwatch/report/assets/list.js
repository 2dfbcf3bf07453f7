// The overview: cards that filter, a table that sorts, searches, pages and opens.

const PAGE = 100;
const FINDINGS = ["match", "review", "unscreenable", "clear"];
const overview = data("data-overview");
const rows = data("data-rows").map(([finding, place, about, best, relation, covered, coveredText, off, offText,
  score, sha256, incomplete, accepted, bits, bitsText, support, limit], number) => ({ finding, place, about, best,
  relation, covered, coveredText, off, offText, score, sha256, incomplete, accepted, bits, bitsText, support, limit,
  number, severity: FINDINGS.indexOf(finding),
  words: [place, best, relation, sha256, about].join("\n").toLowerCase() }));

const order = new Intl.Collator("en", { numeric: true });
const unweighed = (a, b) => (a.bits === null) - (b.bits === null);
const byPlace = (a, b) => order.compare(a.place, b.place) || a.number - b.number;
const SORTS = {
  worst: ["Worst first", (a, b) => a.severity - b.severity || b.score - a.score || byPlace(a, b)],
  best: ["Clear first", (a, b) => b.severity - a.severity || byPlace(a, b)],
  name: ["Name, A to Z", byPlace],
  "name-down": ["Name, Z to A", (a, b) => byPlace(b, a)],
  target: ["Listed part", (a, b) => !a.best - !b.best || order.compare(a.best, b.best) || byPlace(a, b)],
  covered: ["Most of the part covered", (a, b) => b.covered - a.covered || byPlace(a, b)],
  "covered-up": ["Least of the part covered", (a, b) => (a.covered < 0) - (b.covered < 0) || a.covered - b.covered || byPlace(a, b)],
  off: ["Closest surface", (a, b) => (a.off < 0) - (b.off < 0) || a.off - b.off || byPlace(a, b)],
  ...(overview.weighed ? { bits: ["Most bits", (a, b) => unweighed(a, b) || b.bits - a.bits || byPlace(a, b)],
    "bits-up": ["Fewest bits", (a, b) => unweighed(a, b) || a.bits - b.bits || byPlace(a, b)] } : {}),
  "off-down": ["Farthest surface", (a, b) => b.off - a.off || byPlace(a, b)],
};
const HEADS = [["c-finding", "Finding", "worst", "best"], ["c-item", "Item", "name", "name-down"],
  ["c-best", "Best match", "target", null],
  ...(overview.weighed ? [["c-bits", "Weight", "bits", "bits-up"]] : []),
  ["c-part", "Part covered", "covered", "covered-up"],
  ["c-off", "95 % within", "off", "off-down"]];

const state = { findings: new Set(), search: "", sort: "worst", page: 0, open: new Set() };
let shown = [];

function choose() {
  const wanted = state.search.toLowerCase().split(/\s+/).filter(Boolean);
  shown = rows.filter((row) => (!state.findings.size || state.findings.has(row.finding)) &&
    wanted.every((word) => row.words.includes(word)));
  shown.sort(SORTS[state.sort][1]);
  state.page = Math.min(state.page, Math.max(Math.ceil(shown.length / PAGE) - 1, 0));
}

function draw(everything) {
  const body = byId("rows");
  closeSpaces(body);
  const from = everything ? 0 : state.page * PAGE;
  const page = everything ? shown : shown.slice(from, from + PAGE);
  body.replaceChildren(...page.flatMap(tableRow));
  byId("items").hidden = !page.length;
  byId("items").classList.toggle("weighed", overview.weighed);
  byId("none").hidden = page.length > 0;
  byId("count").textContent = shown.length === rows.length ? plural(rows.length, "item", "items")
    : `${shown.length.toLocaleString("en")} of ${plural(rows.length, "item", "items")}`;
  drawControls(page);
}

function drawControls(page) {
  for (const card of document.querySelectorAll(".card")) {
    card.setAttribute("aria-pressed", state.findings.has(card.dataset.finding));
  }
  for (const head of byId("heads").children) {
    const at = [head.dataset.first, head.dataset.second].indexOf(state.sort);
    if (at < 0) head.removeAttribute("aria-sort");
    else head.setAttribute("aria-sort", head.dataset.down === "true" ? ["descending", "ascending"][at] : ["ascending", "descending"][at]);
  }
  byId("sort").value = state.sort;
  const all = page.length > 0 && page.every((row) => state.open.has(row.number));
  byId("all").textContent = all ? "Close all on this page" : "Open all on this page";
  drawPager();
}

function drawPager() {
  const pages = Math.ceil(shown.length / PAGE);
  byId("pager").hidden = pages < 2;
  if (pages < 2) return;
  const go = (page) => () => { state.page = page; draw(); byId("list").scrollIntoView(); };
  const jump = make("input", { type: "number", min: 1, max: pages, value: state.page + 1, "aria-label": "Page",
    onchange: (event) => go(Math.min(Math.max(Number(event.target.value) || 1, 1), pages) - 1)() });
  byId("pager").replaceChildren(
    make("button", { type: "button", disabled: state.page === 0, onclick: go(state.page - 1) }, "Previous"),
    make("span", {}, "Page ", jump, ` of ${pages}`),
    make("button", { type: "button", disabled: state.page === pages - 1, onclick: go(state.page + 1) }, "Next"));
}

function tableRow(row) {
  const id = `detail-${row.number}`;
  const open = state.open.has(row.number);
  const button = make("button.toggle", { type: "button", "aria-expanded": String(open), "aria-controls": id,
    "aria-label": `${row.finding}${row.accepted ? ", accepted" : ""}: ${row.place}` }, badge(row.finding));
  const meter = make("span.meter", { "aria-hidden": "true" }, make("i", {}));
  meter.firstChild.style.width = `${100 * Math.max(row.covered, 0)}%`;
  const line = make("tr.row" + (open ? ".open" : ""), { id: `item-row-${row.number}` },
    make("td.c-finding", {}, button, row.accepted ? make("small", {}, "all of it accepted") : null),
    make("td.c-item", {}, row.place, make("small", {}, row.about, row.incomplete ? " · not read completely" : null)),
    make("td.c-best", {}, row.best || row.relation, row.best ? make("small", {}, row.relation) : null),
    overview.weighed ? make("td.c-bits", {}, row.bitsText || null,
      row.limit ? make("span.muted", { title: row.limit }, " (the most)") : null,
      row.support ? make("small", {}, row.support) : null) : null,
    make("td.c-part.number", {}, row.coveredText, row.covered >= 0 ? meter : null),
    make("td.c-off.number", {}, row.offText));
  line.addEventListener("click", () => {
    if (!String(getSelection())) toggle(row, line);
  });
  return open ? [line, detailRow(row)] : [line];
}

const detailRow = (row) => make("tr.details", { id: `detail-${row.number}` },
  make("td.detail", { colspan: HEADS.length }, itemDetails(row.number, row.finding)));

function toggle(row, line) {
  const opens = !state.open.has(row.number);
  line.classList.toggle("open", opens);
  line.querySelector(".toggle").setAttribute("aria-expanded", String(opens));
  if (opens) {
    state.open.add(row.number);
    line.after(detailRow(row));
  } else {
    state.open.delete(row.number);
    closeSpaces(line.nextElementSibling);
    line.nextElementSibling.remove();
  }
}

function drawTop() {
  const made = Object.fromEntries(overview.made);
  byId("made").textContent = `As of ${made["As of"]} · watch-list ${made["Watch-list version"]} ` +
    `(${made["Watch-list size"]}) · ${made.Program}`;
  byId("geometry").hidden = !overview.ghost;
  byId("totals").textContent = `${plural(overview.items, "item", "items")}, ` +
    `${plural(overview.bodies, "body", "bodies")}; ${overview.incomplete.toLocaleString("en")} not read completely` +
    (overview.accepted ? `; ${plural(overview.accepted, "item", "items")} with accepted matches, which raise nothing.` : ".");
  drawBasis();
  const hints = { match: "a listed part's shape", review: "a person should look",
    unscreenable: "could not be read", clear: overview.accepted ? "read, nothing found that is not accepted" : "read, nothing found" };
  byId("cards").append(...FINDINGS.map((finding) => {
    const count = overview.counts[finding];
    return make(`button.card.t-${finding}`, { type: "button", "data-finding": finding, disabled: !count,
      onclick: () => filter(finding) }, make("b", {}, count.toLocaleString("en")), make("span", {}, finding),
    make("small", {}, hints[finding]));
  }));
  byId("bar").append(...FINDINGS.filter((finding) => overview.counts[finding]).map((finding) => {
    const part = make(`i.t-${finding}`, {});
    part.style.flex = `${overview.counts[finding]} 0 0`;
    return part;
  }));
  byId("meanings").append(...[...FINDINGS.map((finding) => [finding, overview.meanings[finding]]),
    ["candidate", overview.candidate]].flatMap(([finding, said]) =>
    [make("dt", {}, badge(finding)), make("dd", {}, said)]));
}

/** What the bits rest on and what is not claimed; how to read them is folded away. */
function drawBasis() {
  const { basis, bits, unweighed } = overview;
  byId("basis").append(...(unweighed ? [make("p.muted", {}, unweighed)] : [
    make("h3", {}, "What the bits rest on"),
    basis.length ? make("dl.rests", {}, basis.map(([name, value]) => make("div", {}, make("dt", {}, name),
      make("dd", {}, unbroken(value))))) : make("p.muted", {}, "The result does not say what its bits rest on."),
    make("p.claimed", {}, bits.claimed),
    make("details.plain", {}, make("summary", {}, "How to read bits"), make("p", {}, bits.meaning),
      make("table.words", {}, make("thead", {}, make("tr", {}, ["Bits", "Likelihood ratio", "Support"].map((head) =>
        make("th", { scope: "col" }, head)))),
      make("tbody", {}, bits.words.map((line) => make("tr", {}, line.map((cell) => make("td", {}, cell)))))),
      make("p.muted", {}, "ENFSI Guideline for Evaluative Reporting in Forensic Science, 2015, table 1."))]));
}

function drawBottom() {
  byId("footer").append(...overview.made.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
  if (overview.thresholds.length) {
    byId("policy").append(make("h3", {}, "Thresholds of the policy"), pairs("dl.raw", overview.thresholds, ".mono"));
  }
}

function filter(finding) {
  if (!state.findings.delete(finding)) state.findings.add(finding);
  state.page = 0;
  choose();
  draw();
}

function sortBy(sort) {
  Object.assign(state, { sort, page: 0 });
  choose();
  draw();
}

function connect() {
  byId("heads").append(...HEADS.map(([kind, title, first, second]) =>
    make(`th.${kind}`, { scope: "col", "data-first": first, "data-second": second, "data-down": String(["worst", "covered", "bits"].includes(first)) },
      make("button", { type: "button", onclick: () => sortBy(state.sort === first && second ? second : first) }, title))));
  byId("sort").append(...Object.entries(SORTS).map(([key, [title]]) => make("option", { value: key }, title)));
  byId("sort").addEventListener("change", (event) => sortBy(event.target.value));
  byId("search").addEventListener("input", (event) => {
    Object.assign(state, { search: event.target.value, page: 0 });
    choose();
    draw();
  });
  byId("reset").addEventListener("click", () => {
    Object.assign(state, { search: "", page: 0, findings: new Set() });
    byId("search").value = "";
    choose();
    draw();
  });
  byId("all").addEventListener("click", () => {
    const page = shown.slice(state.page * PAGE, (state.page + 1) * PAGE);
    const opens = page.some((row) => !state.open.has(row.number));
    page.forEach((row) => (opens ? state.open.add(row.number) : state.open.delete(row.number)));
    draw();
  });
}

/** On paper there is no clicking: all that the filter shows is laid out, and all but the clear is opened. */
function connectPrinting() {
  let before = null;
  let folded = [];
  addEventListener("beforeprint", () => {
    before = new Set(state.open);
    shown.filter((row) => row.finding !== "clear" || row.accepted).forEach((row) => state.open.add(row.number));
    draw(true);
    folded = [...document.querySelectorAll("#basis details:not([open])")];
    [...document.querySelectorAll("td.detail details"), ...folded].forEach((fold) => { fold.open = true; });
  });
  addEventListener("afterprint", () => {
    state.open = before || state.open;
    folded.forEach((fold) => { fold.open = false; });
    draw();
  });
}

/** A report about one thing opens on it; `#item-7` in the address opens that row. */
function openFirst() {
  const asked = /^#item-(\d+)$/.exec(location.hash);
  const number = asked ? Number(asked[1]) : rows.length === 1 ? 0 : -1;
  const place = shown.findIndex((row) => row.number === number);
  if (place < 0) return;
  state.open.add(number);
  state.page = Math.floor(place / PAGE);
  draw();
  if (asked) byId(`item-row-${number}`).scrollIntoView();
}

drawTop();
drawBottom();
connect();
connectPrinting();
choose();
draw();
openFirst();
byId("main").hidden = false;
