// The case, what of it is shown, and what is chosen. Views read it and are told when it changes.

const told = data("data");
const day = (text) => {
  const moment = text ? Date.parse(text.length === 4 ? `${text}-01-01` : text.length === 7 ? `${text}-01` : text) : NaN;
  return Number.isNaN(moment) ? null : moment;
};
const nodes = told.nodes.map((row, place) => {
  const [caption, schema, group, community, degree, importance, x, y, countries, statements, more, key, merged] = row;
  return {place, caption, schema, group, community, degree, importance, x, y, countries, statements, more, key, merged, links: []};
});
const links = told.links.map((row, place) => {
  const [left, right, kind, bits, inferred, directed, sources, statements, first, last] = row;
  return {place, left, right, kind, bits, inferred, directed, sources, statements, first: day(first), last: day(last || first), days: [first, last]};
});
links.forEach((link) => { nodes[link.left].links.push(link.place); nodes[link.right].links.push(link.place); });
const events = told.events
  .map(([about, date, kind, words, statement]) => ({nodes: about, date, at: day(date), kind, words, statement}))
  .filter((event) => event.at !== null).sort((one, other) => one.at - other.at);
events.forEach((event, place) => { event.place = place; });
const places = told.places.map(([node, by, code, latitude, longitude]) => ({node, by, exact: by === "coordinates", code, latitude, longitude}));
const other = (link, place) => (link.left === place ? link.right : link.left);
const countryName = (code) => (told.world.countries[code] || [0, 0, code])[2];

const filters = {groups: new Set(), kinds: new Set(), sources: new Set(), bits: 0, from: null, to: null, community: null, text: ""};
const shownNode = new Uint8Array(nodes.length);
const shownLink = new Uint8Array(links.length);
const shownEvent = new Uint8Array(events.length);
const found = new Set();
// chosen: {kind: node|link|event|set|path|source, at} or null; lit: the nodes that belong to it; near: their neighbours.
let chosen = null;
const trail = [];
const lit = new Set();
const near = new Set();
const litLinks = new Set();
const litEvents = new Set();
const listeners = [];

const whenChanged = (listener) => listeners.push(listener);
const tellAll = (what) => listeners.forEach((listener) => listener(what));
const anyFilter = () => filters.groups.size || filters.kinds.size || filters.sources.size || filters.bits > 0 || dated() || filters.community !== null;
const dated = () => filters.from !== null || filters.to !== null;
const inTime = (first, last) => (filters.from === null || last >= filters.from) && (filters.to === null || first < filters.to + 864e5);
const stands = (numbers) => numbers.some((number) => !filters.sources.has(String(told.statements[number][0])));

/** What is shown now, of nodes, links and events. */
function sift() {
  const keep = (node) => !filters.groups.has(node.group) && (filters.community === null || node.community === filters.community);
  links.forEach((link, place) => {
    shownLink[place] = keep(nodes[link.left]) && keep(nodes[link.right]) && link.bits >= filters.bits && !filters.kinds.has(link.kind) &&
      (!link.sources.length || link.sources.some((source) => !filters.sources.has(String(source)))) &&
      (!dated() || (link.first !== null && inTime(link.first, link.last))) ? 1 : 0;
  });
  events.forEach((event, place) => {
    shownEvent[place] = event.nodes.some((one) => keep(nodes[one])) && stands([event.statement]) && inTime(event.at, event.at) ? 1 : 0;
  });
  const linked = new Uint8Array(nodes.length);
  links.forEach((link, place) => { if (shownLink[place]) linked[link.left] = linked[link.right] = 1; });
  events.forEach((event, place) => { if (shownEvent[place]) event.nodes.forEach((one) => { linked[one] = 1; }); });
  const loose = filters.bits > 0 || filters.kinds.size || dated();
  nodes.forEach((node, place) => {
    shownNode[place] = keep(node) && (loose ? linked[place] : !filters.sources.size || linked[place] || stands(node.statements)) ? 1 : 0;
  });
  events.forEach((event, place) => { if (!event.nodes.some((one) => shownNode[one])) shownEvent[place] = 0; });
  look();
  tellAll("filters");
}

/** The nodes that the searched text is found in: captions first, then what is said of them. */
function look() {
  found.clear();
  const wanted = filters.text.trim().toLowerCase();
  if (!wanted) return;
  for (const node of nodes) {
    if (!shownNode[node.place]) continue;
    const said = () => node.statements.some((number) => {
      const [, , value, original] = told.statements[number];
      return value.toLowerCase().includes(wanted) || (original && original.toLowerCase().includes(wanted));
    });
    if (node.caption.toLowerCase().includes(wanted) || said()) found.add(node.place);
  }
}

/** Choose something, or nothing; all views follow. */
function choose(what, back) {
  if (!back && chosen && what && JSON.stringify(chosen) !== JSON.stringify(what)) trail.push(chosen);
  if (!what) trail.length = 0;
  chosen = what;
  lit.clear(); near.clear(); litLinks.clear(); litEvents.clear();
  if (chosen) light();
  tellAll("chosen");
}

function light() {
  const {kind, at} = chosen;
  if (kind === "node") lit.add(at);
  if (kind === "set") at.forEach((one) => lit.add(one));
  if (kind === "event") events[at].nodes.forEach((one) => lit.add(one));
  if (kind === "link") { lit.add(links[at].left); lit.add(links[at].right); litLinks.add(at); }
  if (kind === "path") {
    const [ends, along] = told.questions[at[0]][3][at[1]];
    ends.forEach((one) => lit.add(one));
    along.forEach((one) => litLinks.add(one));
  }
  if (kind === "source") links.forEach((link) => { if (link.sources.includes(at)) { litLinks.add(link.place); lit.add(link.left); lit.add(link.right); } });
  if (kind === "source") nodes.forEach((node) => { if (node.statements.some((number) => told.statements[number][0] === at)) lit.add(node.place); });
  if (kind === "node" || kind === "event") {
    lit.forEach((one) => nodes[one].links.forEach((number) => {
      if (!shownLink[number]) return;
      litLinks.add(number);
      near.add(other(links[number], one));
    }));
  }
  events.forEach((event) => { if (event.nodes.some((one) => lit.has(one))) litEvents.add(event.place); });
  if (kind === "event") { litEvents.clear(); litEvents.add(at); }
}

const goBack = () => choose(trail.pop() || null, true);
