// The worker that computes faces: ONNX Runtime in one thread, so that the page itself never waits.
// It takes {start} once, and then jobs {id, face, look}, or {id, face, to, share, look} for a face
// on the way to another one. It answers {progress, label}, {ready}, and {id, pixels} or {error}.

const STYLES_KEPT = 2000; // w of as many seeds stay in memory
const MEAN_OF = 512; // latents, as in anime_gan/generation/generator.py
const engine = {spec: null, ort: null, parts: {}, styles: new Map(), means: new Map()};

self.onmessage = async ({data}) => {
  try {
    if (data.start) {
      await start(data.start);
      postMessage({ready: true});
    } else {
      const pixels = await draw(data);
      postMessage({id: data.id, pixels}, [pixels.buffer]);
    }
  } catch (error) {
    postMessage({id: data.id, error: String(error?.message ?? error)});
  }
};

// script: the text of ONNX Runtime's script; runtime, parts: gzipped files as base64.
async function start({script, runtime, parts, spec}) {
  postMessage({progress: 0.1, label: "Unpacking the runtime"});
  const binary = await unpacked(runtime);
  postMessage({progress: 0.3, label: "Starting the runtime"});
  const ort = await imported(script);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = binary;
  ort.env.logLevel = "error";
  let done = 0;
  for (const [name, text] of Object.entries(parts)) {
    const progress = 0.6 + 0.3 * done++ / Object.keys(parts).length;
    postMessage({progress, label: "Loading the network"});
    engine.parts[name] = await ort.InferenceSession.create(new Uint8Array(await unpacked(text)));
  }
  engine.ort = ort;
  const faces = new Map(spec.faces.map(({name, w}) => [name, w.map(row => Float32Array.from(row))]));
  engine.spec = {...spec, faces, mean: Float32Array.from(spec.mean)};
}

async function unpacked(base64) {
  const text = atob(base64.trim());
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

// The outputs of a part of the network; inputs: [values, shape] by name.
async function run(part, inputs) {
  const session = engine.parts[part];
  const feeds = {};
  for (const [name, [values, shape]] of Object.entries(inputs)) {
    feeds[name] = new engine.ort.Tensor("float32", values, shape);
  }
  const outputs = await session.run(feeds);
  return outputs[session.outputNames[0]].data;
}

// w of seeds with some labels, by seed: a list of one w. A file has one, or one for each layer.
async function stylesOf(seeds, codes) {
  const {styles, spec} = engine;
  const found = new Map();
  for (const seed of seeds) {
    if (spec.faces.has(seed)) {
      found.set(seed, spec.faces.get(seed));
      continue;
    }
    const key = [seed, ...codes].join();
    if (!styles.has(key)) {
      if (styles.size >= STYLES_KEPT) styles.delete(styles.keys().next().value);
      const values = joinedWith(spec, normals(seed, spec.normalDim), codes);
      styles.set(key, await mapped(values, 1));
    }
    found.set(seed, [styles.get(key)]);
  }
  return found;
}

// w of latents that lie one behind the other.
function mapped(values, count) {
  const latent = [Float32Array.from(values), [count, engine.spec.latentDim]];
  return run("mapping", {latent});
}

// The mean w of faces with some labels; without labels, the network has its own.
async function meanOf(codes) {
  const {means, spec} = engine;
  if (!codes.length) return spec.mean;
  const key = codes.join();
  if (!means.has(key)) {
    const [size, all] = [spec.normalDim, normals(0n, MEAN_OF * spec.normalDim)];
    const latents = Array.from({length: MEAN_OF}, (_, row) =>
      joinedWith(spec, all.subarray(row * size, (row + 1) * size), codes));
    const w = await mapped(latents.flat(), MEAN_OF);
    const sums = new Float64Array(spec.latentDim);
    w.forEach((value, place) => { sums[place % spec.latentDim] += value; });
    means.set(key, Float32Array.from(sums, sum => sum / MEAN_OF));
  }
  return means.get(key);
}

async function draw({face, to, share, look}) {
  const {spec} = engine;
  const {resolution: size, channels} = spec;
  const image = spec.hasStyles
    ? await synthesized(face, to, share, look)
    : await run("whole", {latent: [latentOf(face, to, share, look), [1, spec.latentDim]]});
  // Storing into these bytes rounds, half to even, and clips: as the project's to_uint8 does.
  const pixels = new Uint8ClampedArray(size * size * 4).fill(255);
  for (let pixel = 0; pixel < size * size; pixel++) {
    for (let color = 0; color < 3; color++) {
      const value = image[pixel * channels + (channels === 3 ? color : 0)];
      pixels[pixel * 4 + color] = Math.fround(Math.fround(value + 1) * 127.5);
    }
  }
  return pixels;
}

function latentOf(face, to, share, look) {
  const {spec} = engine;
  const [a, b] = [face, to].map(one => one && latentOfFace(spec, one));
  if (!to) return latentInput(spec, face, look, a);
  const values = valuesBetween(face.values, to.values, share, spec.directions.length);
  // The vectors of labels are not normal, and do not lie near a sphere.
  const end = spec.normalDim;
  const between = [
    ...arc(a.slice(0, end), b.slice(0, end), share),
    ...chord(a.slice(end), b.slice(end), share),
  ];
  return latentInput(spec, {...face, values}, look, between);
}

async function synthesized(face, to, share, look) {
  const {spec} = engine;
  let w = await stylesOfFace(face, look);
  if (to) w = chord(w, await stylesOfFace(to, look), share);
  const noise = [Float32Array.of(look.noise), []];
  return run("synthesis", {w: [w, [1, spec.layers, spec.latentDim]], noise});
}

// w of a face for each layer. The styles that it takes from other seeds are of its own labels.
async function stylesOfFace(face, look) {
  const codes = codesOf(engine.spec, face);
  const styles = await stylesOf(seedsOf(face), codes);
  const mean = look.psi === 1 ? null : await meanOf(codes);
  return styleInput(engine.spec, face, look, styles, mean);
}
