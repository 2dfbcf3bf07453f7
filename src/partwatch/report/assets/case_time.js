// The time line: how much happened when, a lane for each kind of event, and a stretch of time to keep.

const kindsOfEvents = (() => {
  const counts = new Map();
  events.forEach((event) => counts.set(event.kind, (counts.get(event.kind) || 0) + 1));
  const sorted = [...counts].sort((one, another) => another[1] - one[1]).map(([kind]) => kind);
  return sorted.length > 8 ? [...sorted.slice(0, 7), "other events"] : sorted;
})();
const laneOf = (event) => { const lane = kindsOfEvents.indexOf(event.kind); return lane < 0 ? kindsOfEvents.length - 1 : lane; };
const span = (() => {
  const moments = [...events.map((event) => event.at), ...links.flatMap((link) => (link.first === null ? [] : [link.first, link.last]))];
  if (!moments.length) return null;
  const [first, last] = [moments.reduce((one, two) => Math.min(one, two)), moments.reduce((one, two) => Math.max(one, two))];
  const room = Math.max(864e5, (last - first) * 0.02);
  return [first - room, last + room];
})();
const iso = (moment) => new Date(moment).toISOString().slice(0, 10);
const PAD = {left: 84, right: 14, top: 44, bottom: 22};

const time = new Stage("time", {draw: drawTime, hit: hitTime, onPick: choose, moves: false});
const timeX = (moment) => PAD.left + ((moment - span[0]) / (span[1] - span[0])) * (time.width - PAD.left - PAD.right);
const timeAt = (px) => span[0] + Math.min(1, Math.max(0, (px - PAD.left) / (time.width - PAD.left - PAD.right))) * (span[1] - span[0]);
const laneY = (lane) => PAD.top + ((lane + 0.5) * (time.height - PAD.top - PAD.bottom)) / Math.max(1, kindsOfEvents.length);
/** Events of one day in one lane stand a little apart. */
const spread = (() => {
  const seen = new Map();
  return events.map((event) => { const key = `${event.kind} ${event.date.slice(0, 10)}`; const n = seen.get(key) || 0; seen.set(key, n + 1); return n; });
})();
const eventAt = (event) => [timeX(event.at), laneY(laneOf(event)) + (spread[event.place] ? (spread[event.place] % 2 ? 1 : -1) * Math.min(5, 2 * Math.ceil(spread[event.place] / 2)) : 0)];

function drawTime(pen, stage) {
  if (!span) { new Labels().write(pen, "Nothing in this case has a date.", stage.width / 2, stage.height / 2, {size: 13, align: "center", ink: colours.muted}); return; }
  drawKept(pen, stage);
  drawAxis(pen, stage);
  drawAmount(pen);
  const labels = new Labels();
  kindsOfEvents.forEach((kind, lane) => {
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(PAD.left, laneY(lane));
    pen.lineTo(stage.width - PAD.right, laneY(lane));
    pen.stroke();
    labels.write(pen, cut(kind, 13), 8, laneY(lane), {size: 11.5, ink: colours.muted});
  });
  const order = [...events].sort((one, another) => litEvents.has(one.place) - litEvents.has(another.place));
  for (const event of order) {
    if (!shownEvent[event.place]) continue;
    const [x, y] = eventAt(event);
    const group = nodes[event.nodes[0]].group;
    const on = chosen ? litEvents.has(event.place) : !found.size || event.nodes.some((one) => found.has(one));
    const r = on && chosen ? 5.2 : 3.6;
    const path = shape(told.groups[group].shape, x, y, r);
    pen.globalAlpha = on ? 0.95 : 0.16;
    pen.fillStyle = colours.groups[group];
    pen.fill(path);
    pen.lineWidth = on && chosen ? 1.6 : 0.8;
    pen.strokeStyle = on && chosen ? colours.ink : colours.halo;
    pen.stroke(path);
  }
  pen.globalAlpha = 1;
  const over = stage.over && events[stage.over.at];
  if (over) {
    const [x, y] = eventAt(over);
    labels.write(pen, `${over.date.slice(0, 10)} ${cut(over.words, 40)}`, x + 8, y - 12, {must: true, bold: true, width: stage.width});
  }
}

