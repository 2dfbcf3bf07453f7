// The map: outlines, a graticule, and how many entities lie where; longitude and latitude are drawn as they are.

const spots = (() => {
  const made = new Map();
  for (const place of places) {
    const key = place.exact ? `${place.latitude.toFixed(1)} ${place.longitude.toFixed(1)}` : place.code;
    const spot = made.get(key) || {byNumber: true, exact: place.exact, code: place.code, latitude: place.latitude, longitude: place.longitude, nodes: new Set()};
    spot.nodes.add(place.node);
    if (place.by !== "number") spot.byNumber = false;
    made.set(key, spot);
  }
  return [...made.values()].map((spot, place) => ({...spot, place, nodes: [...spot.nodes]}));
})();
const spotsOf = new Map();
spots.forEach((spot) => spot.nodes.forEach((one) => spotsOf.set(one, [...(spotsOf.get(one) || []), spot])));
/** Pairs of spots that links join, and how many do. */
const routes = (() => {
  const made = new Map();
  const add = (one, two, link) => {
    if (one === two || (one.code === two.code && !(one.exact && two.exact))) return;
    const key = [one.place, two.place].sort((a, b) => a - b).join(" ");
    made.set(key, [...(made.get(key) || []), link]);
  };
  links.forEach((link) => (spotsOf.get(link.left) || []).forEach((one) => (spotsOf.get(link.right) || []).forEach((two) => add(one, two, link.place))));
  return [...made].map(([key, through]) => [...key.split(" ").map((one) => spots[Number(one)]), through]);
})();
const outlines = told.world.outlines.map((steps) => {
  let [x, y] = steps;
  const ring = [[x, y]];
  for (let n = 2; n < steps.length; n += 2) { x += steps[n]; y += steps[n + 1]; ring.push([x, y]); }
  return ring.map(([a, b]) => [a * told.world.step, b * told.world.step]);
});

const map = new Stage("map", {draw: drawMap, hit: hitMap, onPick: pickMap, most: 60});
// What is in sight at first: longitude and latitude of the middle, and degrees of longitude across.
const sight = (() => {
  if (!spots.length) return {longitude: 10, latitude: 25, wide: 300, high: 130};
  const list = spots;
  const sorted = (axis) => list.map((spot) => spot[axis]).sort((one, two) => one - two);
  const part = (values, share) => values[Math.round((values.length - 1) * share)];
  // A few far away do not make the rest small: they are reached by zooming out.
  const [west, east] = [part(sorted("longitude"), 0.04), part(sorted("longitude"), 0.94)];
  const [south, north] = [part(sorted("latitude"), 0.04), part(sorted("latitude"), 0.96)];
  return {longitude: (west + east) / 2, latitude: (south + north) / 2, wide: Math.max(12, (east - west) * 1.35), high: Math.max(7, (north - south) * 1.5)};
})();
const squeeze = Math.cos((Math.min(70, Math.abs(sight.latitude)) * Math.PI) / 180);
const perDegree = () => Math.min(map.width / sight.wide, (map.height / sight.high) * squeeze);
const onMap = (longitude, latitude) => {
  const each = perDegree();
  return map.at(0.5 + ((longitude - sight.longitude) * each) / map.width, 0.5 - (((latitude - sight.latitude) / squeeze) * each) / map.height);
};
const shownOn = (spot) => spot.nodes.filter((one) => shownNode[one]);
const spotSize = (count) => Math.min(22, 4 + 2.4 * Math.sqrt(count));

function drawMap(pen, stage) {
  pen.fillStyle = colours.water;
  pen.fillRect(0, 0, stage.width, stage.height);
  drawGraticule(pen, stage);
  pen.lineWidth = 0.8;
  pen.fillStyle = colours.land;
  pen.strokeStyle = colours.coast;
  pen.lineJoin = "round";
  for (const ring of outlines) {
    pen.beginPath();
    ring.forEach(([longitude, latitude]) => pen.lineTo(...onMap(longitude, latitude)));
    pen.closePath();
    pen.fill();
    pen.stroke();
  }
  if (!spots.length) { new Labels().write(pen, "Nothing in this case has a place.", stage.width / 2, stage.height / 2, {size: 13, align: "center", ink: colours.muted}); return; }
  drawRoutes(pen);
  const labels = new Labels();
  const sorted = spots.filter((spot) => shownOn(spot).length).sort((one, two) => shownOn(two).length - shownOn(one).length);
  [...sorted].reverse().forEach((spot) => drawSpot(pen, stage, spot));
  farAway(pen, stage, labels, sorted);
  sorted.forEach((spot) => labelSpot(pen, stage, labels, spot));
}

/** What lies outside of what is in sight is named at the edge that it lies beyond. */
function farAway(pen, stage, labels, sorted) {
  for (const spot of sorted) {
    const [x, y] = onMap(spot.longitude, spot.latitude);
    if (x >= 0 && y >= 0 && x <= stage.width && y <= stage.height) continue;
    const [ex, ey] = [Math.min(stage.width - 6, Math.max(6, x)), Math.min(stage.height - 12, Math.max(12, y))];
    const arrow = x > stage.width ? "→" : x < 0 ? "←" : y < 0 ? "↑" : "↓";
    labels.write(pen, `${countryName(spot.code)} ${shownOn(spot).length} ${arrow}`, ex, ey, {size: 11, ink: colours.accent, width: stage.width});
  }
}

