// The network: groups tinted, links bent towards the middles of their groups, labels of the weightiest first.

const centres = new Map();
const hulls = [];
const order = [...nodes].sort((one, another) => another.importance - one.importance || one.place - another.place);

/** The layout over the whole of the drawing, and no two entities upon one another. */
function spreadOut() {
  for (const axis of ["x", "y"]) {
    const values = nodes.map((node) => node[axis]);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    nodes.forEach((node) => { node[axis] = most > least ? (node[axis] - least) / (most - least) : 0.5; });
  }
  // As if drawn 900 by 640: sizes differ, and so a little room is left.
  const [wide, high] = [900, 640];
  const room = nodes.map((node) => (3.6 + 8 * Math.sqrt(node.importance)) * 1.3);
  for (let round = 0; round < 60; round += 1) {
    let moved = false;
    for (let a = 0; a < nodes.length; a += 1) {
      for (let b = a + 1; b < nodes.length; b += 1) {
        const [dx, dy] = [(nodes[b].x - nodes[a].x) * wide, (nodes[b].y - nodes[a].y) * high];
        const wanted = room[a] + room[b];
        if (Math.abs(dx) >= wanted || Math.abs(dy) >= wanted) continue;
        const far = Math.hypot(dx, dy);
        if (far >= wanted) continue;
        // Two at one point part by their places, the same in every browser.
        const turn = far > 1e-6 ? null : a * 2.4;
        const [ux, uy] = turn === null ? [dx / far, dy / far] : [Math.cos(turn), Math.sin(turn)];
        const push = (wanted - far) / 2 / (room[a] + room[b]);
        nodes[a].x -= (ux * push * room[b]) / wide; nodes[a].y -= (uy * push * room[b]) / high;
        nodes[b].x += (ux * push * room[a]) / wide; nodes[b].y += (uy * push * room[a]) / high;
        moved = true;
      }
    }
    if (!moved) break;
  }
  nodes.forEach((node) => ["x", "y"].forEach((axis) => { node[axis] = Math.min(1.03, Math.max(-0.03, node[axis])); }));
}

function findGroups() {
  const members = new Map();
  for (const node of nodes) if (node.community !== null) members.set(node.community, [...(members.get(node.community) || []), node]);
  for (const [community, inside] of members) {
    const mean = (axis) => inside.reduce((sum, node) => sum + node[axis], 0) / inside.length;
    centres.set(community, [mean("x"), mean("y")]);
    if (inside.length > 3) hulls.push([community, hull(inside.map((node) => [node.x, node.y]))]);
  }
}

