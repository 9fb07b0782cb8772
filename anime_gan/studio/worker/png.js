// PNG files with texts (ISO/IEC 15948), of gray or RGB pixels with 8 bits.

const CRC_TABLE = Uint32Array.from({length: 256}, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC_TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return ~value;
}

function chunk(kind, data) {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(kind), 4);
  bytes.set(data, 8);
  view.setInt32(8 + data.length, crc(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

// A text that is Latin-1 is a tEXt chunk, as Pillow writes it; others are iTXt chunks, in UTF-8.
function textChunk(key, value) {
  const codes = [...value].map(character => character.codePointAt(0));
  const name = new TextEncoder().encode(key);
  if (codes.every(code => code > 0 && code < 256)) {
    return chunk("tEXt", Uint8Array.of(...name, 0, ...codes));
  }
  return chunk("iTXt", Uint8Array.of(...name, 0, 0, 0, 0, 0, ...new TextEncoder().encode(value)));
}

// The rows of a PNG, white: each begins with its filter, which is none. channels: 1 or 3.
function blankRows(width, height, channels) {
  const length = 1 + width * channels;
  const data = new Uint8Array(height * length).fill(255);
  for (let y = 0; y < height; y++) data[y * length] = 0;
  return {data, width, height, channels};
}

// Copy a square of RGBA pixels into rows; the alpha is left out.
function putSquare({data, width, channels}, pixels, side, left = 0, top = 0) {
  const length = 1 + width * channels;
  for (let y = 0; y < side; y++) {
    let to = (top + y) * length + 1 + left * channels;
    for (let from = y * side * 4; from < (y + 1) * side * 4; from += 4) {
      for (let channel = 0; channel < channels; channel++) data[to++] = pixels[from + channel];
    }
  }
}

// compress: to the zlib format.
function png({data, width, height, channels}, texts, compress) {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8);
  header.setUint8(9, channels === 1 ? 0 : 2);
  return joined([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", new Uint8Array(header.buffer)),
    ...Object.entries(texts).map(([key, value]) => textChunk(key, value)),
    chunk("IDAT", compress(data)),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

function joined(arrays) {
  const all = new Uint8Array(arrays.reduce((sum, array) => sum + array.length, 0));
  let place = 0;
  for (const array of arrays) {
    all.set(array, place);
    place += array.length;
  }
  return all;
}