function drawGraticule(pen, stage) {
  const each = perDegree() * stage.k;
  const step = [0.5, 1, 2, 5, 10, 20, 30].find((one) => one * each > 70) || 30;
  pen.strokeStyle = colours.line;
  pen.lineWidth = 1;
  const lines = (from, to, draw) => { for (let at = Math.ceil(from / step) * step; at <= to; at += step) draw(at); };
  const across = stage.width / each;
  const down = (stage.height / each) * squeeze;
  const [cx, cy] = onMap(0, 0);
  const [west, north] = [-cx / each, (cy / each) * squeeze];
  lines(Math.max(-180, west), Math.min(180, west + across), (at) => { const [x] = onMap(at, 0); pen.beginPath(); pen.moveTo(x, 0); pen.lineTo(x, stage.height); pen.stroke(); });
  lines(Math.max(-90, north - down), Math.min(90, north), (at) => { const [, y] = onMap(0, at); pen.beginPath(); pen.moveTo(0, y); pen.lineTo(stage.width, y); pen.stroke(); });
}

function drawRoutes(pen) {
  for (const [one, two, through] of routes) {
    const list = through.filter((number) => shownLink[number]);
    if (!list.length) continue;
    const on = chosen && list.some((number) => litLinks.has(number));
    const [ax, ay] = onMap(one.longitude, one.latitude);
    const [bx, by] = onMap(two.longitude, two.latitude);
    pen.globalAlpha = on ? 0.9 : chosen ? 0.1 : 0.32;
    pen.strokeStyle = on ? colours.accent : colours.edge;
    pen.lineWidth = (on ? 1 : 0.4) + Math.min(3, Math.sqrt(list.length) / 2.5);
    pen.beginPath();
    pen.moveTo(ax, ay);
    pen.quadraticCurveTo((ax + bx) / 2 + (by - ay) * 0.14, (ay + by) / 2 - (bx - ax) * 0.14, bx, by);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

const onSpot = (spot) => (chosen ? spot.nodes.some((one) => lit.has(one)) : !found.size || spot.nodes.some((one) => found.has(one)));

function drawSpot(pen, stage, spot) {
  const count = shownOn(spot).length;
  const [x, y] = onMap(spot.longitude, spot.latitude);
  const r = spotSize(count);
  pen.beginPath();
  pen.arc(x, y, r, 0, 7);
  pen.globalAlpha = onSpot(spot) ? (spot.exact ? 0.9 : 0.22) : spot.exact ? 0.25 : 0.08;
  pen.fillStyle = colours.accent;
  pen.fill();
  pen.globalAlpha = onSpot(spot) ? 1 : 0.3;
  pen.lineWidth = chosen && onSpot(spot) ? 2.4 : 1.3;
  pen.strokeStyle = chosen && onSpot(spot) ? colours.ink : spot.exact ? colours.halo : colours.accent;
  pen.setLineDash(spot.exact ? [] : [3, 3]);
  pen.stroke();
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}

function labelSpot(pen, stage, labels, spot) {
  const list = shownOn(spot);
  const [x, y] = onMap(spot.longitude, spot.latitude);
  if (x < 0 || y < 0 || x > stage.width || y > stage.height) return;
  const over = stage.over && stage.over.at === spot.place;
  const name = spot.exact ? cut(list.length === 1 ? nodes[list[0]].caption : `${list.length} addresses`, 26) : `${countryName(spot.code)} ${list.length}`;
  const on = chosen && onSpot(spot);
  if (spot.exact && !over && !on && stage.k < 2.5) return;
  labels.write(pen, name, x, y, {aside: spotSize(list.length) + 3, size: 11.5, must: over || false, bold: over || on, width: stage.width});
}

function hitMap(px, py) {
  let best = null;
  let least = 6;
  for (const spot of spots) {
    const count = shownOn(spot).length;
    if (!count) continue;
    const [x, y] = onMap(spot.longitude, spot.latitude);
    const far = Math.hypot(x - px, y - py) - spotSize(count) + (spot.exact ? -3 : 0);
    if (far < least) [least, best] = [far, spot];
  }
  return best && {kind: "spot", at: best.place};
}

function pickMap(over) {
  if (!over) { choose(null); return; }
  const list = shownOn(spots[over.at]);
  choose(list.length === 1 ? {kind: "node", at: list[0]} : {kind: "set", at: list, words: spots[over.at].exact ? "At this place" : countryName(spots[over.at].code) + (spots[over.at].byNumber ? ", by the numbers of phones, accounts or parcels" : "")});
}

map.onArrow = (dx, dy) => {
  const list = spots.filter((spot) => shownOn(spot).length).sort((one, two) => one.longitude - two.longitude || one.latitude - two.latitude);
  if (!list.length) return;
  const now = map.walked === undefined ? -1 : list.findIndex((spot) => spot.place === map.walked);
  const next = list[(now + (dx + dy > 0 ? 1 : -1) + list.length) % list.length];
  map.walked = next.place;
  pickMap({at: next.place});
};
