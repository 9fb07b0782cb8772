// From the recipe of a face to what the network takes. A face is {seed, values, mix, labels}: a
// BigInt, or the name of a file of latents; how far it is moved along each direction, in standard
// deviations; for levels of layers the seed whose style they take; and the codes of labels by the
// number of their attribute, 0 for none in particular. `spec` describes the network (page.py writes
// it), `look` is {psi, noise}. `spec.faces` has the latents of each file, a list of one or of one
// for each layer.

const LABEL_STREAM = 2; // of a seed's random numbers, as in anime_gan/networks/layers/labels.py

// The code of each attribute. Those that the face does not give are chosen by its seed; the labels
// of a file are not known.
function codesOf(spec, face) {
  if (spec.faces.has(face.seed)) return spec.labels.map((_, number) => face.labels[number] ?? 0);
  const uniform = uniformOf(bitsOf(face.seed, LABEL_STREAM));
  return spec.labels.map(({shares}, number) => {
    const ends = [];
    for (const share of shares) ends.push(share + (ends.at(-1) ?? 0));
    const draw = uniform() * ends.at(-1);
    const found = ends.findIndex(end => end > draw);
    return face.labels[number] ?? (found < 0 ? ends.length - 1 : found);
  });
}

// Normal numbers joined with the vectors of labels.
function joinedWith(spec, normal, codes) {
  return [...normal, ...spec.labels.flatMap(({vectors}, number) => vectors[codes[number]])];
}

// The latent of a face where there is no mapping network. A file keeps the labels that the face
// does not give.
function latentOfFace(spec, face) {
  const own = spec.faces.get(face.seed);
  if (!own) return joinedWith(spec, normals(face.seed, spec.normalDim), codesOf(spec, face));
  const latent = [...own[0]];
  let start = spec.normalDim;
  spec.labels.forEach(({vectors}, number) => {
    const vector = vectors[face.labels[number]] ?? [];
    latent.splice(start, vector.length, ...vector);
    start += vectors[0].length;
  });
  return latent;
}

// Where there is no mapping network: its latent, towards 0 by psi, and moved along the directions.
// Truncation keeps what is of labels.
function latentInput(spec, face, look, latent) {
  const input = Float32Array.from(latent, (value, place) =>
    place < spec.normalDim ? Math.fround(look.psi) * value : value);
  move(spec, face.values, input, 1);
  return input;
}

// With styles: w for each layer, (layers, latentDim). `styles` has the w of each seed, a
// list as in `spec.faces`; `mean` is that of faces with the same labels.
function styleInput(spec, face, look, styles, mean) {
  const size = spec.latentDim;
  const input = new Float32Array(spec.layers * size);
  const seeds = Array(spec.layers).fill(face.seed);
  for (const {name, layers} of spec.levels) {
    if (name in face.mix) layers.forEach(layer => { seeds[layer] = face.mix[name]; });
  }
  seeds.forEach((seed, layer) => {
    const row = input.subarray(layer * size, (layer + 1) * size);
    const rows = styles.get(seed);
    const center = spec.faces.has(seed) ? spec.mean : mean;
    row.set(truncated(rows[layer] ?? rows[0], center, look.psi));
  });
  move(spec, face.values, input, spec.layers);
  return input;
}

function truncated(w, mean, psi) {
  if (psi === 1) return w;
  const share = Math.fround(psi);
  return w.map((value, place) =>
    mean[place] + Math.fround(share * Math.fround(value - mean[place])));
}

function move(spec, values, input, rows) {
  spec.directions.forEach(({vector, layers}, number) => {
    const far = values[number] ?? 0;
    if (!far) return;
    for (let row = 0; row < rows; row++) {
      if (layers && !layers.includes(row)) continue;
      for (let place = 0; place < vector.length; place++) {
        input[row * vector.length + place] += far * vector[place];
      }
    }
  });
}

// The seeds whose styles a face needs.
function seedsOf(face) {
  return [face.seed, ...Object.values(face.mix)];
}

// The point at a share of the straight line from a to b.
function chord(a, b, share) {
  return a.map((value, place) => value + share * (b[place] - value));
}

// The same on an arc around 0, for latents, which lie near a sphere (White 2016, arXiv 1609.04468).
function arc(a, b, share) {
  const dot = (x, y) => x.reduce((sum, value, place) => sum + value * y[place], 0);
  const cosine = dot(a, b) / Math.max(Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b)), 1e-12);
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  if (Math.sin(angle) < 1e-6) return chord(a, b, share);
  const left = Math.sin((1 - share) * angle) / Math.sin(angle);
  const right = Math.sin(share * angle) / Math.sin(angle);
  return a.map((value, place) => left * value + right * b[place]);
}

// How far a face between two others is moved along each direction.
function valuesBetween(a, b, share, count) {
  return Array.from({length: count}, (_, number) =>
    (1 - share) * (a[number] ?? 0) + share * (b[number] ?? 0));
}
