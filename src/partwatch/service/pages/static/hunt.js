// A hunt that is under way: tells how far it is, and shows what was found once it is over.
const told = document.getElementById("progress");
const address = told.dataset.state;
let wait = 2000;

async function look() {
  try {
    const answer = await fetch(address, { headers: { accept: "application/json" } });
    if (answer.ok) {
      const now = await answer.json();
      if (now.state === "done" || now.state === "failed") {
        location.reload();
        return;
      }
      // Only what changed: it is read out aloud.
      if (now.progress !== told.textContent) told.textContent = now.progress;
    }
  } catch {
    // The service is away; it will be back.
  }
  wait = Math.min(wait * 1.3, 15000);
  setTimeout(look, wait);
}

setTimeout(look, wait);
