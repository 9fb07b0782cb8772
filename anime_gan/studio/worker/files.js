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
      const bytes = file.finish();
      postMessage({bytes}, [bytes.buffer]);
    } else {
      file.add(data);
      postMessage({});
    }
  } catch (error) {
    postMessage({error: error.message});
  }
};

async function load(texts) {
  for (const [name, text] of Object.entries(texts)) libraries[name] = await imported(text);
}

const compress = data => libraries.fflate.zlibSync(data, {level: 6});

const writers = {
  // All faces as one PNG; its texts are those of the first.
  sheet({side, columns, scale, isSmooth, channels}) {
    const faces = [];
    let texts = null;
    return {
      add(face) {
        texts ??= face.texts;
        faces.push(enlarged(face.pixels, side, scale, isSmooth));
      },
      finish() {
        const size = side * scale;
        const [width, height] = [columns * size, Math.ceil(faces.length / columns) * size];
        const pixels = new Uint8ClampedArray(width * height * 4).fill(255);
        faces.forEach((face, place) => {
          const left = (place % columns) * size, top = Math.floor(place / columns) * size;
          for (let row = 0; row < size; row++) {
            const from = face.subarray(row * size * 4, (row + 1) * size * 4);
            pixels.set(from, ((top + row) * width + left) * 4);
          }
        });
        return png(pixels, width, height, channels, texts, compress);
      },
    };
  },

  // A PNG for each face.
  zip({side, scale, isSmooth, channels, name}) {
    const files = {};
    return {
      add({pixels, texts, number}) {
        const size = side * scale;
        const image = enlarged(pixels, side, scale, isSmooth);
        const file = `${name}_${String(number + 1).padStart(5, "0")}.png`;
        files[file] = png(image, size, size, channels, texts, compress);
      },
      finish() {
        return libraries.fflate.zipSync(files, {level: 0, mtime: new Date(1980, 0, 1)});
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
