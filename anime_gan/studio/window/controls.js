// The chosen face, large, and what changes it: directions, and styles of other picked faces.

const STOPS = [-3, -1.5, 0, 1.5, 3]; // standard deviations in a strip
const STRIP_SIDE = 64; // pixels of a face in a strip

const controls = {
  large: document.getElementById("large"),
  strips: null, // stops the drawing of strips of an earlier face
  stripKey: "",

  start() {
    for (const [id, name] of [["psi", "psi"], ["noise", "noise"]]) {
      const slider = document.getElementById(id);
      const set = tell => value => {
        state.look[name] = value;
        tell();
      };
      onSlider(slider, set(showState), set(stepTakenSoon));
      onButton(`${id}-reset`, () => set(stepTaken)(1));
    }
    document.getElementById("noise-part").hidden = !spec.hasStyles;
    document.getElementById("size").addEventListener("input", () => wall.resize());
    const list = document.getElementById("directions");
    spec.directions.forEach((direction, number) => list.append(this.direction(direction, number)));
    document.getElementById("directions-part").hidden = !spec.directions.length;
    const mixing = document.getElementById("mixing");
    for (const level of spec.levels) mixing.append(this.level(level));
    document.getElementById("mixing-part").hidden = spec.levels.length < 2;
    onButton("copy", () => {
      const face = chosenFace();
      state.picks.splice(state.chosen + 1, 0, structuredClone(face));
      state.chosen++;
      stepTaken();
      say("A copy of the face is picked; the sliders now change the copy.");
    });
    onButton("reset", () => this.edit(face => {
      face.values = [];
      face.mix = {};
    }, stepTaken));
    onChange(() => this.renew());
  },

  // Change the chosen face; `tell` is showState or stepTaken.
  edit(change, tell) {
    const face = structuredClone(chosenFace());
    change(face);
    state.picks[state.chosen] = face;
    tell();
  },

  direction({label: called}, number) {
    const row = copyOf("direction-template");
    const slider = row.querySelector("input");
    const [label, strip] = [row.querySelector("label"), row.querySelector("canvas")];
    slider.id = `direction-${number}`;
    label.htmlFor = slider.id;
    label.textContent = called;
    strip.width = STOPS.length * STRIP_SIDE;
    strip.height = STRIP_SIDE;
    strip.setAttribute("aria-label", `Faces from -3 to 3: ${called}`);
    const reset = row.querySelector("button");
    reset.setAttribute("aria-label", `Reset ${called}`);
    const set = tell => value => this.edit(face => {
      face.values = spec.directions.map((_, place) => face.values[place] ?? 0);
      face.values[number] = value;
    }, tell);
    onSlider(slider, set(showState), set(stepTakenSoon));
    reset.addEventListener("click", () => set(stepTaken)(0));
    return row;
  },

  level({name}) {
    const row = document.createElement("p");
    const [label, select] = [document.createElement("label"), document.createElement("select")];
    select.id = `mix-${name}`;
    label.htmlFor = select.id;
    label.textContent = `${name[0].toUpperCase()}${name.slice(1)} styles`;
    select.addEventListener("change", () => this.edit(face => {
      if (select.value) face.mix[name] = readSource(select.value);
      else delete face.mix[name];
    }, stepTaken));
    row.append(label, select);
    return row;
  },

  renew() {
    const face = chosenFace();
    setSlider(document.getElementById("psi"), state.look.psi);
    setSlider(document.getElementById("noise"), state.look.noise);
    document.getElementById("no-face").hidden = Boolean(face);
    document.getElementById("face-part").hidden = !face;
    if (!face) return;
    document.getElementById("face-name").textContent = nameOf(face);
    this.large.setAttribute("aria-label", nameOf(face));
    redraw(this.large, face, URGENT);
    spec.directions.forEach((_, number) => {
      setSlider(document.getElementById(`direction-${number}`), face.values[number] ?? 0);
    });
    for (const {name} of spec.levels) this.options(name, face);
    this.renewStrips(face);
  },

  options(level, face) {
    const select = document.getElementById(`mix-${level}`);
    const own = face.mix[level];
    const seeds = new Set(state.picks.map(({seed}) => seed).filter(seed => seed !== face.seed));
    if (own !== undefined) seeds.add(own);
    const others = [...seeds].map(seed => {
      const called = typeof seed === "string" ? seed : `seed ${seed}`;
      return new Option(`of ${called}`, wordOf(seed));
    });
    select.replaceChildren(new Option("its own", ""), ...others);
    select.value = own === undefined ? "" : wordOf(own);
  },

  // The strips wait until the reader has let a slider go: they are many faces.
  renewStrips(face) {
    const key = `${keyOf(face)} ${state.look.psi} ${state.look.noise}`;
    if (key === this.stripKey) return;
    this.stripKey = key;
    this.strips?.abort();
    clearTimeout(this.stripTimer);
    this.stripTimer = setTimeout(() => this.drawStrips(face), 250);
  },

  drawStrips(face) {
    this.strips = new AbortController();
    const look = {...state.look};
    spec.directions.forEach((_, number) => {
      const row = document.getElementById(`direction-${number}`).closest("li");
      const strip = row.querySelector("canvas");
      STOPS.forEach(async (stop, place) => {
        const values = spec.directions.map((_, other) => face.values[other] ?? 0);
        values[number] = stop;
        try {
          const job = {face: {...face, values}, look};
          const image = await queue.draw(job, STRIP, this.strips.signal);
          const small = await shrunk(image, STRIP_SIDE, "medium");
          strip.getContext("2d").drawImage(small, place * STRIP_SIDE, 0);
          strip.dataset.drawn = Number(strip.dataset.drawn ?? 0) + 1;
        } catch (error) {
          reportUnlessAborted(error);
        }
      });
    });
  },
};
