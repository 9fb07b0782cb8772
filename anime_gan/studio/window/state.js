// What the page shows, and its copy in the address, so that it can be shared and gone back to.
// A face is {seed, values, mix, labels}, see worker/recipe.js; `look` holds for all faces, `labels`
// for those on the wall. The seed may be the name of a file of latents, one of `spec.faces`.

const LAST_SEED = 2n ** 64n - 1n;
const state = {from: 0n, look: {psi: 1, noise: 1}, labels: {}, picks: [], chosen: -1};
const listeners = [];

function plainFace(seed) {
  return {seed, values: [], mix: {}, labels: {}};
}

function wallFace(seed) {
  return {...plainFace(seed), labels: {...state.labels}};
}

function chosenFace() {
  return state.picks[state.chosen];
}

// Whether the latents of a face are those of a file, which a projection found.
function isOfFile(face) {
  return typeof face.seed === "string";
}

// A seed or a file as a word of the address, and back; null if the word is none.
function wordOf(seed) {
  return spec.faces.find(({name}) => name === seed)?.word ?? String(seed);
}

function readSource(text) {
  return spec.faces.find(({word}) => word === text)?.name ?? readSeed(text);
}

// A text that is the same only for the same face.
function keyOf(face) {
  const values = face.values.flatMap((value, number) => (value ? [`d${number}`, value] : []));
  const mix = Object.entries(face.mix).sort().flatMap(([level, seed]) => [level, wordOf(seed)]);
  return [wordOf(face.seed), ...values, ...mix, ...labelWords(face.labels)].join("_");
}

function labelWords(labels) {
  return Object.entries(labels).flatMap(([number, code]) => [`l${number}`, code]);
}

function faceOf(key) {
  const [seed, ...rest] = key.split("_");
  const face = plainFace(readSource(seed));
  for (let place = 0; place + 1 < rest.length; place += 2) {
    const [name, value] = rest.slice(place, place + 2);
    const number = /^d(\d+)$/.exec(name)?.[1];
    if (number === undefined && spec.levels.some(level => level.name === name)) {
      face.mix[name] = readSource(value);
    } else if (number < spec.directions.length) {
      face.values[number] = readNumber(value, -3, 3, 0);
    }
  }
  if (canHaveLabels(face)) face.labels = readLabels(rest);
  face.values = Array.from(face.values, value => value ?? 0);
  return face.seed === null || Object.values(face.mix).includes(null) ? null : face;
}

// The labels of a StyleGAN are in w, where they can't be changed.
function canHaveLabels(face) {
  return spec.labels.length > 0 && !(spec.hasStyles && isOfFile(face));
}

// Labels from words such as l0, 3: of attribute 0 the third value.
function readLabels(words) {
  const labels = {};
  for (let place = 0; place + 1 < words.length; place += 2) {
    const number = /^l(\d+)$/.exec(words[place])?.[1];
    const code = /^\d{1,3}$/.test(words[place + 1]) ? Number(words[place + 1]) : Infinity;
    if (code <= spec.labels[number]?.values.length) labels[Number(number)] = code;
  }
  return labels;
}

// A seed as a BigInt, or null if the text is none.
function readSeed(text) {
  const seed = /^\d{1,20}$/.test(text) ? BigInt(text) : null;
  return seed !== null && seed <= LAST_SEED ? seed : null;
}

function readNumber(text, low, high, otherwise) {
  const value = parseFloat(text);
  return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : otherwise;
}

function toAddress() {
  const {from, look, picks, chosen} = state;
  const words = new URLSearchParams();
  if (from) words.set("from", from);
  if (look.psi !== 1) words.set("psi", look.psi);
  if (look.noise !== 1) words.set("noise", look.noise);
  const labels = labelWords(state.labels);
  if (labels.length) words.set("labels", labels.join("_"));
  for (const face of picks) words.append("face", keyOf(face));
  if (chosen >= 0) words.set("chosen", chosen + 1);
  return `#${words}`;
}

function fromAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  state.from = readSeed(words.get("from")) ?? 0n;
  state.look.psi = readNumber(words.get("psi"), -1, 1.5, 1);
  state.look.noise = readNumber(words.get("noise"), 0, 2, 1);
  state.labels = readLabels((words.get("labels") ?? "").split("_"));
  state.picks = words.getAll("face").map(faceOf).filter(face => face);
  state.chosen = readNumber(words.get("chosen"), 0, state.picks.length, 0) - 1;
  state.chosen = Math.trunc(state.chosen);
}

// Pick the faces of files, unless the address says what is picked.
function pickFiles() {
  if (!spec.faces.length || location.href.includes("#")) return;
  state.picks = spec.faces.map(({name}) => plainFace(name));
  state.chosen = 0;
  renewAddress("replaceState");
}

function onChange(listener) {
  listeners.push(listener);
}

// Tell all parts of the page, while a slider moves, say.
function showState() {
  for (const listener of listeners) listener(false);
}

// The same, as a step that the reader can go back to.
let renewal = null;
let isStepDue = false;
function stepTaken() {
  clearTimeout(renewal);
  isStepDue = false;
  renewAddress("pushState");
  showState();
}

// The same, once the reader pauses: a key held down on a slider is one step.
function stepTakenSoon() {
  clearTimeout(renewal);
  isStepDue = true;
  renewal = setTimeout(stepTaken, 300);
  showState();
}

// Where the wall is, is in the address, but no step. It waits: browsers refuse to renew the address
// more than a few times in a second.
function wallMoved() {
  if (isStepDue) return; // it writes the address too
  clearTimeout(renewal);
  renewal = setTimeout(() => renewAddress("replaceState"), 300);
}

// Some browsers refuse this by an error: in frames without an address, or where it is too often.
function renewAddress(how) {
  if (how === "pushState" && toAddress() === (location.hash || "#")) return; // nothing changed
  try {
    history[how](null, "", toAddress());
  } catch { /* the page works without */ }
}

// Not by popstate: that of a link that a reader edits comes before its fragment is there.
addEventListener("hashchange", () => {
  clearTimeout(renewal);
  isStepDue = false;
  fromAddress();
  for (const listener of listeners) listener(true);
});
