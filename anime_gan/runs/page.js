// The slider shows one of the grids; the button shows them one after another.
const slider = document.getElementById("slider");
const play = document.getElementById("play");
const image = document.getElementById("grid");
let timer = null;

function show() {
  const grid = grids[slider.value];
  const step = grid.step.toLocaleString("en");
  image.src = grid.uri;
  image.alt = `faces generated at step ${step}`;
  document.getElementById("shown").value = step;
  slider.setAttribute("aria-valuetext", `step ${step}`);
}

function stop() {
  clearInterval(timer);
  timer = null;
  play.textContent = "Play";
}

function next() {
  slider.stepUp();
  show();
  if (slider.value === slider.max) stop();
}

if (slider) {
  slider.addEventListener("input", () => {
    stop();
    show();
  });
  play.addEventListener("click", () => {
    if (timer) return stop();
    if (slider.value === slider.max) slider.value = 0;
    show();
    timer = setInterval(next, 300);
    play.textContent = "Stop";
  });
  slider.value = slider.max; // some browsers keep the value of the page before
  show();
}
