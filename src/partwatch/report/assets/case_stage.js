// What the three drawings have in common: a sharp canvas, colours of the page, moving and zooming, shapes.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
let colours = {};
function mix() {
  const names = ["ink", "muted", "line", "accent", "card", "edge", "hull", "water", "land", "coast", "halo", "soft"];
  colours = Object.fromEntries(names.map((name) => [name, colour(`--${name}`)]));
  colours.groups = told.groups.map((_, place) => colour(`--g${place}`));
  colours.font = getComputedStyle(document.body).fontFamily;
}

/** A path of one of the shapes around a middle; r is about its half width. */
function shape(kind, x, y, r) {
  const path = new Path2D();
  const corners = (count, turn, size) => {
    for (let n = 0; n < count; n += 1) {
      const angle = turn + (2 * Math.PI * n) / count;
      path.lineTo(x + size * Math.cos(angle), y + size * Math.sin(angle));
    }
    path.closePath();
  };
  if (kind === "circle") path.arc(x, y, r, 0, 7);
  else if (kind === "square") path.rect(x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76);
  else if (kind === "diamond") corners(4, 0, r * 1.25);
  else if (kind === "box") path.rect(x - r * 1.25, y - r * 0.72, r * 2.5, r * 1.44);
  else if (kind === "triangle") corners(3, -Math.PI / 2, r * 1.3);
  else if (kind === "wedge") corners(3, Math.PI / 2, r * 1.3);
  else if (kind === "pentagon") corners(5, -Math.PI / 2, r * 1.15);
  else if (kind === "hexagon") corners(6, 0, r * 1.1);
  else if (kind === "star") {
    for (let n = 0; n < 10; n += 1) {
      const size = n % 2 ? r * 0.62 : r * 1.45;
      path.lineTo(x + size * Math.cos(-Math.PI / 2 + (Math.PI * n) / 5), y + size * Math.sin(-Math.PI / 2 + (Math.PI * n) / 5));
    }
    path.closePath();
  } else {
    const w = r * 0.42;
    [[-w, -r], [w, -r], [w, -w], [r, -w], [r, w], [w, w], [w, r], [-w, r], [-w, w], [-r, w], [-r, -w], [-w, -w]].forEach(([dx, dy]) => path.lineTo(x + dx, y + dy));
    path.closePath();
  }
  return path;
}

/** The same shapes as small pictures in the page. */
function glyph(group) {
  const d = {
    circle: "M14 8A6 6 0 1 1 2 8A6 6 0 1 1 14 8Z", square: "M3 3H13V13H3Z", diamond: "M8 1L15 8L8 15L1 8Z", box: "M1 4H15V12H1Z",
    triangle: "M8 1.5L14.5 13H1.5Z", pentagon: "M8 1L15 6.4L12.3 14.5H3.7L1 6.4Z", wedge: "M8 14.5L14.5 3H1.5Z", hexagon: "M1.5 8L4.8 2.4H11.2L14.5 8L11.2 13.6H4.8Z",
    star: "M8 .5L10 5.6L15.4 5.9L11.2 9.3L12.6 14.6L8 11.6L3.4 14.6L4.8 9.3L.6 5.9L6 5.6Z", cross: "M5.7 2H10.3V5.7H14V10.3H10.3V14H5.7V10.3H2V5.7H5.7Z",
  }[told.groups[group].shape];
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("class", `glyph f${group}`);
  picture.setAttribute("viewBox", "0 0 16 16");
  picture.setAttribute("aria-hidden", "true");
  picture.append(document.createElementNS(space, "path"));
  picture.firstChild.setAttribute("d", d);
  return picture;
}

/** Cut to a length; of numbers and the like, both ends are kept. */
function cut(words, most) {
  if (words.length <= most) return words;
  if (words.includes(" ")) return `${words.slice(0, most - 1)}…`;
  const end = Math.min(7, Math.floor(most / 3));
  return `${words.slice(0, Math.min(most, 20) - end - 1)}…${words.slice(-end)}`;
}

/** A canvas with a view that is moved and zoomed. draw(pen, stage) paints; hit(x, y) says what is there. */
class Stage {
  constructor(id, {draw, hit, onPick, most = 40, moves = true}) {
    Object.assign(this, {canvas: byId(id), draw, hit, onPick, most, moves, k: 1, x: 0, y: 0, width: 0, height: 0});
    this.pointers = new Map();
    this.resize = () => {
      const box = this.canvas.getBoundingClientRect();
      const ratio = window.devicePixelRatio || 1;
      [this.width, this.height] = [box.width, box.height];
      this.canvas.width = Math.round(box.width * ratio);
      this.canvas.height = Math.round(box.height * ratio);
      this.paint();
    };
    new ResizeObserver(this.resize).observe(this.canvas);
    this.listen();
    const zooms = this.canvas.parentElement.querySelectorAll("[data-zoom]");
    zooms.forEach((button) => button.addEventListener("click", () => this.step(button.dataset.zoom)));
    whenChanged(() => this.ask());
  }

