// The latent of a seed: the numbers of numpy.random.default_rng(seed).standard_normal(count).
// NumPy's seeding, generator and normal numbers, written from their descriptions:
// - SeedSequence: Melissa O'Neill, "Developing a seed_seq alternative" (2015)
// - PCG64 (XSL-RR): O'Neill, "PCG: a family of simple fast space-efficient generators" (2014)
// - ziggurat: Marsaglia and Tsang, "The ziggurat method for generating random variables" (2000)

// The 32-bit words of a seed, a BigInt from 0 to 2^64 - 1, and of a stream, a small number.
function entropyOf(seed, stream) {
  const [low, high] = [Number(seed & 0xffffffffn), Number(seed >> 32n)];
  const words = high ? [low, high] : [low];
  return stream === undefined ? words : [...words, stream];
}

// Four 64-bit words, as BigInts, from up to four 32-bit words.
function seedWords(entropy) {
  const pool = [0, 0, 0, 0];
  let constant = 0x43b0d7e5;
  const hashed = value => {
    value ^= constant;
    constant = Math.imul(constant, 0x931e8875);
    value = Math.imul(value, constant);
    return value ^ (value >>> 16);
  };
  for (let place = 0; place < 4; place++) pool[place] = hashed(entropy[place] ?? 0);
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from === to) continue;
      const value = Math.imul(pool[to], 0xca01f9dd) - Math.imul(hashed(pool[from]), 0x4973f715);
      pool[to] = value ^ (value >>> 16);
    }
  }
  constant = 0x8b51f9dd;
  const halves = Array.from({length: 8}, (_, place) => {
    let value = pool[place % 4] ^ constant;
    constant = Math.imul(constant, 0x58f38ded);
    value = Math.imul(value, constant);
    return BigInt((value ^ (value >>> 16)) >>> 0);
  });
  return [0, 2, 4, 6].map(place => halves[place] | (halves[place + 1] << 64n >> 32n));
}

// A function that returns the next 64 random bits of a seed, as a BigInt. A seed has one sequence
// of its own, and another one for each stream: numpy.random.default_rng([seed, stream]).
function bitsOf(seed, stream) {
  const wide = value => BigInt.asUintN(128, value);
  const multiplier = (0x2360ed051fc65da4n << 64n) | 0x4385df649fccf645n;
  const [high, low, sequenceHigh, sequenceLow] = seedWords(entropyOf(seed, stream));
  const increment = wide((((sequenceHigh << 64n) | sequenceLow) << 1n) | 1n);
  const step = state => wide(state * multiplier + increment);
  let state = step(wide(step(0n) + ((high << 64n) | low)));
  return () => {
    state = step(state);
    const mixed = BigInt.asUintN(64, (state >> 64n) ^ state);
    const turn = state >> 122n;
    return BigInt.asUintN(64, (mixed >> turn) | (mixed << (64n - turn)));
  };
}

// The ziggurat: 256 layers of equal area under exp(-x^2 / 2). A layer's numbers are its width times
// a random integer below 2^52; those below `inside` lie under the curve whatever their height.
const ziggurat = (() => {
  const edge = 3.6541528853610088, area = 0.004928673233974655, scale = 2 ** 52;
  const curve = x => Math.exp(-x * x / 2);
  const [width, inside, height] = Array.from({length: 3}, () => new Float64Array(256));
  width[0] = area / curve(edge) / scale;
  inside[0] = Math.trunc(edge * curve(edge) / area * scale);
  height[0] = 1;
  width[255] = edge / scale;
  height[255] = curve(edge);
  let outer = edge;
  for (let layer = 254; layer > 0; layer--) {
    const x = Math.sqrt(-2 * Math.log(area / outer + curve(outer)));
    inside[layer + 1] = Math.trunc(x / outer * scale);
    width[layer] = x / scale;
    height[layer] = curve(x);
    outer = x;
  }
  return {edge, width, inside, height};
})();

// A function that returns the next number from 0 to 1 of 64 random bits.
function uniformOf(next) {
  return () => Number(next() >> 11n) * 2 ** -53;
}

// Standard normal numbers of a seed, in 32 bits as the networks take them. `branches` counts how
// often each branch was taken, for the tests.
function normals(seed, count, branches = {}) {
  const next = bitsOf(seed);
  const uniform = uniformOf(next);
  const took = branch => { branches[branch] = (branches[branch] ?? 0) + 1; };
  const tail = isNegative => {
    for (;;) {
      const x = -Math.log1p(-uniform()) / ziggurat.edge;
      const y = -Math.log1p(-uniform());
      if (y + y > x * x) return isNegative ? -(ziggurat.edge + x) : ziggurat.edge + x;
    }
  };
  const one = () => {
    for (;;) {
      const bits = next();
      const layer = Number(bits & 0xffn);
      const whole = Number((bits >> 9n) & 0xfffffffffffffn);
      const size = whole * ziggurat.width[layer];
      const x = (bits >> 8n) & 1n ? -size : size;
      if (whole < ziggurat.inside[layer]) return x;
      if (layer === 0) {
        took("tail");
        return tail((whole / 256) & 1);
      }
      const {height} = ziggurat;
      const at = (height[layer - 1] - height[layer]) * uniform() + height[layer];
      const isUnder = at < Math.exp(-x * x / 2);
      took(isUnder ? "wedge" : "rejected");
      if (isUnder) return x;
    }
  };
  return Float32Array.from({length: count}, one);
}
