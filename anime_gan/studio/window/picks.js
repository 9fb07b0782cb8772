// Picked faces: a row of them above the controls, and side by side in a dialog to compare.

const picks = {
  list: document.getElementById("picks"),
  dialog: document.getElementById("compare"),

  start() {
    this.list.addEventListener("click", event => {
      const item = event.target.closest("li");
      if (!item) return;
      const place = [...this.list.children].indexOf(item);
      if (event.target.closest(".remove")) removePick(place);
      else choose(place);
    });
    onButton("compare-open", () => {
      this.compare();
      this.dialog.showModal();
    });
    onButton("compare-close", () => this.dialog.close());
    onButton("clear", () => {
      state.picks = [];
      state.chosen = -1;
      stepTaken();
      say("No faces are picked.");
      wall.enter();
    });
    onChange(() => this.renew());
  },

  renew() {
    while (this.list.childElementCount > state.picks.length) this.list.lastChild.remove();
    state.picks.forEach((face, place) => {
      const item = this.list.children[place] ?? this.add();
      const [main, remove] = item.children;
      const name = nameOf(face);
      main.setAttribute("aria-label", `Choose ${name}`);
      main.setAttribute("aria-pressed", place === state.chosen);
      main.lastChild.textContent = name;
      remove.setAttribute("aria-label", `Remove ${name}`);
      redraw(main.firstChild, face, PICK);
    });
    document.getElementById("no-picks").hidden = state.picks.length > 0;
    document.getElementById("compare-open").disabled = state.picks.length < 2;
    document.getElementById("clear").disabled = !state.picks.length;
    if (this.dialog.open) this.compare();
  },

  add() {
    const item = copyOf("pick-template");
    this.list.append(item);
    return item;
  },

  compare() {
    const place = document.getElementById("compared");
    place.replaceChildren(...state.picks.map(face => {
      const figure = document.createElement("figure");
      const canvas = document.createElement("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", nameOf(face));
      const caption = document.createElement("figcaption");
      caption.textContent = nameOf(face);
      figure.append(canvas, caption);
      drawInto(canvas, face, state.look, URGENT);
      return figure;
    }));
  },
};

// Draw a face into a canvas, unless it shows it or waits for it.
function redraw(canvas, face, priority) {
  const wanted = `${keyOf(face)} ${state.look.psi} ${state.look.noise}`;
  if (canvas.dataset.wanted === wanted) return;
  canvas.dataset.wanted = wanted;
  drawInto(canvas, face, state.look, priority);
}

// A face's seed or file, and what was changed on it.
function nameOf(face) {
  const moved = face.values.flatMap((value, number) =>
    value ? [`${spec.directions[number].name} ${signed(value)}`] : []);
  const mixed = Object.entries(face.mix).map(([level, seed]) => `${level} ${seed}`);
  return [face.seed, ...labelsOf(face, " "), ...moved, ...mixed].join(", ");
}

function signed(value) {
  return value > 0 ? `+${value}` : String(value).replace("-", "−");
}

// Whether a face is one of a seed with the labels of the wall.
function isOnWall(face, seed) {
  const sameLabels = String(labelWords(face.labels)) === String(labelWords(state.labels));
  return face.seed === seed && sameLabels;
}

function isPicked(seed) {
  return state.picks.some(face => isOnWall(face, seed));
}

// Pick a seed and choose it; if it is picked, leave out all faces of this seed and these labels.
function togglePick(seed) {
  if (isPicked(seed)) {
    const chosen = chosenFace();
    state.picks = state.picks.filter(face => !isOnWall(face, seed));
    state.chosen = state.picks.indexOf(chosen);
    if (state.chosen < 0) state.chosen = state.picks.length - 1;
    say(`Seed ${seed} is no longer picked.`);
  } else {
    state.picks.push(wallFace(seed));
    state.chosen = state.picks.length - 1;
    say(`Seed ${seed} is picked.`);
  }
  stepTaken();
}

function choose(place) {
  state.chosen = place;
  stepTaken();
}

function removePick(place) {
  const [face] = state.picks.splice(place, 1);
  if (state.chosen >= place && (state.chosen || !state.picks.length)) state.chosen--;
  stepTaken();
  say(`${nameOf(face)} is no longer picked.`);
  const next = picks.list.children[Math.min(place, state.picks.length - 1)];
  if (next) next.lastElementChild.focus();
  else wall.enter();
}