  ask() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => { this.asked = false; this.paint(); });
  }

  paint() {
    if (!this.width) return;
    const pen = this.canvas.getContext("2d");
    const ratio = this.canvas.width / this.width;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    pen.textBaseline = "middle";
    pen.direction = "ltr";
    this.draw(pen, this);
  }

  /** From the drawing's own measure (0 to 1 over the canvas, before moving) to pixels, and back. */
  at(x, y) { return [(x - this.x) * this.k * this.width, (y - this.y) * this.k * this.height]; }

  from(px, py) { return [px / (this.k * this.width) + this.x, py / (this.k * this.height) + this.y]; }

  zoom(by, px = this.width / 2, py = this.height / 2) {
    const [x, y] = this.from(px, py);
    this.k = Math.min(this.most, Math.max(0.6, this.k * by));
    this.x = x - px / (this.k * this.width);
    this.y = y - py / (this.k * this.height);
    this.ask();
  }

  step(how) {
    if (how === "in") this.zoom(1.5);
    if (how === "out") this.zoom(1 / 1.5);
    if (how === "fit") this.fit();
  }

  fit() {
    [this.k, this.x, this.y] = [1, 0, 0];
    if (this.onFit) this.onFit();
    this.ask();
  }

  /** Bring a point into sight, if it is not. */
  reveal(x, y) {
    const [px, py] = this.at(x, y);
    if (px > 30 && py > 20 && px < this.width - 30 && py < this.height - 20) return;
    this.x += (px - this.width / 2) / (this.k * this.width);
    this.y += (py - this.height / 2) / (this.k * this.height);
  }

  listen() {
    const {canvas} = this;
    const point = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
    canvas.addEventListener("wheel", (event) => {
      if (!this.moves) return;
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * 0.0015), ...point(event));
    }, {passive: false});
    canvas.addEventListener("pointerdown", (event) => {
      this.pointers.set(event.pointerId, point(event));
      this.moved = 0;
      canvas.setPointerCapture(event.pointerId);
      if (this.onDown) this.onDown(...point(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      const now = point(event);
      const was = this.pointers.get(event.pointerId);
      if (!was) { this.hover(...now); return; }
      this.moved += Math.abs(now[0] - was[0]) + Math.abs(now[1] - was[1]);
      if (this.pointers.size === 2) this.pinch(event.pointerId, now, was);
      else if (this.onDrag) this.onDrag(...now);
      else if (this.moves && this.moved > 3) { this.x -= (now[0] - was[0]) / (this.k * this.width); this.y -= (now[1] - was[1]) / (this.k * this.height); this.ask(); }
      this.pointers.set(event.pointerId, now);
    });
    canvas.addEventListener("pointerup", (event) => {
      const alone = this.pointers.size === 1;
      this.pointers.delete(event.pointerId);
      if (this.onUp && this.onUp(...point(event), this.moved > 4)) return;
      if (alone && this.moved <= 4) this.onPick(this.hit(...point(event)));
    });
    canvas.addEventListener("pointercancel", (event) => this.pointers.delete(event.pointerId));
    canvas.addEventListener("pointerleave", () => this.hover(-99, -99));
    canvas.addEventListener("dblclick", (event) => this.moves && this.zoom(1.8, ...point(event)));
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  pinch(id, now, was) {
    const [still] = [...this.pointers].filter(([one]) => one !== id).map(([, where]) => where);
    const far = (one) => Math.hypot(one[0] - still[0], one[1] - still[1]) || 1;
    this.zoom(far(now) / far(was), (now[0] + still[0]) / 2, (now[1] + still[1]) / 2);
  }

  hover(px, py) {
    const over = px < -50 ? null : this.hit(px, py);
    this.canvas.classList.toggle("over", !!over);
    if (JSON.stringify(over) === JSON.stringify(this.over || null)) return;
    this.over = over;
    this.ask();
  }

  key(event) {
    const turns = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
    if (turns[event.key] && this.onArrow) this.onArrow(...turns[event.key]);
    else if (event.key === "+" || event.key === "=") this.zoom(1.4);
    else if (event.key === "-") this.zoom(1 / 1.4);
    else if (event.key === "0") this.fit();
    else if (event.key === "Escape") choose(null);
    else if (event.key === "Enter") byId("panel").focus();
    else return;
    event.preventDefault();
  }
}

/** Labels that do not lie on one another: the first asked for wins. */
class Labels {
  constructor() { this.taken = []; }

  free(box) {
    return this.taken.every((one) => box[0] > one[2] || box[2] < one[0] || box[1] > one[3] || box[3] < one[1]);
  }

  /** Writes it where there is room; must: anyway. aside: beside a point of that size, on any of its sides. */
  write(pen, words, x, y, {size = 12, bold = false, must = false, ink = colours.ink, align = "left", width = Infinity, aside = 0} = {}) {
    pen.font = `${bold ? "650 " : ""}${size}px ${colours.font}`;
    const wide = pen.measureText(words).width;
    const inside = (left) => (left + wide > width - 4 ? Math.max(4, width - 4 - wide) : left);
    const down = aside + size * 0.7;
    const tried = align === "center" ? [[x - wide / 2, y]] : aside ? [[x + aside, y], [x - aside - wide, y], [x - wide / 2, y + down], [x - wide / 2, y - down]] : [[x, y]];
    const boxOf = ([left, top]) => [inside(left) - 2, top - size * 0.62, inside(left) + wide + 2, top + size * 0.62];
    const free = tried.find((one, n) => (n !== 1 || one[0] > 2) && this.free(boxOf(one)));
    if (!free && !must) return false;
    const [left, top] = [inside((free || tried[0])[0]), (free || tried[0])[1]];
    this.taken.push(boxOf([left, top]));
    pen.textAlign = "left";
    pen.lineJoin = "round";
    pen.lineWidth = 3;
    pen.strokeStyle = colours.halo;
    pen.strokeText(words, left, top);
    pen.fillStyle = ink;
    pen.fillText(words, left, top);
    return true;
  }
}
