// What all parts of the page use: messages, buttons, sliders with their values.

const spec = JSON.parse(document.getElementById("spec").textContent);

// Show a message, which screen readers read out.
function say(text, isError = false) {
  const place = document.getElementById("status");
  place.textContent = text;
  place.classList.toggle("error", isError);
}

function onButton(id, action) {
  document.getElementById(id).addEventListener("click", action);
}

// Show the value of a slider in its <output>.
function showValue(slider) {
  const output = slider.parentElement.querySelector("output");
  const digits = (slider.step.split(".")[1] ?? "").length;
  output.textContent = Number(slider.value).toFixed(digits).replace("-", "−");
}

// Call `move` with each value of a slider, and `end` when the reader lets it go.
function onSlider(slider, move, end) {
  slider.addEventListener("input", () => {
    showValue(slider);
    move(Number(slider.value));
  });
  slider.addEventListener("change", () => end(Number(slider.value)));
}

function setSlider(slider, value) {
  slider.value = value;
  showValue(slider);
}

// A copy of what a <template> holds.
function copyOf(id) {
  return document.getElementById(id).content.cloneNode(true).firstElementChild;
}

// Hand a file to the reader.
function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// The URL of a script that the page holds as text.
function scriptUrl(text) {
  return URL.createObjectURL(new Blob([text], {type: "text/javascript"}));
}
