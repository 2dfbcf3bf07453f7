// The panel: what is chosen, and each statement that it rests on, with its source, place, words and reliability.

const MOST_ROWS = 60;
const ratio = (bits) => {
  const times = 2 ** Math.abs(bits);
  const words = times >= 1e6 ? `${Number((times / 1e6).toPrecision(2)).toLocaleString("en")} million` : Number(times.toPrecision(2)).toLocaleString("en");
  return bits < 0 ? `${words} times against` : `${words} to 1`;
};
/** What bits of a link or a path leave as the chance that it is wrong. */
const risk = (bits) => `1 in ${bits > 0 ? ratio(bits).replace(" to 1", "") : 1} to be wrong`;
const bitsOf = (bits) => (bits === null ? "" : `${bits.toFixed(1).replace("-0.0", "0.0")} bits`);
const linked = (words, what) => make("button.linked", {type: "button", onclick: () => choose(what)}, words);
const nodeButton = (place) => linked(nodes[place].caption, {kind: "node", at: place});

/** A row that chooses something: its picture, name, small words, weight. */
function row(group, name, small, weight, what) {
  return make("li", {}, make("button", {type: "button", onclick: () => choose(what)}, group === null ? make("span") : glyph(group),
    make("span", {}, make("span.name", {}, name), small ? make("small", {}, small) : null), make("span.weight-of", {}, weight)));
}

function rows(list, draw) {
  const kept = list.slice(0, MOST_ROWS).map(draw);
  const left = list.length - kept.length;
  return make("ul.rows", {}, kept, left > 0 ? make("li", {}, make("small", {}, `and ${left.toLocaleString("en")} more`)) : null);
}

function statement(number, marked) {
  const [source, prop, value, original, place, said, bits] = told.statements[number];
  const from = told.sources[source];
  return make(`div.statement${marked ? ".chosen" : ""}`, {"data-statement": number}, make("b", {}, prop), ": ", make("span.value", {}, value),
    bits === null ? null : [" ", make("span.weight-of", {}, `inferred, ${bitsOf(bits)}, ${ratio(bits)}`)],
    original === null ? null : make("div", {}, "as written: ", make("q", {}, original)),
    make("span.from", {}, make(`span.letter.${from.reliability}`, {title: `reliability ${from.reliability}: counts as ${from.reliability_bits} bits`}, from.reliability), " ",
      linked(from.name, {kind: "source", at: source}), `, ${place}. Words of: ${from.said_by}.`, said ? ` Said ${said.slice(0, 16).replace("T", " ")}.` : "", ` Statement ${number}.`,
      from.withdrawn === null ? null : make("span.withdrawn", {}, ` Withdrawn: ${from.withdrawn}.`)));
}

const statementsOf = (numbers, marked) => numbers.filter((number) => !filters.sources.has(String(told.statements[number][0]))).map((number) => statement(number, number === marked));
/** The same, where what is said again is folded under where it is said first. */
function statementsOnce(numbers, marked) {
  const first = new Map();
  for (const number of numbers) {
    const [source, prop, value] = told.statements[number];
    if (filters.sources.has(String(source))) continue;
    const key = JSON.stringify([prop, value]);
    first.set(key, [...(first.get(key) || []), number]);
  }
  return [...first.values()].map(([one, ...again]) => [statement(one, one === marked), again.length
    ? make("details.again", {open: again.includes(marked)}, make("summary", {}, `said ${plural(again.length, "more time", "more times")}`), again.map((number) => statement(number, number === marked)))
    : null]);
}

const head = (...children) => make("h3", {}, ...children);
const part = (words, ...children) => [make("h4", {}, words), ...children];

