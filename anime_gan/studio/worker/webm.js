// A WebM file of one film: the elements of Matroska (RFC 9559) in EBML (RFC 8794). Times are whole
// milliseconds. A cluster begins with each key frame, and the cues say where, so that players can
// go to any time.

// Each frame is {data, time, isKey}, in order, the first a key frame; the duration in milliseconds.
function webm(frames, side, duration) {
  const header = element("1a45dfa3", [
    uint("4286", 1), uint("42f7", 1), uint("42f2", 4), uint("42f3", 8), // EBML's own limits
    string("4282", "webm"), uint("4287", 2), uint("4285", 2),
  ]);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setFloat64(0, duration);
  const info = element("1549a966", [
    uint("2ad7b1", 1e6), element("4489", length), string("4d80", "anime-gan"), string("5741", "anime-gan"),
  ]);
  const size = element("e0", [uint("b0", side), uint("ba", side)]);
  const track = [uint("d7", 1), uint("73c5", 1), uint("9c", 0), uint("83", 1)]; // a video
  const tracks = element("1654ae6b", [element("ae", [...track, string("86", "V_VP8"), size])]);

  const clusters = [];
  for (const frame of frames) {
    if (frame.isKey) clusters.push([]);
    clusters.at(-1).push(frame);
  }
  const times = clusters.map(([first]) => first.time);
  const packed = clusters.map(cluster);
  const cues = positions => element("1c53bb6b", times.map((time, place) => {
    const where = element("b7", [uint("f7", 1), uint("f1", positions[place])]);
    return element("bb", [uint("b3", time), where]);
  }));
  let position = info.length + tracks.length + cues(times).length;
  const positions = packed.map(({length}) => (position += length) - length);
  return joined([header, element("18538067", [info, tracks, cues(positions), ...packed])]);
}

function cluster(frames) {
  const start = frames[0].time;
  const blocks = frames.map(({data, time, isKey}) => {
    const head = new DataView(new ArrayBuffer(4));
    head.setUint8(0, 0x81); // of track 1
    head.setInt16(1, time - start);
    head.setUint8(3, isKey ? 0x80 : 0);
    return element("a3", [new Uint8Array(head.buffer), data]);
  });
  return element("1f43b675", [uint("e7", start), ...blocks]);
}

// An element with its size in 8 bytes; id: its hexadecimal digits; content: bytes, or a list of them.
function element(id, content) {
  const data = content instanceof Uint8Array ? content : joined(content);
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, 1n << 56n | BigInt(data.length));
  const digits = Uint8Array.from(id.match(/../g), digits => parseInt(digits, 16));
  return joined([digits, size, data]);
}

// A whole number, in 8 bytes, so that a number's size does not depend on its value.
function uint(id, value) {
  const data = new Uint8Array(8);
  new DataView(data.buffer).setBigUint64(0, BigInt(value));
  return element(id, data);
}

function string(id, value) {
  return element(id, new TextEncoder().encode(value));
}