function drawKept(pen, stage) {
  if (!dated()) return;
  const [left, right] = [timeX(filters.from ?? span[0]), timeX((filters.to ?? span[1]) + (filters.to === null ? 0 : 864e5))];
  pen.globalAlpha = 0.12;
  pen.fillStyle = colours.accent;
  pen.fillRect(left, 6, right - left, stage.height - 6 - PAD.bottom);
  pen.globalAlpha = 1;
  pen.fillRect(left - 1, 6, 2, stage.height - 6 - PAD.bottom);
  pen.fillRect(right - 1, 6, 2, stage.height - 6 - PAD.bottom);
}

function drawAxis(pen, stage) {
  const labels = new Labels();
  const days = (span[1] - span[0]) / 864e5;
  const room = Math.max(3, Math.floor((stage.width - PAD.left) / 78));
  const months = Math.max(1, [1, 2, 3, 6, 12, 24, 60, 120].find((step) => days / 30 / step <= room) || 240);
  const start = new Date(span[0]);
  const ticks = [];
  if (days < 60) {
    const step = [1, 2, 7, 14].find((one) => days / one <= room) || 14;
    for (let at = Math.ceil(span[0] / 864e5) * 864e5; at < span[1]; at += step * 864e5) ticks.push([at, iso(at).slice(5)]);
  } else {
    for (let n = 0; n < 4000; n += 1) {
      const at = Date.UTC(start.getUTCFullYear(), n * months);
      if (at > span[1]) break;
      if (at >= span[0]) ticks.push([at, months >= 12 ? iso(at).slice(0, 4) : iso(at).slice(0, 7)]);
    }
  }
  for (const [at, words] of ticks) {
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(timeX(at), PAD.top - 4);
    pen.lineTo(timeX(at), stage.height - PAD.bottom);
    pen.stroke();
    labels.write(pen, words, timeX(at), stage.height - PAD.bottom / 2, {size: 11, align: "center", ink: colours.muted, width: stage.width});
  }
}

/** How many of the shown events fall in each of eighty stretches. */
function drawAmount(pen) {
  const bins = new Array(80).fill(0);
  const wide = (span[1] - span[0]) / bins.length;
  events.forEach((event) => { if (shownEvent[event.place]) bins[Math.min(79, Math.floor((event.at - span[0]) / wide))] += 1; });
  const most = Math.max(1, ...bins);
  pen.globalAlpha = 0.55;
  pen.fillStyle = colours.edge;
  bins.forEach((count, n) => {
    const x = timeX(span[0] + n * wide);
    const high = (count / most) * (PAD.top - 14);
    pen.fillRect(x, PAD.top - 6 - high, Math.max(1, timeX(span[0] + (n + 1) * wide) - x - 1), high);
  });
  pen.globalAlpha = 1;
  new Labels().write(pen, `most: ${most}`, 8, PAD.top - 18, {size: 11, ink: colours.muted});
}

function hitTime(px, py) {
  if (!span) return null;
  let best = null;
  let least = 8;
  for (const event of events) {
    if (!shownEvent[event.place]) continue;
    const [x, y] = eventAt(event);
    const far = Math.hypot(x - px, y - py);
    if (far < least) [least, best] = [far, event];
  }
  return best && {kind: "event", at: best.place};
}

time.onDown = (px) => { time.brushed = px; };
time.onDrag = (px) => {
  if (!span || Math.abs(px - time.brushed) < 5) return;
  const [one, two] = [timeAt(time.brushed), timeAt(px)].sort((a, b) => a - b);
  setTime(iso(one), iso(two));
};
time.onUp = (px, py, moved) => moved;
time.onFit = () => setTime("", "");
time.onArrow = (dx) => {
  const list = events.filter((event) => shownEvent[event.place]);
  if (!dx || !list.length) return;
  const now = chosen && chosen.kind === "event" ? list.findIndex((event) => event.place === chosen.at) : dx > 0 ? -1 : list.length;
  choose({kind: "event", at: list[Math.min(list.length - 1, Math.max(0, now + dx))].place});
};

/** Keep only what lies between two days (ISO 8601; empty: open). */
function setTime(from, to) {
  [filters.from, filters.to] = [day(from), day(to)];
  [byId("from").value, byId("to").value] = [from, to];
  sift();
}
