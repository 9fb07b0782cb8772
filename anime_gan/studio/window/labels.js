// Labels, such as hair and eyes: of all faces on the wall, in the header; of the chosen face.

const labels = {
  start() {
    spec.labels.forEach((_, number) => {
      this.onChoice(`wall-label-${number}`, code => {
        set(state.labels, code);
        stepTaken();
      });
      this.onChoice(`face-label-${number}`, code => {
        controls.edit(face => set(face.labels, code), stepTaken);
      });
      function set(all, code) {
        if (code === "") delete all[number];
        else all[number] = Number(code);
      }
    });
    document.getElementById("wall-labels").hidden = !spec.labels.length;
    onChange(() => this.renew());
  },

  onChoice(id, action) {
    const select = document.getElementById(id);
    select.addEventListener("change", () => action(select.value));
  },

  renew() {
    const face = chosenFace();
    document.getElementById("face-labels").hidden = !face || !canHaveLabels(face);
    spec.labels.forEach((_, number) => {
      document.getElementById(`wall-label-${number}`).value = state.labels[number] ?? "";
      const select = document.getElementById(`face-label-${number}`);
      select.value = face?.labels[number] ?? "";
      select.options[0].text = face && isOfFile(face) ? "its own" : "by seed";
    });
  },
};

// The labels that a face is given, such as "hair blue"; others are chosen by its seed.
function labelsOf(face, between) {
  return Object.entries(face.labels).map(([number, code]) => {
    const {name, values} = spec.labels[number];
    return `${name}${between}${code ? values[code - 1] : "any"}`;
  });
}

// What a file says of the labels of its faces, as sample.py writes it.
function labelTexts(faces) {
  const texts = faces.map(face => labelsOf(face, "=").join(","));
  return texts.some(text => text) ? {labels: [...new Set(texts)].join("; ")} : {};
}
