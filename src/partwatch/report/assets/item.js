// What a row opens to: the finding's meaning, then each body with its matches.

function itemDetails(number, finding) {
  const item = data(`data-${number}`);
  const matched = item.bodies.filter((body) => body.matches.length);
  const plain = item.bodies.filter((body) => !body.matches.length);
  return [
    make(`div.says.t-${finding}`, {}, make("p", {}, make("strong", {}, finding), ": ", item.meaning),
      item.reasons.length ? make("ul", {}, item.reasons.map(([said, code]) =>
        make("li", {}, said, " ", make("span.mono.muted", {}, `(${code})`)))) : null),
    factList(item.facts),
    ...matched.map(bodySection),
    plain.length ? plainBodies(plain, matched.length > 0) : null,
  ].filter(Boolean);
}

function factList(list) {
  return make("dl.facts", {}, list.flatMap(([name, value]) =>
    [make("dt", {}, name), make("dd" + (name === "SHA-256" ? ".mono" : ""), {}, value)]));
}

function bodyHead(body) {
  return make("header", {}, make("h3", {}, body.title),
    make("p.muted", {}, [body.size, body.triangles, `unit ${body.unit}`].join(" · ")));
}

const noteList = (notes) => notes.length ? make("ul.muted", {}, notes.map((note) => make("li", {}, note))) : null;

function bodySection(body) {
  const told = body.matches.filter((match, n) => n === 0 || match.finding !== "candidate");
  const weak = body.matches.filter((match) => !told.includes(match));
  return make("section.body", {}, bodyHead(body), noteList(body.notes), told.map(matchArticle),
    weak.length ? make("details.fold.others", {},
      make("summary", {}, `${plural(weak.length, "weaker candidate", "weaker candidates")}, which raise nothing`),
      weak.map(matchArticle)) : null);
}

function plainBodies(bodies, beside) {
  return make("section.body", {},
    make("h3", {}, `${beside ? "Other bodies" : "Bodies"}: nothing on the list matched`),
    make("ul", {}, bodies.map((body) => make("li", {}, make("strong", {}, body.title),
      make("span.muted", {}, ` · ${body.size} · ${body.triangles} · unit ${body.unit}`), noteList(body.notes)))));
}

function matchArticle(match) {
  const pictured = typeof match.picture !== "string";
  const words = [
    match.sentences.map((sentence, n) => make(n ? "p" : "p.lead", {}, unbroken(sentence))),
    match.remarks.length ? make("ul", {}, match.remarks.map((remark) => make("li", {}, remark))) : null,
    match.generic ? make("p.notice", {}, match.generic) : null,
    pictured ? null : make("p.muted", {}, match.picture),
    make("details.fold", {}, make("summary", {}, "What this says, and what it does not"),
      make("p", {}, match.meaning)),
    rawFold(match),
  ];
  return make("article.match", {},
    make("header", {}, make("h4", {}, match.title), badge(match.finding),
      make("p.muted", {}, match.relation)),
    match.accepted ? make("p.notice.t-clear.accepted", {}, match.accepted) : null,
    match.ghost ? make("p.notice.grave", {}, make("strong", {}, match.ghost)) : null,
    make("p", {}, match.explained),
    weightPart(match.weight),
    pictured ? make("div.split", {}, pictures(match), make("div", {}, words), spacePart(match)) : words);
}

/** What the match is worth: the figure, the word beside it, where it lies, the sentence, the rivals. */
function weightPart(weight) {
  return make("section.weight", { "aria-label": "What this match is worth" },
    make("div.worth", {}, make("p.figure" + (weight.support ? "" : ".none"), {}, unbroken(weight.figure)),
      weight.support ? make("p.word", {}, weight.support) : null,
      weight.limit ? make("p.muted", {}, `(${weight.limit})`) : null),
    make("div", {}, weight.scale ? weightScale(weight.scale) : null, make("p", {}, weight.statement),
      weight.alerts ? make("p", {}, weight.alerts) : null,
      weight.rivals.length ? make("ul.muted", {}, weight.rivals.map((rival) => make("li", {}, rival))) : null));
}

