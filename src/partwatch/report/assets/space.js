// The interactive 3D view: made when it is opened, destroyed when it is closed, for a browser has only
// a few WebGL contexts to give.

const MOST_OPEN = 4;
const openSpaces = [];
let viewer = null;

/** plotly.js, unpacked at first use; the content security policy knows its hash. */
function loadViewer() {
  viewer = viewer || inflated("viewer").then((bytes) => {
    const script = make("script", {});
    script.textContent = new TextDecoder().decode(bytes);
    document.head.append(script);
    if (!window.Plotly) throw new Error("the viewer did not start");
    return window.Plotly;
  });
  return viewer;
}

async function readMesh(picture) {
  const bytes = await inflated(`${picture.key}-mesh`);
  const [points, faces, partPoints, partFaces] = picture.counts;
  let at = 0;
  const take = (Kind, count) => {
    const array = new Kind(bytes, at, count);
    at += array.byteLength;
    return array;
  };
  const mesh = { positions: take(Float32Array, 3 * points), triangles: take(Uint32Array, 3 * faces) };
  const part = { positions: take(Float32Array, 3 * partPoints), triangles: take(Uint32Array, 3 * partFaces) };
  mesh.um = take(Uint16Array, points);
  return { mesh, part };
}

const BEYOND = 65535;

const every = (array, step, start) => {
  const out = new array.constructor(array.length / step);
  for (let n = 0; n < out.length; n++) out[n] = array[n * step + start];
  return out;
};

const LIGHT = { ambient: 0.52, diffuse: 0.58, specular: 0.08, roughness: 0.5, fresnel: 0.1 };
// In the viewer's own frame: left, up, and (on a far longer scale) towards the reader.
const LAMP = { x: -40000, y: 60000, z: -600 };

function trace(mesh, more) {
  const places = { x: every(mesh.positions, 3, 0), y: every(mesh.positions, 3, 1), z: every(mesh.positions, 3, 2) };
  const corners = { i: every(mesh.triangles, 3, 0), j: every(mesh.triangles, 3, 1), k: every(mesh.triangles, 3, 2) };
  return { type: "mesh3d", ...places, ...corners, lighting: LIGHT,
    lightposition: LAMP, flatshading: false, showscale: false,
    // Its defaults drop the normals of triangles as small as ours, and with them all shading.
    facenormalsepsilon: 1e-30, vertexnormalsepsilon: 1e-30, ...more };
}

/** The body, coloured as in the pictures: `Ramp.drawn` in ramp.py says why beyond reach is twice the top. */
function bodyTrace(mesh, ramp, colours) {
  const drawn = Float32Array.from(mesh.um, (um) => um === BEYOND ? 2 * ramp.top : Math.min(um / 1000, ramp.top));
  const said = Array.from(mesh.um, (um) => um === BEYOND ? "nothing of the listed part within reach"
    : `${(um / 1000).toFixed(3)} mm from the listed part` + (um / 1000 <= ramp.tolerance ? ", coincident" : ""));
  const edge = Math.min(ramp.tolerance / ramp.top, 0.999) / 2;
  const step = (0.5 - edge) / (colours.ramp.length - 1);
  const scale = [[0, rgb(colours.coincident)], [edge, rgb(colours.coincident)],
    ...colours.ramp.map((colour, n) => [edge + 1e-4 + n * (step - 1e-4), rgb(colour)]),
    [0.505, rgb(colours.beyond)], [1, rgb(colours.beyond)]];
  return trace(mesh, { intensity: drawn, cmin: 0, cmax: 2 * ramp.top, colorscale: scale,
    text: said, hovertemplate: "%{text}<extra></extra>" });
}

const AXIS = { title: { text: "" }, showbackground: false, gridcolor: "#c3c9d2", zerolinecolor: "#c3c9d2",
  color: "#4a5261", ticksuffix: " mm", showspikes: false, tickfont: { size: 11 } };
const LAYOUT = { margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "rgba(0,0,0,0)", showlegend: false,
  modebar: { bgcolor: "rgba(0,0,0,0)", color: "#7b8494", activecolor: "#22609f" },
  hoverlabel: { font: { family: "system-ui, sans-serif", size: 13 } },
  scene: { aspectmode: "data", xaxis: AXIS, yaxis: AXIS, zaxis: AXIS, dragmode: "orbit",
    camera: { projection: { type: "orthographic" }, eye: { x: -0.8, y: -1.45, z: 1.05 } } } };
const SETTINGS = { displaylogo: false, responsive: true, scrollZoom: true,
  modeBarButtonsToRemove: ["hoverClosest3d", "resetCameraLastSave3d", "tableRotation"] };

async function openSpace(space, picture, colours) {
  space.hidden = false;
  space.replaceChildren(make("p", {}, "Preparing the 3D view …"));
  try {
    const [plotly, { mesh, part }] = await Promise.all([loadViewer(), readMesh(picture)]);
    if (space.hidden) return;
    const traces = [bodyTrace(mesh, picture.ramp, colours)];
    if (part.triangles.length) {
      traces.push(trace(part, { color: rgb(colours.ghost), opacity: 0.22, hoverinfo: "skip" }));
    }
    space.replaceChildren();
    while (openSpaces.length >= MOST_OPEN) openSpaces[0].dispatchEvent(new Event("closespace"));
    openSpaces.push(space);
    await plotly.newPlot(space, traces, LAYOUT, SETTINGS);
  } catch (error) {
    space.replaceChildren(make("p", {}, `No 3D view: ${error.message}. The pictures show the same.`));
  }
}

/** A context is otherwise held until the garbage collector comes by, which is too late. */
function giveBackContext(canvas) {
  const context = canvas.getContext("webgl2") || canvas.getContext("webgl");
  const extension = context && context.getExtension("WEBGL_lose_context");
  if (extension) extension.loseContext();
}

function closeSpace(space) {
  const place = openSpaces.indexOf(space);
  if (place >= 0) {
    openSpaces.splice(place, 1);
    const canvases = [...space.querySelectorAll("canvas")];
    window.Plotly.purge(space);
    canvases.forEach(giveBackContext);
  }
  space.replaceChildren();
  space.hidden = true;
}