/** Convex hull of points (Andrew's monotone chain). */
function hull(points) {
  const sorted = [...points].sort((one, another) => one[0] - another[0] || one[1] - another[1]);
  const half = (list) => {
    const kept = [];
    for (const [x, y] of list) {
      while (kept.length > 1) {
        const [[ax, ay], [bx, by]] = kept.slice(-2);
        if ((bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0) break;
        kept.pop();
      }
      kept.push([x, y]);
    }
    return kept.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

const network = new Stage("network", {draw: drawNetwork, hit: hitNetwork, onPick: choose});
// The layout fills the middle; a margin keeps labels inside.
const MARGIN = 0.07;
const placed = (node) => network.at(MARGIN + node.x * (1 - 2 * MARGIN), MARGIN + node.y * (1 - 2 * MARGIN));
const radius = (node) => (3.6 + 8 * Math.sqrt(node.importance)) * Math.min(2.2, Math.sqrt(network.k)) * (network.width < 500 ? 0.75 : 1);

/** The curve of a link in pixels: ends and two handles. */
function curve(link) {
  const [one, two] = [nodes[link.left], nodes[link.right]];
  const [ax, ay] = placed(one);
  const [bx, by] = placed(two);
  if (one.community === two.community || !centres.has(one.community) || !centres.has(two.community)) return [ax, ay, (2 * ax + bx) / 3, (2 * ay + by) / 3, (ax + 2 * bx) / 3, (ay + 2 * by) / 3, bx, by];
  const [cx, cy] = placed({x: centres.get(one.community)[0], y: centres.get(one.community)[1]});
  const [dx, dy] = placed({x: centres.get(two.community)[0], y: centres.get(two.community)[1]});
  const pull = (a, b, c, t) => (1 - 0.7) * (a + (b - a) * t) + 0.7 * c;
  return [ax, ay, pull(ax, bx, cx, 0.33), pull(ay, by, cy, 0.33), pull(ax, bx, dx, 0.67), pull(ay, by, dy, 0.67), bx, by];
}

function onCurve([ax, ay, bx, by, cx, cy, dx, dy], t) {
  const s = 1 - t;
  const at = (a, b, c, d) => s * s * s * a + 3 * s * s * t * b + 3 * s * t * t * c + t * t * t * d;
  return [at(ax, bx, cx, dx), at(ay, by, cy, dy)];
}

const thick = (link) => 0.4 + Math.min(2.4, Math.max(0, link.bits) / 6);
const dims = () => chosen !== null || found.size > 0;

function drawNetwork(pen, stage) {
  drawHulls(pen);
  const crowd = Math.min(1, Math.sqrt(500 / Math.max(1, shownLink.reduce((sum, one) => sum + one, 0))));
  for (const link of links) {
    if (!shownLink[link.place] || litLinks.has(link.place)) continue;
    const across = nodes[link.left].community !== nodes[link.right].community;
    pen.globalAlpha = (dims() ? 0.3 : 1) * crowd * (across ? 0.32 : 0.6) * (0.4 + 0.6 * Math.min(1, Math.max(0, link.bits) / 8));
    stroke(pen, link, colours.edge, thick(link));
  }
  pen.globalAlpha = (chosen && chosen.kind === "source" ? 0.45 : 0.9) * Math.min(1, Math.max(0.3, Math.sqrt(40 / Math.max(1, litLinks.size))));
  for (const place of litLinks) if (shownLink[place] || chosen.kind !== "node") stroke(pen, links[place], colours.accent, thick(links[place]) + (litLinks.size > 60 ? 0.2 : 0.8), chosen.kind !== "source");
  pen.globalAlpha = 1;
  for (const node of [...order].reverse()) if (shownNode[node.place]) drawNode(pen, node);
  drawLabels(pen, stage);
}

function stroke(pen, link, ink, width, arrow) {
  const [ax, ay, bx, by, cx, cy, dx, dy] = curve(link);
  pen.beginPath();
  pen.moveTo(ax, ay);
  pen.bezierCurveTo(bx, by, cx, cy, dx, dy);
  pen.setLineDash(link.inferred ? [5, 4] : []);
  pen.lineWidth = width;
  pen.strokeStyle = ink;
  pen.stroke();
  pen.setLineDash([]);
  if (!arrow || !link.directed) return;
  const angle = Math.atan2(dy - cy, dx - cx);
  const back = radius(nodes[link.right]) + 2;
  const [tx, ty] = [dx - back * Math.cos(angle), dy - back * Math.sin(angle)];
  pen.beginPath();
  pen.moveTo(tx, ty);
  [2.6, -2.6].forEach((turn) => pen.lineTo(tx + 9 * Math.cos(angle + turn), ty + 9 * Math.sin(angle + turn)));
  pen.fillStyle = ink;
  pen.fill();
}

function drawHulls(pen) {
  pen.lineJoin = "round";
  for (const [community, ring] of hulls) {
    if (filters.community !== null && filters.community !== community) continue;
    pen.beginPath();
    ring.forEach(([x, y]) => pen.lineTo(...placed({x, y})));
    pen.closePath();
    pen.fillStyle = pen.strokeStyle = colours.hull;
    pen.lineWidth = 26;
    pen.fill();
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

function drawNode(pen, node) {
  const [x, y] = placed(node);
  const r = radius(node);
  if (x < -40 || y < -40 || x > network.width + 40 || y > network.height + 40) return;
  const on = chosen ? lit.has(node.place) || near.has(node.place) : !found.size || found.has(node.place);
  pen.globalAlpha = on ? 1 : 0.22;
  const path = shape(told.groups[node.group].shape, x, y, r);
  pen.fillStyle = colours.groups[node.group];
  pen.fill(path);
  pen.lineWidth = 1.2;
  pen.strokeStyle = colours.halo;
  pen.stroke(path);
  const over = network.over && network.over.kind === "node" && network.over.at === node.place;
  if (lit.has(node.place) && chosen.kind !== "source" || over || (!chosen && found.has(node.place))) {
    pen.lineWidth = 2.4;
    pen.strokeStyle = colours.ink;
    pen.stroke(shape(told.groups[node.group].shape, x, y, r + 2));
  }
  pen.globalAlpha = 1;
}

function drawLabels(pen, stage) {
  const labels = new Labels();
  const write = (node, must, bold) => {
    const [x, y] = placed(node);
    const r = radius(node);
    if (x < 0 || y < 0 || x > stage.width || y > stage.height) return false;
    return labels.write(pen, cut(node.caption, must ? 40 : 24), x, y, {aside: r + 4, size: must ? 12.5 : 11.5, must, bold, width: stage.width});
  };
  const over = stage.over && stage.over.kind === "node" ? nodes[stage.over.at] : null;
  if (over && shownNode[over.place]) write(over, true, true);
  if (chosen && chosen.kind !== "source") [...lit].slice(0, 30).forEach((place) => nodes[place] !== over && shownNode[place] && write(nodes[place], true, true));
  const rest = chosen ? order.filter((node) => near.has(node.place) && !lit.has(node.place)) : found.size ? order.filter((node) => found.has(node.place)) : order;
  let left = Math.round(((stage.width * stage.height) / (chosen ? 9000 : 11000)) * Math.min(3, Math.max(1, stage.k / 1.5)));
  for (const node of rest) {
    if (left <= 0) break;
    if (shownNode[node.place] && node !== over && write(node, false, false)) left -= 1;
  }
}

function hitNetwork(px, py) {
  let best = null;
  let near2 = Infinity;
  for (const node of nodes) {
    if (!shownNode[node.place]) continue;
    const [x, y] = placed(node);
    const far = Math.hypot(x - px, y - py) - radius(node);
    if (far < Math.min(near2, 5)) [near2, best] = [far, node];
  }
  if (best) return {kind: "node", at: best.place};
  let line = null;
  let close = 5;
  for (const link of links) {
    if (!shownLink[link.place]) continue;
    const bent = curve(link);
    for (let t = 0.04; t < 1; t += 0.04) {
      const [x, y] = onCurve(bent, t);
      const far = Math.hypot(x - px, y - py) - (litLinks.has(link.place) ? 2 : 0);
      if (far < close) [close, line] = [far, link];
    }
  }
  return line && {kind: "link", at: line.place};
}

network.onArrow = (dx, dy) => {
  const from = chosen && chosen.kind === "node" ? nodes[chosen.at] : null;
  if (!from) { const first = order.find((node) => shownNode[node.place]); if (first) choose({kind: "node", at: first.place}); return; }
  const [x, y] = placed(from);
  let best = null;
  let least = Infinity;
  for (const node of nodes) {
    if (!shownNode[node.place] || node === from) continue;
    const [nx, ny] = placed(node);
    const along = (nx - x) * dx + (ny - y) * dy;
    const aside = Math.abs((nx - x) * dy) + Math.abs((ny - y) * dx);
    if (along <= 0 || aside > 2 * along) continue;
    if (along + 2 * aside < least) [least, best] = [along + 2 * aside, node];
  }
  if (best) choose({kind: "node", at: best.place});
};
spreadOut();
findGroups();
/** A path is brought near, if it is small in the drawing. */
function bringNear() {
  const at = [...lit].map((place) => nodes[place]).map((node) => [MARGIN + node.x * (1 - 2 * MARGIN), MARGIN + node.y * (1 - 2 * MARGIN)]);
  const [xs, ys] = [0, 1].map((axis) => at.map((one) => one[axis]));
  const size = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys), 0.08);
  network.k = Math.min(5, Math.max(1, 0.55 / size));
  const middle = (values) => (Math.max(...values) + Math.min(...values)) / 2 - 0.5 / network.k;
  [network.x, network.y] = network.k === 1 ? [0, 0] : [middle(xs), middle(ys)];
}

whenChanged((what) => {
  if (what !== "chosen" || !chosen || chosen.kind === "source" || chosen.kind === "set") return;
  if (chosen.kind === "path") { bringNear(); return; }
  const node = nodes[[...lit][0]];
  if (node && lit.size === 1) network.reveal(MARGIN + node.x * (1 - 2 * MARGIN), MARGIN + node.y * (1 - 2 * MARGIN));
});
