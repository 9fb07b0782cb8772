// Files: a face, a sheet, single images and frames as PNG, films as WebM or GIF. Each PNG says what
// is on it, as those of sample.py do.

const MOST_PIXELS = 80e6; // of a sheet: Pillow, for one, warns of images with more than 89 million

const saving = {
  worker: null,
  stop: null, // of what is being saved

  start() {
    const kinds = {
      "save-face": () => this.png([chosenFace()], "face"),
      "save-sheet": () => this.png(state.picks, "sheet"),
      "save-faces": () => this.images(jobsOf(state.picks), "faces"),
      "save-film": () => this.film(document.getElementById("format").value),
    };
    for (const [id, action] of Object.entries(kinds)) onButton(id, () => this.run(action));
    onButton("cancel", () => this.stop?.abort());
    if (!("VideoEncoder" in window)) this.withoutWebm();
    for (const id of ["scale", "columns", "fps"]) {
      const slider = document.getElementById(id);
      onSlider(slider, () => this.renew(), () => {});
      showValue(slider);
    }
    onChange(() => this.renew());
  },

  renew() {
    const count = state.picks.length;
    document.getElementById("save-face").disabled = !chosenFace();
    const columns = Math.min(this.number("columns"), count);
    const side = spec.resolution * this.number("scale");
    const [wide, tall] = [columns * side, Math.ceil(count / columns) * side];
    const isTooLarge = wide * tall > MOST_PIXELS;
    document.getElementById("save-faces").disabled = !count;
    document.getElementById("save-sheet").disabled = !count || isTooLarge;
    const size = `${wide} × ${tall} pixels`;
    const limit = `a sheet has ${MOST_PIXELS / 1e6} million at most; choose a smaller size`;
    document.getElementById("sheet-size").textContent =
      !count ? "No faces are picked." : isTooLarge ? `${size}, but ${limit}.` : `${size}.`;
  },

  // Only pages from the disk or from https have the encoder, and only in newer browsers.
  withoutWebm() {
    const format = document.getElementById("format");
    const option = format.querySelector('[value="webm"]');
    option.textContent = "WebM (not in this browser)";
    option.disabled = true;
    format.value = "gif";
  },

  number(id) {
    return Number(document.getElementById(id).value);
  },

  options() {
    const isSmooth = document.getElementById("smooth").checked;
    return {side: spec.resolution, channels: spec.channels, scale: this.number("scale"), isSmooth};
  },

  // Show progress, and that nothing else can be saved meanwhile.
  async run(action) {
    if (this.stop) return;
    this.stop = new AbortController();
    const part = document.getElementById("saving");
    part.hidden = false;
    say("The file is being made.");
    try {
      const [blob, name] = await action();
      download(blob, name);
      say(`${name} is saved: ${(blob.size / 1e6).toFixed(2)} MB.`);
    } catch (error) {
      if (error.name === "AbortError") say("Saving was cancelled.");
      else say(`The file could not be made: ${error.message}`, true);
    }
    this.worker?.terminate();
    this.worker = this.stop = null;
    part.hidden = true;
  },

  progress(share, label) {
    document.getElementById("saving-bar").value = share;
    document.getElementById("saving-label").textContent = label;
  },

  // Ask the worker that writes files, which is started for each file.
  ask(message, transfer = []) {
    this.worker ??= this.startWorker();
    return new Promise((resolve, reject) => {
      this.stop.signal.addEventListener("abort", () => reject(this.stop.signal.reason));
      this.worker.onerror = event => reject(new Error(event.message));
      this.worker.onmessage = ({data}) => {
        if (data.error) reject(new Error(data.error));
        else resolve(data);
      };
      this.worker.postMessage(message, transfer);
    });
  },

  startWorker() {
    const text = id => document.getElementById(id).textContent;
    const worker = new Worker(scriptUrl(text("files")));
    worker.postMessage({libraries: {fflate: text("fflate"), gifenc: text("gifenc")}});
    return worker;
  },

  // Compute each job's face and hand it to the worker; labels: the texts of each.
  async send(jobs, kind, texts, more = {}) {
    await this.ask({begin: kind, ...this.options(), ...more});
    for (const [place, job] of jobs.entries()) {
      this.stop.signal.throwIfAborted();
      const {data} = await queue.draw(job, PICK, this.stop.signal);
      await this.ask({pixels: data, texts: texts(job), number: place}, [data.buffer]);
      this.progress((place + 1) / jobs.length, `Face ${place + 1} of ${jobs.length}`);
    }
    const {bytes} = await this.ask({end: true});
    return bytes;
  },

  // One PNG of several faces.
  async png(faces, name) {
    const jobs = jobsOf(faces);
    const columns = Math.min(this.number("columns"), faces.length);
    const all = faces.length > 1 ? this.textsOfSheet(faces) : textsOf(jobs[0]);
    const bytes = await this.send(jobs, "sheet", () => all, {columns});
    return [new Blob([bytes], {type: "image/png"}), `${fileName(name, faces)}.png`];
  },

  textsOfSheet(faces) {
    const texts = {...lookTexts(state.look), ...labelTexts(faces), seeds: faces.map(({seed}) => seed).join(",")};
    return {...spec.about, ...texts, ...changesOf(faces)};
  },

  async images(jobs, name) {
    const one = name === "faces" ? "face" : "frame";
    const bytes = await this.send(jobs, "zip", textsOf, {name: one});
    return [new Blob([bytes], {type: "application/zip"}), `${name}.zip`];
  },

  async film(format) {
    const fps = this.number("fps");
    if (format === "gif" && fps > 50) { // viewers slow it down to 10
      throw new Error("a GIF has at most 50 frames a second; choose fewer, or WebM");
    }
    const jobs = walk.frames(fps);
    const name = fileName("walk", state.picks);
    if (format === "png") return this.images(jobs, name);
    const type = {webm: "video/webm", gif: "image/gif"}[format];
    const bytes = await this.send(jobs, format, () => ({}), {fps});
    return [new Blob([bytes], {type}), `${name}.${format}`];
  },
};

// What an image says about itself: sample.py's keys, and those for what only this page can do.
function lookTexts({psi, noise}) {
  const kinds = {0: "none", 1: "const"};
  return {noise: kinds[noise] ?? `const, strength ${noise}`, psi: String(psi)};
}

function textsOf({face, to, share, look}) {
  const isBetween = to && share > 0;
  const texts = isBetween
    ? {seeds: `${face.seed},${to.seed}`, share: share.toFixed(6)}
    : {seed: String(face.seed)};
  const faces = isBetween ? [face, to] : [face];
  return {...spec.about, ...texts, ...lookTexts(look), ...labelTexts(faces), ...changesOf(faces)};
}

// Faces as the address writes them, where one is more than its seed or file.
function changesOf(faces) {
  const isChanged = faces.some(face => keyOf(face) !== wordOf(face.seed));
  return isChanged ? {faces: faces.map(keyOf).join(" ")} : {};
}

function jobsOf(faces) {
  return faces.map(face => ({face, look: {...state.look}}));
}

function fileName(kind, faces) {
  if (faces.length > 1) return `${kind}_of_${faces.length}`;
  const [face] = faces;
  const own = isOfFile(face) ? face.seed.replace(/\.npz$/i, "") : String(face.seed).padStart(5, "0");
  return `${kind}_${own}`;
}
