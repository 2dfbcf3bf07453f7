// A body to be turned around: dragged, with two fingers or the wheel nearer, by keys, or by the buttons.

import * as THREE from "./vendor/three.module.min.js";

const MAGIC = "PWM1";
const COLOURS = 512;
const GHOST = 0x965abe;
const TURN = Math.PI / 16;
const NEARER = 1.2;
const START = { azimuth: -0.5, height: 0.62 };
const HELP = "Drag to turn, wheel or two fingers to come nearer. Keys: arrows turn, + and − come nearer, 0 begins anew.";

/** The arrays of `drawing.mesh`. */
export function readMesh(buffer) {
  const head = new DataView(buffer);
  const magic = String.fromCharCode(...new Uint8Array(buffer, 0, 4));
  if (magic !== MAGIC) throw new Error("what came is no mesh");
  const [points, faces, partPoints, partFaces] = [4, 8, 12, 16].map((at) => head.getUint32(at, true));
  let at = 20;
  const take = (Kind, count) => {
    const array = new Kind(buffer, at, count);
    at += array.byteLength;
    return array;
  };
  return {
    positions: take(Float32Array, 3 * points), triangles: take(Uint32Array, 3 * faces),
    partPositions: take(Float32Array, 3 * partPoints), partTriangles: take(Uint32Array, 3 * partFaces),
    ramp: take(Float32Array, points), colours: take(Uint8Array, 4 * COLOURS),
  };
}

function geometryOf(positions, triangles) {
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.BufferAttribute(positions, 3));
  geometry.setIndex(new THREE.BufferAttribute(triangles, 1));
  geometry.computeVertexNormals();
  return geometry;
}

/** Colours are looked up by distance within each triangle, so that bands stay sharp. */
function bodyOf(mesh) {
  const geometry = geometryOf(mesh.positions, mesh.triangles);
  const places = new Float32Array(2 * mesh.ramp.length);
  mesh.ramp.forEach((value, n) => { places[2 * n] = (value * (COLOURS - 1) + 0.5) / COLOURS; places[2 * n + 1] = 0.5; });
  geometry.setAttribute("uv", new THREE.BufferAttribute(places, 2));
  const texture = new THREE.DataTexture(mesh.colours, COLOURS, 1, THREE.RGBAFormat);
  texture.colorSpace = THREE.SRGBColorSpace;
  texture.needsUpdate = true;
  return new THREE.Mesh(geometry, new THREE.MeshLambertMaterial({ map: texture, side: THREE.DoubleSide }));
}

function ghostOf(mesh) {
  // A little farther off than it is: where both coincide the body's own colour is seen.
  const material = new THREE.MeshLambertMaterial({ color: GHOST, transparent: true, opacity: 0.3, depthWrite: false,
    side: THREE.DoubleSide, polygonOffset: true, polygonOffsetFactor: 2, polygonOffsetUnits: 8 });
  return new THREE.Mesh(geometryOf(mesh.partPositions, mesh.partTriangles), material);
}

