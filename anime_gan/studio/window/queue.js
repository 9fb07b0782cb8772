// The jobs of the worker that computes faces. One is on its way at a time, so that what the reader
// waits for most can overtake the rest.

const URGENT = 0, PICK = 1, WALL = 2, STRIP = 3;

// Pixels of a face on the wall or among the picked ones, at most: hundreds of them at 512 pixels
// would take half a gigabyte.
const MOST_SIDE = 256;

class Queue {
  constructor() {
    this.waiting = [[], [], [], []];
    this.current = null;
    this.number = 0;
    this.isReady = false;
    this.drawn = 0; // faces since the start
  }

  // Start the worker; progress: called with a share and a label.
  start(progress) {
    const text = id => document.getElementById(id).textContent;
    const parts = {};
    for (const element of document.querySelectorAll("[data-part]")) {
      parts[element.dataset.part] = element.textContent;
      element.remove();
    }
    const start = {script: text("onnxruntime"), runtime: text("runtime"), parts, spec};
    document.getElementById("runtime").remove();
    this.worker = new Worker(scriptUrl(text("engine")));
    return new Promise((resolve, reject) => {
      this.worker.onerror = event => reject(new Error(event.message ?? "the worker did not start"));
      this.worker.onmessage = ({data}) => {
        if (data.ready) {
          this.isReady = true;
          this.next();
          resolve();
        } else if (data.progress) {
          progress(data.progress, data.label);
        } else if (data.id === undefined) {
          reject(new Error(data.error));
        } else {
          this.finish(data);
        }
      };
      this.worker.postMessage({start});
    });
  }

  // An ImageData of a job {face, look} or {face, to, share, look}; rejected if `signal` aborts it.
  draw(job, priority, signal) {
    return new Promise((resolve, reject) => {
      this.waiting[priority].push({job, signal, resolve, reject});
      this.next();
    });
  }

  next() {
    if (!this.isReady || this.current) return;
    for (const waiting of this.waiting) {
      while (waiting.length) {
        const entry = waiting.shift();
        if (entry.signal?.aborted) {
          entry.reject(entry.signal.reason);
          continue;
        }
        this.current = entry;
        this.worker.postMessage({...entry.job, id: this.number++});
        return;
      }
    }
  }

  finish({pixels, error}) {
    const {resolve, reject} = this.current;
    this.current = null;
    this.next();
    this.drawn++;
    if (error) reject(new Error(error));
    else resolve(new ImageData(pixels, spec.resolution, spec.resolution));
  }
}

const queue = new Queue();

// Draw a face into a canvas; a later call for the same canvas replaces an earlier one.
const drawings = new WeakMap();
function drawInto(canvas, face, look, priority) {
  drawings.get(canvas)?.abort();
  const drawing = new AbortController();
  drawings.set(canvas, drawing);
  const job = {face, look: {...look}};
  return queue.draw(job, priority, drawing.signal).then(async image => {
    const side = priority === URGENT ? spec.resolution : Math.min(spec.resolution, MOST_SIDE);
    const isWhole = side === spec.resolution;
    const small = isWhole ? null : await shrunk(image, side, "high");
    if (drawing.signal.aborted) return;
    canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    if (isWhole) context.putImageData(image, 0, 0);
    else context.drawImage(small, 0, 0);
    canvas.dataset.drawn = `${keyOf(face)} ${look.psi} ${look.noise}`;
  }).catch(reportUnlessAborted);
}

function shrunk(image, side, quality) {
  const size = {resizeWidth: side, resizeHeight: side};
  return createImageBitmap(image, {...size, resizeQuality: quality});
}

function stopDrawing(canvas) {
  drawings.get(canvas)?.abort();
}

function reportUnlessAborted(error) {
  if (error?.name !== "AbortError") say(`A face could not be computed: ${error.message}`, true);
}
