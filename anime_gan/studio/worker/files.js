// The worker that writes files. It takes {libraries}, then {begin}, one face after the other, and
// {end}, and answers each of these but the first; the last with {bytes}.

const libraries = {};
let loaded = null;
let file = null;

self.onmessage = async ({data}) => {
  if (data.libraries) {
    loaded = load(data.libraries);
    return;
  }
  try {
    await loaded;
    if (data.begin) {
      file = {...data, ...writers[data.begin](data)};
      postMessage({});
    } else if (data.end) {
      const bytes = await file.finish();
      postMessage({bytes}, [bytes.buffer]);
    } else {
      await file.add(data);
      postMessage({});
    }
  } catch (error) {
    postMessage({error: error.message});
  }
};

async function load(texts) {
  for (const [name, text] of Object.entries(texts)) libraries[name] = await imported(text);
}

// Of WebM: enough that faces look as in PNG files, and a key frame every two seconds.
const LEAST_BITS = 2e6, BITS_A_PIXEL = 0.25, KEY_SECONDS = 2;

const compress = data => libraries.fflate.zlibSync(data, {level: 6});

const writers = {
  // All faces as one PNG; its texts are those of the first. They are enlarged one by one, since a
  // sheet may have many pixels.
  sheet({side, columns, scale, isSmooth, channels}) {
    const faces = [];
    let texts = null;
    return {
      add(face) {
        texts ??= face.texts;
        faces.push(face.pixels);
      },
      finish() {
        const size = side * scale;
        const rows = blankRows(columns * size, Math.ceil(faces.length / columns) * size, channels);
        faces.forEach((face, place) => {
          const left = (place % columns) * size, top = Math.floor(place / columns) * size;
          putSquare(rows, enlarged(face, side, scale, isSmooth), size, left, top);
        });
        return png(rows, texts, compress);
      },
    };
  },

  // A PNG for each face.
  zip({side, scale, isSmooth, channels, name}) {
    const files = {};
    return {
      add({pixels, texts, number}) {
        const size = side * scale;
        const rows = blankRows(size, size, channels);
        putSquare(rows, enlarged(pixels, side, scale, isSmooth), size);
        files[`${name}_${String(number + 1).padStart(5, "0")}.png`] = png(rows, texts, compress);
      },
      finish() {
        return libraries.fflate.zipSync(files, {level: 0, mtime: new Date(1980, 0, 1)});
      },
    };
  },

  // Each frame has its time in the film, however long the machine took to compute it.
  webm({side, scale, isSmooth, fps}) {
    const size = side * scale;
    const frames = [];
    let failure = null;
    const output = chunk => {
      const data = new Uint8Array(chunk.byteLength);
      chunk.copyTo(data);
      frames.push({data, time: Math.round(chunk.timestamp / 1000), isKey: chunk.type === "key"});
    };
    const encoder = new VideoEncoder({output, error: error => { failure = error; }});
    const bitrate = Math.max(LEAST_BITS, BITS_A_PIXEL * size * size * fps);
    encoder.configure({codec: "vp8", width: size, height: size, framerate: fps, bitrate});
    return {
      async add({pixels, number}) {
        const timestamp = Math.round(number * 1e6 / fps);
        const shape = {format: "RGBX", codedWidth: size, codedHeight: size};
        const frame = new VideoFrame(enlarged(pixels, side, scale, isSmooth), {...shape, timestamp});
        encoder.encode(frame, {keyFrame: number % (KEY_SECONDS * fps) === 0});
        frame.close();
        // Frames that wait are in memory.
        while (!failure && encoder.encodeQueueSize > 4) await new Promise(go => setTimeout(go, 2));
        if (failure) throw failure;
      },
      async finish() {
        await encoder.flush();
        encoder.close();
        return webm(frames, size, frames.length * 1000 / fps);
      },
    };
  },

  gif({side, scale, isSmooth, fps}) {
    const {GIFEncoder, quantize, applyPalette} = libraries.gifenc;
    const encoder = GIFEncoder();
    let time = 0; // of the frames so far; a GIF counts in hundredths of a second
    return {
      add({pixels, number}) {
        const size = side * scale;
        const image = enlarged(pixels, side, scale, isSmooth);
        const palette = quantize(image, 256);
        const end = Math.round((number + 1) * 100 / fps);
        const options = {palette, delay: (end - time) * 10};
        encoder.writeFrame(applyPalette(image, palette), size, size, options);
        time = end;
      },
      finish() {
        encoder.finish();
        return encoder.bytes();
      },
    };
  },
};

// A face at a whole number of times its size. Without smoothing, each pixel becomes a square.
function enlarged(pixels, side, scale, isSmooth) {
  if (scale === 1) return pixels;
  const size = side * scale;
  if (isSmooth) {
    const [from, to] = [new OffscreenCanvas(side, side), new OffscreenCanvas(size, size)];
    from.getContext("2d").putImageData(new ImageData(pixels, side, side), 0, 0);
    const context = to.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(from, 0, 0, size, size);
    return context.getImageData(0, 0, size, size).data;
  }
  const [source, large] = [new Uint32Array(pixels.buffer), new Uint32Array(size * size)];
  for (let y = 0; y < size; y++) {
    const row = Math.floor(y / scale) * side;
    for (let x = 0; x < size; x++) large[y * size + x] = source[row + Math.floor(x / scale)];
  }
  return new Uint8ClampedArray(large.buffer);
}
