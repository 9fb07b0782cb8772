// A walk from picked face to picked face: shown while it is computed, or frame by frame for a film.

const walk = {
  canvas: document.getElementById("walk-canvas"),
  position: document.getElementById("position"),
  isPlaying: false,
  turn: null, // of what plays: an earlier one ends when another starts
  at: 0, // the share of the walk that is shown, 0 to 1

  start() {
    onButton("play", () => (this.isPlaying ? this.pause() : this.play()));
    onSlider(this.position, value => {
      this.at = value / 100;
      this.show();
    }, () => {});
    for (const id of ["seconds", "easing", "loop"]) {
      document.getElementById(id).addEventListener("input", () => this.renew());
    }
    const seconds = document.getElementById("seconds");
    onSlider(seconds, () => {}, () => {});
    showValue(seconds);
    onChange(() => this.renew());
  },

  renew() {
    const legs = this.legs();
    const canWalk = state.picks.length > 1;
    document.getElementById("save-film").disabled = !canWalk;
    if (!canWalk) this.pause();
    document.getElementById("no-walk").hidden = canWalk;
    document.getElementById("walk-part").hidden = !canWalk;
    if (!canWalk) return;
    const seconds = legs * this.seconds();
    document.getElementById("walk-length").textContent =
      `${state.picks.length} faces, ${seconds.toFixed(1)} seconds`;
    if (!this.canvas.closest('[role="tabpanel"]').hidden) this.show();
  },

  seconds() {
    return Number(document.getElementById("seconds").value);
  },

  // A loop also goes from the last face to the first.
  legs() {
    const isLoop = document.getElementById("loop").checked;
    return isLoop ? state.picks.length : state.picks.length - 1;
  },

  // The job of the face at a share of the walk. "Smooth" begins and ends each leg slowly.
  job(at) {
    const far = Math.min(Math.max(at, 0), 1) * this.legs();
    const leg = Math.min(Math.floor(far), this.legs() - 1);
    let share = far - leg;
    const isSmooth = document.getElementById("easing").value === "smooth";
    if (isSmooth) share = (1 - Math.cos(Math.PI * share)) / 2;
    const face = state.picks[leg];
    const to = state.picks[(leg + 1) % state.picks.length];
    return {face, to, share, look: {...state.look}};
  },

  async show() {
    this.signal?.abort();
    this.signal = new AbortController();
    try {
      this.paint(await queue.draw(this.job(this.at), URGENT, this.signal.signal));
    } catch (error) {
      reportUnlessAborted(error);
    }
  },

  paint(image) {
    this.canvas.width = this.canvas.height = spec.resolution;
    this.canvas.getContext("2d").putImageData(image, 0, 0);
    this.canvas.dataset.frames = Number(this.canvas.dataset.frames ?? 0) + 1;
  },

  pause() {
    this.isPlaying = false;
    document.getElementById("play").textContent = "Play";
  },

  // Each frame is that of the time at which it is asked for, however long it takes.
  async play() {
    this.isPlaying = true;
    const turn = this.turn = {};
    const goesOn = () => this.isPlaying && this.turn === turn;
    document.getElementById("play").textContent = "Pause";
    if (this.at >= 1) this.at = 0;
    let last = performance.now();
    while (goesOn()) {
      const now = await new Promise(requestAnimationFrame);
      if (!goesOn()) break; // there may be no faces any more
      this.at += Math.max(0, now - last) / 1000 / (this.legs() * this.seconds());
      last = now;
      const isLoop = document.getElementById("loop").checked;
      if (this.at >= 1 && !isLoop) {
        this.at = 1;
        this.pause();
      } else {
        this.at %= 1;
      }
      setSlider(this.position, this.at * 100);
      try {
        this.paint(await queue.draw(this.job(this.at), URGENT));
      } catch (error) {
        this.pause();
        reportUnlessAborted(error);
      }
    }
  },

  // The jobs of a film. One that does not loop ends with the last face.
  frames(fps) {
    const count = Math.max(2, Math.round(this.legs() * this.seconds() * fps));
    const last = document.getElementById("loop").checked ? count : count - 1;
    return Array.from({length: count}, (_, number) => this.job(number / last));
  },
};
