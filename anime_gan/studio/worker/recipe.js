// From the recipe of a face to what the network takes. A face is {seed, values, mix}: a BigInt; how
// far it is moved along each direction, in standard deviations; and for levels of layers the seed
// whose style they take. `spec` describes the network (page.py writes it), `look` is {psi, noise}.

// Where there is no mapping network: its latent, towards 0 by psi, and moved along the directions.
function latentInput(spec, face, look, latent) {
  const input = latent.map(value => Math.fround(look.psi) * value);
  move(spec, face.values, input, 1);
  return input;
}

// With styles: w for each layer, (layers, latentDim). `styles` has the w of each seed.
function styleInput(spec, face, look, styles) {
  const size = spec.latentDim;
  const input = new Float32Array(spec.layers * size);
  const seeds = Array(spec.layers).fill(face.seed);
  for (const {name, layers} of spec.levels) {
    if (name in face.mix) layers.forEach(layer => { seeds[layer] = face.mix[name]; });
  }
  seeds.forEach((seed, layer) => {
    const row = input.subarray(layer * size, (layer + 1) * size);
    row.set(truncated(spec, styles.get(seed), look.psi));
  });
  move(spec, face.values, input, spec.layers);
  return input;
}

function truncated(spec, w, psi) {
  if (psi === 1) return w;
  const share = Math.fround(psi);
  return w.map((value, place) => {
    const mean = spec.mean[place];
    return mean + Math.fround(share * Math.fround(value - mean));
  });
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
