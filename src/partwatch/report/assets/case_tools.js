// Filters, the legend, the table, and the start.

function choiceList(id, entries, refused, words) {
  byId(id).replaceChildren(...entries.map(([value, name, small]) => {
    const box = make("input", {type: "checkbox", checked: !refused.has(value), onchange: () => {
      if (box.checked) refused.delete(value); else refused.add(value);
      sift();
    }});
    return make("label", {}, box, make("span", {}, name, small ? make("small", {}, ` ${small}`) : null));
  }));
  whenChanged(() => { byId(`${id}-told`).textContent = refused.size ? `${words} (${entries.length - refused.size} of ${entries.length})` : words; });
}

function counted(list) {
  const counts = new Map();
  list.forEach((one) => counts.set(one, (counts.get(one) || 0) + 1));
  return [...counts].sort((one, two) => two[1] - one[1]);
}

function legend() {
  byId("legend").replaceChildren(...counted(nodes.map((node) => node.group)).sort((one, two) => one[0] - two[0]).map(([group, count]) => {
    const button = make("button", {type: "button", "aria-pressed": "true", onclick: () => {
      if (filters.groups.has(group)) filters.groups.delete(group); else filters.groups.add(group);
      sift();
    }}, glyph(group), told.groups[group].name, make("small", {}, String(count)));
    whenChanged(() => button.setAttribute("aria-pressed", String(!filters.groups.has(group))));
    return button;
  }));
}

function fillTools() {
  legend();
  const used = new Set(links.flatMap((link) => link.sources).map(String));
  Object.values(told.statements).forEach(([source]) => used.add(String(source)));
  choiceList("sources", Object.entries(told.sources).filter(([number]) => used.has(number)).map(([number, from]) => [number, from.name, `${from.reliability}, ${from.said_by}`]), filters.sources, "Sources");
  choiceList("kinds", counted(links.map((link) => link.kind)).map(([kind, count]) => [kind, kind, String(count)]), filters.kinds, "Links");
  const groups = counted(nodes.map((node) => node.community).filter((one) => one !== null)).filter(([, count]) => count > 1);
  byId("community").replaceChildren(make("option", {value: ""}, "all"), ...groups.map(([community, count]) => {
    const first = order.find((node) => node.community === community);
    return make("option", {value: String(community)}, `${community + 1}: ${cut(first.caption, 22)} (${count})`);
  }));
  byId("found").replaceChildren(...order.slice(0, 200).map((node) => make("option", {value: node.caption})));
  if (span) ["from", "to"].forEach((id) => { byId(id).min = iso(span[0]); byId(id).max = iso(span[1]); });
}

function listen() {
  byId("bits").addEventListener("input", (event) => { filters.bits = Number(event.target.value); sift(); });
  ["from", "to"].forEach((id) => byId(id).addEventListener("change", () => setTime(byId("from").value, byId("to").value)));
  byId("community").addEventListener("change", (event) => { filters.community = event.target.value === "" ? null : Number(event.target.value); sift(); });
  byId("find").addEventListener("input", (event) => { filters.text = event.target.value; look(); tellAll("found"); });
  byId("find").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const list = order.filter((node) => found.has(node.place));
    const exact = list.find((node) => node.caption.toLowerCase() === filters.text.trim().toLowerCase());
    if (list.length === 1 || exact) choose({kind: "node", at: (exact || list[0]).place});
    else if (list.length) choose({kind: "set", at: list.map((node) => node.place), words: `“${filters.text.trim()}”`});
  });
  byId("reset").addEventListener("click", showAll);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") { document.querySelectorAll("details.drop[open]").forEach((one) => { one.open = false; }); if (chosen) choose(null); } });
  document.addEventListener("click", (event) => document.querySelectorAll("details.drop[open]").forEach((one) => { if (!one.contains(event.target)) one.open = false; }));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { mix(); tellAll("colours"); });
  document.querySelector(".as-table").addEventListener("toggle", fillTable);
}

function showAll() {
  [filters.groups, filters.kinds, filters.sources].forEach((one) => one.clear());
  Object.assign(filters, {bits: 0, community: null, text: ""});
  byId("bits").value = "0";
  byId("community").value = "";
  byId("find").value = "";
  document.querySelectorAll(".choices input").forEach((box) => { box.checked = true; });
  choose(null);
  setTime("", "");
}

function fillTable() {
  if (!document.querySelector(".as-table").open) return;
  byId("table").querySelector("tbody").replaceChildren(...order.filter((node) => shownNode[node.place] && (!found.size || found.has(node.place))).map((node) =>
    make("tr", {}, make("td", {}, linked(node.caption, {kind: "node", at: node.place})), make("td", {}, node.schema), make("td", {}, node.community === null ? "" : String(node.community + 1)),
      make("td", {}, String(node.degree)), make("td", {}, node.countries.map(countryName).join(", ")))));
}

function count() {
  const sum = (list) => list.reduce((one, two) => one + two, 0);
  const text = `${sum(shownNode).toLocaleString("en")} of ${nodes.length.toLocaleString("en")} entities, ${sum(shownLink).toLocaleString("en")} of ${links.length.toLocaleString("en")} links`;
  byId("count").textContent = filters.text.trim() ? `${text}; found in ${found.size}` : text;
  byId("bits-told").textContent = `${filters.bits} bits`;
}

byId("main").hidden = false;
mix();
fillTools();
listen();
whenChanged(count);
whenChanged((what) => { if (what !== "found" && what !== "colours") showPanel(); });
whenChanged((what) => { if (what !== "chosen") fillTable(); });
sift();