function button(label, sign, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = sign;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

/** A view of the mesh within an element; `dispose` gives all of it back. */
export function makeView(space, buffer) {
  const mesh = readMesh(buffer);
  const canvas = document.createElement("canvas");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `The submitted body in 3D, coloured as in the pictures. ${HELP}`);
  const renderer = new THREE.WebGLRenderer({ canvas, antialias: true, alpha: true, preserveDrawingBuffer: true });
  renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
  const scene = new THREE.Scene();
  const model = new THREE.Group();
  model.add(bodyOf(mesh));
  if (mesh.partTriangles.length) model.add(ghostOf(mesh));
  scene.add(model);
  const around = new THREE.Box3().setFromObject(model).getBoundingSphere(new THREE.Sphere());
  const radius = Math.max(around.radius, 1e-6);
  const camera = new THREE.OrthographicCamera(-1, 1, 1, -1, 0.01 * radius, 10 * radius);
  camera.up.set(0, 0, 1);
  const lamp = new THREE.DirectionalLight(0xffffff, 1.9);
  scene.add(new THREE.HemisphereLight(0xffffff, 0xb8c0cc, 1.6), camera);
  camera.add(lamp, lamp.target);
  lamp.position.set(-0.5, 0.7, 1);
  lamp.target.position.set(0, 0, -1);

  const seen = { ...START, nearer: 1 };
  let asked = false;

  function draw() {
    asked = false;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !height) return;
    renderer.setSize(width, height, false);
    const span = 1.08 * radius / seen.nearer;
    const wide = Math.max(width / height, 1);
    const tall = Math.max(height / width, 1);
    camera.left = -span * wide; camera.right = span * wide;
    camera.top = span * tall; camera.bottom = -span * tall;
    camera.updateProjectionMatrix();
    const flat = Math.cos(seen.height);
    camera.position.set(Math.sin(seen.azimuth) * flat, -Math.cos(seen.azimuth) * flat, Math.sin(seen.height))
      .multiplyScalar(4 * radius).add(around.center);
    camera.lookAt(around.center);
    renderer.render(scene, camera);
  }
  function change(azimuth, height, nearer) {
    seen.azimuth += azimuth;
    // Not quite from above: there would be no upright then.
    seen.height = Math.min(Math.max(seen.height + height, -1.55), 1.55);
    seen.nearer = Math.min(Math.max(seen.nearer * nearer, 0.3), 60);
    if (!asked) { asked = true; window.requestAnimationFrame(draw); }
  }
  function anew() { Object.assign(seen, START, { nearer: 1 }); change(0, 0, 1); }

  const keys = { ArrowLeft: () => change(TURN, 0, 1), ArrowRight: () => change(-TURN, 0, 1),
    ArrowUp: () => change(0, TURN, 1), ArrowDown: () => change(0, -TURN, 1), "+": () => change(0, 0, NEARER),
    "=": () => change(0, 0, NEARER), "-": () => change(0, 0, 1 / NEARER), 0: anew };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !keys[event.key]) return;
    keys[event.key]();
    event.preventDefault();
  });

  const fingers = new Map();
  const apart = () => {
    const [one, other] = [...fingers.values()];
    return Math.hypot(one.x - other.x, one.y - other.y);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  canvas.addEventListener("pointermove", (event) => {
    const last = fingers.get(event.pointerId);
    if (!last) return;
    const before = fingers.size === 2 ? apart() : 0;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 2) change(0, 0, apart() / Math.max(before, 1));
    else change(-(event.clientX - last.x) / 120, (event.clientY - last.y) / 120, 1);
  });
  for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(kind, (event) => fingers.delete(event.pointerId));
  }
  canvas.addEventListener("wheel", (event) => {
    // Where the page is to be scrolled, it is: only a view that has the focus takes the wheel.
    if (document.activeElement !== canvas) return;
    event.preventDefault();
    change(0, 0, Math.exp(-event.deltaY / 500));
  }, { passive: false });

  const help = document.createElement("p");
  help.className = "help";
  help.setAttribute("aria-hidden", "true");
  help.textContent = "Drag to turn; arrows and + − with the keyboard";
  const handles = document.createElement("div");
  handles.className = "handles";
  handles.append(button("Turn left", "←", keys.ArrowLeft), button("Turn right", "→", keys.ArrowRight),
    button("Turn up", "↑", keys.ArrowUp), button("Turn down", "↓", keys.ArrowDown),
    button("Nearer", "+", keys["+"]), button("Farther", "−", keys["-"]), button("Begin anew", "⟲", anew));
  space.replaceChildren(canvas, help, handles);
  const watching = new ResizeObserver(() => change(0, 0, 1));
  watching.observe(canvas);
  draw();
  canvas.focus({ preventScroll: true });
  return {
    dispose() {
      watching.disconnect();
      model.traverse((one) => {
        one.geometry?.dispose();
        one.material?.map?.dispose();
        one.material?.dispose();
      });
      renderer.dispose();
      renderer.forceContextLoss();
    },
  };
}
