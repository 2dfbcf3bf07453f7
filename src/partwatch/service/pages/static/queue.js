// In the queue, j and k or the arrows go from row to row while the focus is in the table; nowhere else.

const table = document.getElementById("queue");
const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

table?.addEventListener("keydown", (event) => {
  const step = STEPS[event.key];
  if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
  const links = [...table.querySelectorAll("tbody th a")];
  const row = document.activeElement.closest("tr");
  const at = links.findIndex((link) => link.closest("tr") === row);
  const next = links[Math.min(Math.max(at + step, 0), links.length - 1)];
  if (next) { next.focus(); event.preventDefault(); }
});
