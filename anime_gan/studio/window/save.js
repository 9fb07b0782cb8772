// Files: a face, a sheet, single images and frames as PNG, films as WebM or GIF. Each PNG says what
// is on it, as those of sample.py do.

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
    if (!this.canRecord()) document.querySelector('#format [value="webm"]').disabled = true;
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
    for (const id of ["save-sheet", "save-faces"]) document.getElementById(id).disabled = !count;
    const columns = Math.min(this.number("columns"), count);
    const side = spec.resolution * this.number("scale");
    const tall = Math.ceil(count / columns) * side;
    document.getElementById("sheet-size").textContent =
      count ? `${columns * side} × ${tall} pixels` : "No faces are picked.";
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
    const texts = {...lookTexts(state.look), seeds: faces.map(({seed}) => seed).join(",")};
    return {...spec.about, ...texts, ...changesOf(faces)};
  },

  async images(jobs, name) {
    const one = name === "faces" ? "face" : "frame";
    const bytes = await this.send(jobs, "zip", textsOf, {name: one});
    return [new Blob([bytes], {type: "application/zip"}), `${name}.zip`];
  },

  async film(format) {
    const fps = this.number("fps");
    const jobs = walk.frames(fps);
    const name = fileName("walk", state.picks);
    if (format === "png") return this.images(jobs, name);
    if (format === "webm") return [await this.record(jobs, fps), `${name}.webm`];
    const bytes = await this.send(jobs, "gif", () => ({}), {fps});
    return [new Blob([bytes], {type: "image/gif"}), `${name}.gif`];
  },

  canRecord() {
    return Boolean(window.MediaRecorder && MediaRecorder.isTypeSupported("video/webm"));
  },

  // All frames are computed first, then played to the recorder at their pace.
  async record(jobs, fps) {
    const images = [];
    for (const job of jobs) {
      images.push(await createImageBitmap(await queue.draw(job, PICK, this.stop.signal)));
      this.progress(images.length / jobs.length / 2, `Frame ${images.length} of ${jobs.length}`);
    }
    const canvas = document.createElement("canvas");
    const {side, scale, isSmooth} = this.options();
    canvas.width = canvas.height = side * scale;
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = isSmooth;
    context.imageSmoothingQuality = "high";
    const paint = image => context.drawImage(image, 0, 0, canvas.width, canvas.height);
    paint(images[0]);
    const stream = canvas.captureStream(fps);
    const quality = {mimeType: "video/webm", videoBitsPerSecond: 8_000_000};
    const recorder = new MediaRecorder(stream, quality);
    const parts = [];
    recorder.ondataavailable = event => parts.push(event.data);
    const ended = new Promise(resolve => { recorder.onstop = resolve; });
    recorder.start();
    const began = performance.now();
    for (const [place, image] of images.entries()) {
      paint(image);
      this.progress(0.5 + (place + 1) / images.length / 2, "Recording");
      const wait = began + (place + 1) * 1000 / fps - performance.now();
      await new Promise(resolve => setTimeout(resolve, wait));
      if (this.stop.signal.aborted) break;
    }
    recorder.stop();
    await ended;
    this.stop.signal.throwIfAborted();
    return new Blob(parts, {type: "video/webm"});
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
  const changes = changesOf(isBetween ? [face, to] : [face]);
  return {...spec.about, ...texts, ...lookTexts(look), ...changes};
}

// Faces as the address writes them, where one is more than its seed.
function changesOf(faces) {
  const isChanged = faces.some(face => keyOf(face) !== String(face.seed));
  return isChanged ? {faces: faces.map(keyOf).join(" ")} : {};
}

function jobsOf(faces) {
  return faces.map(face => ({face, look: {...state.look}}));
}

function fileName(kind, faces) {
  const what = faces.length > 1 ? `of_${faces.length}` : String(faces[0].seed).padStart(5, "0");
  return `${kind}_${what}`;
}
