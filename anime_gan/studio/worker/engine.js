// The worker that computes faces: ONNX Runtime in one thread, so that the page itself never waits.
// It takes {start} once, and then jobs {id, face, look}, or {id, face, to, share, look} for a face
// on the way to another one. It answers {progress, label}, {ready}, and {id, pixels} or {error}.

const STYLES_KEPT = 2000; // w of as many seeds stay in memory
const engine = {spec: null, ort: null, parts: {}, styles: new Map()};

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
  engine.spec = {...spec, mean: Float32Array.from(spec.mean)};
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

// w of seeds, by seed.
async function stylesOf(seeds) {
  const {styles, spec} = engine;
  for (const seed of seeds) {
    if (styles.has(seed)) continue;
    if (styles.size >= STYLES_KEPT) styles.delete(styles.keys().next().value);
    const latent = [normals(seed, spec.latentDim), [1, spec.latentDim]];
    styles.set(seed, await run("mapping", {latent}));
  }
  return new Map(seeds.map(seed => [seed, styles.get(seed)]));
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
  const latent = normals(face.seed, spec.latentDim);
  if (!to) return latentInput(spec, face, look, latent);
  const values = valuesBetween(face.values, to.values, share, spec.directions.length);
  const between = arc([...latent], [...normals(to.seed, spec.latentDim)], share);
  return latentInput(spec, {...face, values}, look, Float32Array.from(between));
}

async function synthesized(face, to, share, look) {
  const {spec} = engine;
  const styles = await stylesOf([...seedsOf(face), ...(to ? seedsOf(to) : [])]);
  let w = styleInput(spec, face, look, styles);
  if (to) w = chord(w, styleInput(spec, to, look, styles), share);
  const noise = [Float32Array.of(look.noise), []];
  return run("synthesis", {w: [w, [1, spec.layers, spec.latentDim]], noise});
}