/** From the bound below zero to the bound above; a bar from zero, so that neither side needs a colour. */
function weightScale(scale) {
  const at = (kind, place) => {
    const mark = make(`i.${kind}`, {});
    mark.style.left = `${100 * place}%`;
    return mark;
  };
  const reach = at("reach", Math.min(scale.at, scale.zero));
  reach.style.width = `${100 * Math.abs(scale.at - scale.zero)}%`;
  const zero = scale.zero < 0.85 ? at("number", scale.zero) : null;
  if (zero) zero.textContent = "0";
  return make("div.bits", { role: "img", "aria-label": scale.says },
    make("div.track", {}, reach, scale.edges.map((edge) => at("edge", edge)), at("zero", scale.zero),
      at("needle", scale.at)),
    make("div.ends", {}, zero, [0, 1].map((end) =>
      make("span", {}, scale.ends[end], make("br", {}), scale.sides[end]))));
}

function rawFold(match) {
  return make("details.fold", {}, make("summary", {}, "Raw numbers and transform"),
    pairs("dl.raw", match.raw, ".mono"),
    make("p.muted", {}, "T_part_body: from this body, in the item's millimetres, to the listed part's frame."),
    make("table.matrix.mono", {}, make("tbody", {}, match.transform.map((line) =>
      make("tr", {}, line.map((value) => make("td", {}, value)))))));
}

/** Numbers keep their units on the same line. */
const unbroken = (sentence) => sentence.replace(/(\d) (mm|%|bits)/g, "$1\u00a0$2");

const share = (value) => `${(100 * value).toFixed(0)} %`;

function pictures(match) {
  const { key, size, shows } = match.picture;
  const says = `${share(shows.coincident)} of the drawn surface coincides with the listed part, ` +
    `${share(shows.deviating)} deviates, ${share(shows.beyond)} has nothing of it within reach.`;
  const shot = (side, where) => make("img", { width: size[0], height: size[1],
    alt: `The submitted body from the ${where}. ${says}`, src: `data:image/png;base64,${text(`${key}-${side}`)}` });
  return make("figure.shots", {},
    make("div.pair", {}, shot("front", "front, above"), shot("back", "back, below")),
    make("figcaption", {}, "The submitted body, from the front above and from the back below, coloured by its " +
      "distance to the listed part.", legend(match.picture.ramp)));
}

function legend(ramp) {
  const { colours } = overview;
  const chip = (colour) => {
    const box = make("i.chip", {});
    box.style.background = rgb(colour);
    return box;
  };
  const strip = make("i", {});
  strip.style.background = `linear-gradient(to right, ${colours.ramp.map(rgb).join(", ")})`;
  return make("ul.legend", { "aria-label": "Colours" },
    make("li", {}, chip(colours.coincident), `coincides, within ${ramp.ticks[0]}`),
    make("li", {}, make("span.scale", {}, strip, ramp.ticks.map((tick) => make("span", {}, tick)))),
    make("li", {}, chip(colours.beyond), "nothing of the part within reach"));
}

/** A button and the 3D view it opens. */
function spacePart(match) {
  const space = make("div.space", { role: "group", "aria-label": "3D view; drag to turn, scroll to zoom", hidden: true });
  const button = make("button.solid", { type: "button", "aria-expanded": "false" }, "Open 3D view");
  const close = () => {
    closeSpace(space);
    button.textContent = "Open 3D view";
    button.setAttribute("aria-expanded", "false");
  };
  button.addEventListener("click", () => {
    if (!space.hidden) return close();
    button.textContent = "Close 3D view";
    button.setAttribute("aria-expanded", "true");
    return openSpace(space, match.picture, overview.colours);
  });
  space.addEventListener("closespace", close);
  return make("div.wide", {}, button, space);
}

/** Before elements go away, the 3D views in them are destroyed. */
function closeSpaces(within) {
  within.querySelectorAll(".space:not([hidden])").forEach((space) => space.dispatchEvent(new Event("closespace")));
}
