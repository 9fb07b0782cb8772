// Random numbers and the order of the trials. anime_gan/quiz/order.py computes the same: it checks
// that the order in an answers file follows from the participant's number.

// xoshiro128** (Blackman and Vigna 2018); seed: 32 hexadecimal digits.
class Random {
  constructor(seed) {
    this.state = [0, 8, 16, 24].map(start => parseInt(seed.slice(start, start + 8), 16));
    this.state[0] |= 1; // a state of zeros would give zeros only
  }

  // The next whole number, 0 to 2^32 - 1.
  word() {
    const [a, b, c, d] = this.state;
    const result = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0;
    const third = c ^ a, fourth = d ^ b;
    this.state = [a ^ fourth, b ^ third, third ^ (b << 9), rotated(fourth, 11)];
    return result;
  }

  // A whole number from 0 to count - 1.
  below(count) {
    return Math.floor(this.word() * count / 2 ** 32);
  }

  // The items in a random order (Fisher and Yates).
  shuffled(items) {
    items = [...items];
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [items[last], items[other]] = [items[other], items[last]];
    }
    return items;
  }

  // 0 and 1 equally often in a random order; with an odd count, one of them more.
  bits(count) {
    const first = this.below(2);
    return this.shuffled(Array.from({length: count}, (_, place) => (first + place) % 2));
  }
}

function rotated(word, bits) {
  return (word << bits) | (word >>> (32 - bits));
}

// A participant's trials: [pair, the face of it on the left]; in a rapid quiz [pair, face of it,
// exposure]; for a rating [cell]. truth: which face of each pair is the real one (of a rating: the
// first generator's).
function trialsOf(quiz, truth, participant) {
  const random = new Random(participant);
  const order = random.shuffled(truth.keys());
  if (quiz.kind === "rapid") {
    const both = order.flatMap((pair, place) => {
      const exposure = place % quiz.exposures.length;
      return [[pair, 0, exposure], [pair, 1, exposure]];
    });
    return random.shuffled(both);
  }
  const onRight = random.bits(order.length);
  const choices = order.map((pair, place) => [pair, truth[pair] ^ onRight[place]]);
  return quiz.kind === "pairs" ? choices : [...choices, ...random.shuffled(quiz.singles).map(cell => [cell])];
}

// What make.py has written in an unreadable form, so that the source of the page shows no key.
function unsealed(text, id) {
  const random = new Random(id);
  const bytes = Uint8Array.from(atob(text), character => character.charCodeAt(0) ^ (random.word() >>> 24));
  return JSON.parse(new TextDecoder().decode(bytes));
}

// 32 random hexadecimal digits: a participant's number.
function newParticipant() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map(byte => byte.toString(16).padStart(2, "0")).join("");
}
