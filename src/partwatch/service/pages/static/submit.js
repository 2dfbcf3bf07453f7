// Handing in with script: several files dropped or chosen, each can be taken out again, and how far the sending is.
// Without it the form does the same, all at once.

const form = document.getElementById("submit");
const input = document.getElementById("files");
const drop = document.getElementById("drop");
const list = document.getElementById("chosen");
const bar = document.getElementById("bar");
const said = document.getElementById("status");
const problem = document.getElementById("problem");
let chosen = [];
let key = crypto.getRandomValues(new Uint32Array(4)).join("-");

document.querySelectorAll(".with-script").forEach((one) => { one.hidden = false; });

const size = (bytes) => bytes < 1000 ? `${bytes} bytes`
  : bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

function show() {
  list.replaceChildren(...chosen.map((file, place) => {
    const row = document.createElement("li");
    const name = document.createElement("bdi");
    const about = document.createElement("span");
    const out = document.createElement("button");
    name.textContent = file.name;
    about.textContent = size(file.size);
    about.className = "muted nowrap";
    out.type = "button";
    out.className = "button small";
    out.textContent = "Take out";
    out.setAttribute("aria-label", `Take out ${file.name}`);
    out.addEventListener("click", () => { chosen.splice(place, 1); show(); input.focus(); });
    row.append(name, about, out);
    return row;
  }));
  list.hidden = chosen.length === 0;
  input.required = chosen.length === 0;
  said.textContent = chosen.length === 1 ? "1 file chosen" : `${chosen.length} files chosen`;
}

function add(files) {
  chosen = chosen.concat([...files]);
  // What was chosen is in the list now; the same file may be chosen again.
  input.value = "";
  // Other files are another request.
  key = crypto.getRandomValues(new Uint32Array(4)).join("-");
  show();
}

input.addEventListener("change", () => add(input.files));
for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => { event.preventDefault(); add(event.dataTransfer.files); });

function refuse(text) {
  const told = document.createElement("p");
  told.className = "notice grave";
  told.textContent = `Not taken in: ${text}`;
  problem.replaceChildren(told);
  document.getElementById("sending").hidden = true;
  form.querySelector("[type=submit]").disabled = false;
}

function reasonOf(request) {
  try {
    return JSON.parse(request.responseText).detail;
  } catch {
    return request.status === 413 ? "it is more than is taken in at once"
      : request.status === 429 ? "too much comes at once; try again in a minute"
      : `the service answered ${request.status}; load the page anew and try again`;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  problem.replaceChildren();
  const body = new FormData();
  // The fields come ahead of the files: whoever reads them as they come knows what they are for.
  for (const field of ["csrf", "customer", "reference"]) {
    const value = form.elements[field]?.value;
    if (field === "csrf" || value) body.append(field, value ?? "");
  }
  for (const file of chosen) body.append("files", file, file.name);
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("Idempotency-Key", key);
  request.upload.addEventListener("progress", (sent) => {
    if (sent.lengthComputable) bar.value = sent.loaded / sent.total;
  });
  request.addEventListener("load", () => {
    if (request.status === 201) window.location.assign(JSON.parse(request.responseText).address);
    else refuse(reasonOf(request));
  });
  request.addEventListener("error", () => refuse("the connection broke off; try again"));
  document.getElementById("sending").hidden = false;
  form.querySelector("[type=submit]").disabled = true;
  said.textContent = "Sending";
  request.send(body);
});