function nodePart(place, marked) {
  const node = nodes[place];
  const where = node.countries.map(countryName).join(", ");
  const merged = node.merged > 1 ? `${node.merged} records taken for one. ` : "";
  const broker = told.brokers.find(([one]) => one === place);
  const near = node.links.filter((number) => shownLink[number]).sort((one, two) => links[two].bits - links[one].bits);
  return [
    head(glyph(node.group), node.caption),
    make("p.muted", {}, `${node.schema}. ${merged}${plural(node.degree, "link", "links")} in the case${node.community === null ? "" : `, group ${node.community + 1}`}${where ? `. ${where}` : ""}.`,
      broker ? ` Others reach one another through it: ${(100 * broker[1]).toFixed(0)} % of the shortest ways.` : ""),
    part("What is said of it", statementsOnce(node.statements, marked), node.more ? make("p.muted", {}, `${node.more} more statements are in the case.`) : null),
    near.length ? part(`Linked to ${near.length}`, rows(near, (number) => {
      const link = links[number];
      const two = nodes[other(link, place)];
      return row(two.group, two.caption, `${link.kind}${link.inferred ? ", inferred" : ""}${link.days[0] ? `, ${link.days[0]}` : ""}`, bitsOf(link.bits), {kind: "link", at: number});
    })) : null,
  ];
}

function linkPart(place) {
  const link = links[place];
  const days = link.days[0] ? ` ${link.days[0]}${link.days[1] && link.days[1] !== link.days[0] ? ` to ${link.days[1]}` : ""}.` : "";
  return [
    head(nodeButton(link.left), make("span.muted", {}, link.directed ? " → " : " – "), nodeButton(link.right)),
    make("p", {}, `${link.kind}: `, make("b", {}, bitsOf(link.bits)), ` (${risk(link.bits)}), ${link.inferred ? "inferred" : "said by a source"}.${days}`),
    part("It rests on", statementsOnce(link.statements), link.statements.length ? null : make("p.muted", {}, "No statement of its own is on this page.")),
  ];
}

function pathPart([question, number]) {
  const [left, right, , ways] = told.questions[question];
  const [ends, along, bits, weakest] = ways[number];
  return [
    head(nodeButton(left), make("span.muted", {}, " to "), nodeButton(right)),
    make("p", {}, `Path ${number + 1} of ${ways.length}: `, make("b", {}, bitsOf(bits)), ` (${risk(bits)}), through ${plural(along.length, "link", "links")}. It breaks first where it is marked.`),
    ways.length > 1 ? make("p", {}, ways.map((way, n) => [linked(`path ${n + 1} (${bitsOf(way[2])})`, {kind: "path", at: [question, n]}), " "])) : null,
    along.map((link, step) => [
      part(`${step + 1}. ${nodes[ends[step]].caption} – ${nodes[ends[step + 1]].caption}`,
        make("p", {}, linked(`${links[link].kind}, ${bitsOf(links[link].bits)}`, {kind: "link", at: link}), link === weakest ? make("b", {}, " ← its weakest link") : null),
        statementsOf(links[link].statements)),
    ]),
  ];
}

function sourcePart(number) {
  const from = told.sources[number];
  const facts = [["Kind", from.kind], ["Words of", from.said_by], ["Reliability", `${from.reliability}, counts as ${from.reliability_bits} bits`], ["Obtained under", from.legal_ref || "not stated"],
    ["Taken in", `${from.imported_at.replace("T", " ")} by ${from.imported_by}`], ["Statements", `${from.statements.toLocaleString("en")}${from.skipped ? `; ${from.skipped} rows could not be read` : ""}`],
    ["SHA-256", from.sha256], ["Ledger entry", String(from.entry)]];
  return [
    head(from.name),
    from.withdrawn === null ? null : make("p.withdrawn", {}, `Withdrawn: ${from.withdrawn}. Nothing that is drawn rests on it.`),
    make("dl.facts", {}, facts.map(([name, words]) => [make("dt", {}, name), make("dd.mono", {}, words)])),
    make("p", {}, `${plural(litLinks.size, "link", "links")} on this page rest on it, alone or with others; they are drawn in colour.`),
  ];
}

