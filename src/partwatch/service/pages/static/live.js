// A submission as it stands now: the part of the page that changes is fetched anew when an event says so, and every
// few seconds where no events come.

const POLL_MS = 2000;
// Where a person is waited for.
const SLOW_POLL_MS = 20000;
const FINAL = new Set(["passed", "released", "confirmed"]);
const said = document.getElementById("told");
let asking = false;
let again = false;
let timer = null;
let source = null;

const live = () => document.getElementById("live");

/** What is being written is not taken away. */
const isBusy = () => [...live().querySelectorAll("textarea")].some((one) => one.value || one === document.activeElement);

async function refresh() {
  if (asking) { again = true; return; }
  if (isBusy()) return;
  asking = true;
  try {
    const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    if (answer.ok && fresh && !isBusy()) {
      if (fresh.dataset.state !== live().dataset.state) said.textContent = fresh.dataset.heading;
      live().replaceWith(document.importNode(fresh, true));
    }
  } catch {
    // The service is away; the next event or round tells.
  } finally {
    asking = false;
  }
  if (FINAL.has(live().dataset.state)) stop();
  else if (timer !== null) poll();
  else if (again) { again = false; refresh(); }
}

function stop() {
  source?.close();
  window.clearInterval(timer);
  timer = null;
}

function poll() {
  if (FINAL.has(live().dataset.state)) return;
  window.clearInterval(timer);
  timer = window.setInterval(refresh, "open" in live().dataset ? POLL_MS : SLOW_POLL_MS);
}

function listen() {
  source = new EventSource(`/v1/submissions/${live().dataset.submission}/events`);
  for (const kind of ["screening", "progress", "screened", "decided", "appealed"]) {
    source.addEventListener(`submission.${kind}`, refresh);
  }
  source.addEventListener("open", () => { window.clearInterval(timer); timer = null; });
  source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) poll(); });
}

if (!FINAL.has(live().dataset.state)) listen();
