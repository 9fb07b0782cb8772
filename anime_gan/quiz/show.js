// Faces on canvases, and when the screen showed them. All faces lie in one image, the sheet.

const CROSS_MS = 500; // before a face of a rapid quiz
const TILES = 8; // of a mask, a side

class Screen {
  constructor(quiz) {
    this.quiz = quiz;
    this.sheet = new Image();
    this.sheet.src = quiz.sheet;
    this.ready = this.sheet.decode();
    for (const canvas of document.querySelectorAll("canvas")) canvas.width = canvas.height = quiz.size;
    this.single = document.querySelector("#single > canvas");
  }

  // Draw the face of a cell of the sheet.
  draw(canvas, cell) {
    const {size} = this.quiz;
    canvas.getContext("2d").drawImage(this.sheet, ...this.corner(cell), size, size, 0, 0, size, size);
  }

  corner(cell) {
    const {columns, step} = this.quiz;
    return [cell % columns * step, Math.floor(cell / columns) * step];
  }

  // Draw with the first frame after a time, and return its time in milliseconds. Without a time, a
  // frame may be dated before the press that it follows.
  async with(draw, after) {
    const time = await frameAfter(after);
    draw();
    return time;
  }

  // Show a cross after a time, a face for `exposure` milliseconds and a mask. Return the time of the
  // face's frame, and for how long it was there by the times of the frames.
  async flash(cell, exposure, random, after) {
    const canvas = this.single;
    const crossed = await this.with(() => this.cross(canvas), after);
    const shown = await this.with(() => this.draw(canvas, cell), crossed + CROSS_MS);
    // Frames are about 16.7 ms apart: without the 4 ms, 50 ms might become four of them.
    const masked = await frameAfter(shown + exposure - 4);
    this.mask(canvas, random);
    return [shown, masked - shown];
  }

  cross(canvas) {
    const {size} = this.quiz, context = canvas.getContext("2d");
    context.fillStyle = "#808080";
    context.fillRect(0, 0, size, size);
    context.fillStyle = "#ffffff";
    const length = size / 4, width = Math.max(1, size / 32), middle = size / 2;
    context.fillRect(middle - length / 2, middle - width / 2, length, width);
    context.fillRect(middle - width / 2, middle - length / 2, width, length);
  }

  // Tiles of random faces, real and generated ones alike, each at a random place.
  mask(canvas, random) {
    const {size, faces} = this.quiz, context = canvas.getContext("2d"), side = size / TILES;
    for (let row = 0; row < TILES; row++) {
      for (let column = 0; column < TILES; column++) {
        const [x, y] = this.corner(random.below(faces));
        const from = [x + random.below(TILES) * side, y + random.below(TILES) * side];
        context.drawImage(this.sheet, ...from, side, side, column * side, row * side, side, side);
      }
    }
  }
}

// The time of the next frame.
function frame() {
  return new Promise(requestAnimationFrame);
}

// The time of the first frame at a time or later.
async function frameAfter(time) {
  let now = await frame();
  while (now < time) now = await frame();
  return now;
}