function setPart(what) {
  const list = [...what.at].sort((one, two) => nodes[two].importance - nodes[one].importance);
  return [head(what.words), make("p.muted", {}, plural(list.length, "entity", "entities")), rows(list, (one) => row(nodes[one].group, nodes[one].caption, nodes[one].schema, plural(nodes[one].degree, "link", "links"), {kind: "node", at: one}))];
}

function eventPart(place) {
  const event = events[place];
  return [
    head(`${event.date.slice(0, 16).replace("T", " ")} ${event.kind}`),
    make("p", {}, event.words),
    part("Source", statementsOf([event.statement], event.statement)),
    part("Whom it concerns", rows(event.nodes, (one) => row(nodes[one].group, nodes[one].caption, nodes[one].schema, "", {kind: "node", at: one}))),
  ];
}

function answer([left, right, bits, ways], question) {
  const ends = make("p", {}, nodeButton(left), " and ", nodeButton(right), ": ", ways.length ? make("b", {}, `${bitsOf(bits)} (${risk(bits)})`) : make("b", {}, "no path"), ways.length ? ", by:" : ".");
  return [ends, ways.map(([nodesOf, along, weight], number) => make("div.way", {},
    linked(`path ${number + 1}, ${bitsOf(weight)}:`, {kind: "path", at: [question, number]}),
    nodesOf.map((one, step) => [make("span", {}, cut(nodes[one].caption, 34)), step < along.length ? make("i", {}, `– ${links[along[step]].kind} –`) : null])))];
}

/** With nothing chosen: what was asked and found, and where to begin. */
function beginning() {
  const sources = Object.entries(told.sources);
  return [
    make("p.muted", {}, "Choose an entity, a link, an event or a place: here is what it rests on."),
    told.questions.length ? part("What was asked", told.questions.map(answer)) : null,
    told.brokers.length ? part("Others reach one another through", rows(told.brokers.slice(0, 8), ([one, share]) => row(nodes[one].group, nodes[one].caption, nodes[one].schema, `${(100 * share).toFixed(0)} % of ways`, {kind: "node", at: one}))) : null,
    told.assemblies.length ? part("Assemblies", rows(told.assemblies, ([one, design, finding, items]) => row(nodes[one].group, design, `${finding}: ${plural(items.length, "item", "items")} together`, "", {kind: "set", at: [one, ...items], words: design}))) : null,
    part("Sources", rows(sources, ([number, from]) => row(null, from.name, `${from.said_by}${from.withdrawn === null ? "" : `; withdrawn: ${from.withdrawn}`}`, `${from.reliability}, ${from.reliability_bits} bits`, {kind: "source", at: Number(number)}))),
    told.decisions.length ? part("Decided by people", rows([...told.decisions].reverse(), ([left, right, verdict, reason, at, by]) => make("li", {}, make("p", {}, `${left} and ${right}: `, make("b", {}, verdict), `. ${reason} (${by}, ${at.slice(0, 10)})`)))) : null,
  ];
}

function showPanel() {
  const parts = {node: nodePart, link: linkPart, path: pathPart, source: sourcePart, event: eventPart};
  const back = make("p.back", {}, trail.length ? [make("button.quiet", {type: "button", onclick: goBack}, "Back"), " "] : null, make("button.quiet", {type: "button", onclick: () => choose(null)}, "Close"));
  const made = !chosen ? beginning() : [back, ...(chosen.kind === "set" ? setPart(chosen) : parts[chosen.kind](chosen.at))];
  byId("inside").replaceChildren(...[made].flat(Infinity).filter((one) => one !== null && one !== undefined));
  byId("panel").scrollTop = 0;
  const heading = byId("inside").querySelector("h3");
  byId("told").textContent = chosen && heading ? `${heading.textContent}: ${byId("inside").querySelectorAll(".statement").length} statements` : "";
}
