// Opens and closes the 3D views; each is made when it is asked for and given back when it is closed, for a browser has
// only a few WebGL contexts. Without script, or where it fails, the pictures show the same.

const MOST_OPEN = 3;
const open = [];

function close(button, space) {
  const at = open.findIndex((one) => one.button === button);
  if (at >= 0) open.splice(at, 1)[0].view.dispose();
  space.replaceChildren();
  space.hidden = true;
  button.textContent = "Turn it around in 3D";
  button.setAttribute("aria-expanded", "false");
}

function tell(space, text) {
  const told = document.createElement("p");
  told.setAttribute("role", "status");
  told.textContent = text;
  space.replaceChildren(told);
}

async function start(button, space) {
  button.setAttribute("aria-expanded", "true");
  button.textContent = "Close the 3D view";
  space.hidden = false;
  tell(space, "Preparing the 3D view …");
  try {
    const [{ makeView }, answer] = await Promise.all([import("./viewer.js"), fetch(button.dataset.mesh)]);
    if (!answer.ok) throw new Error(`the service answered ${answer.status}`);
    const bytes = await answer.arrayBuffer();
    if (space.hidden) return;
    while (open.length >= MOST_OPEN) close(open[0].button, open[0].space);
    open.push({ button, space, view: makeView(space, bytes) });
  } catch (error) {
    tell(space, `No 3D view: ${error.message}. The pictures show the same.`);
  }
}

document.querySelectorAll("button.turn").forEach((button) => {
  const space = button.nextElementSibling;
  button.hidden = false;
  button.addEventListener("click", () => (space.hidden ? start(button, space) : close(button, space)));
});
