// Start the page: show the progress, read the address, then let the parts begin.

const REMEDY = "Open the page in a current Chromium or Firefox, with its usual settings.";
// Without these the page can't run; browsers with raised security leave some of them out.
const NEEDED = ["WebAssembly", "DecompressionStream", "Worker", "OffscreenCanvas", "ResizeObserver"];

async function main() {
  const missing = NEEDED.filter(name => !(name in window));
  if (missing.length) {
    document.getElementById("start").hidden = true;
    say(`The generator can't start: this browser has no ${missing.join(" and no ")}. ${REMEDY}`, true);
    return;
  }
  const bar = document.getElementById("start-bar");
  const begun = performance.now();
  fromAddress();
  pickFiles();
  say("The generator is starting.");
  for (const part of [labels, picks, controls, walk, saving, tabs, theme, seedField, about]) part.start();
  wall.start();
  showState();
  try {
    await queue.start((share, label) => {
      bar.value = share;
      document.getElementById("start-label").textContent = label;
    });
  } catch (error) {
    document.getElementById("start").hidden = true;
    say(`The generator can't start: ${error.message}. ${REMEDY}`, true);
    return;
  }
  document.getElementById("start").hidden = true;
  document.documentElement.dataset.ready = Math.round(performance.now() - begun);
  say("Ready. Click a face to pick it.");
}

const seedField = {
  start() {
    const field = document.getElementById("seed");
    document.getElementById("seed-form").addEventListener("submit", event => {
      event.preventDefault();
      const seed = readSeed(field.value.trim());
      field.setAttribute("aria-invalid", seed === null);
      if (seed === null) {
        say(`A seed is a whole number from 0 to ${LAST_SEED}.`, true);
        return;
      }
      this.go(seed);
    });
    onButton("random", () => this.go(BigInt(Math.floor(Math.random() * 2 ** 32))));
    onChange(() => this.follow());
  },

  // Show where the wall is, unless the reader is about to type.
  follow() {
    const field = document.getElementById("seed");
    if (document.activeElement !== field) field.value = state.from;
  },

  go(seed) {
    document.getElementById("seed").value = seed;
    wall.show(seed);
    state.from = seed;
    stepTaken();
    wall.focus(seed);
    say(`The wall begins at seed ${seed}.`);
  },
};

// Tabs, as WAI-ARIA describes them: the arrows move between them.
const tabs = {
  start() {
    const all = [...document.querySelectorAll('[role="tab"]')];
    const show = tab => {
      for (const other of all) {
        const isShown = other === tab;
        other.setAttribute("aria-selected", isShown);
        other.tabIndex = isShown ? 0 : -1;
        document.getElementById(other.getAttribute("aria-controls")).hidden = !isShown;
      }
      walk.renew();
    };
    all.forEach((tab, place) => {
      tab.addEventListener("click", () => show(tab));
      tab.addEventListener("keydown", event => {
        const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
        if (!step) return;
        const next = all[(place + step + all.length) % all.length];
        show(next);
        next.focus();
      });
    });
    show(all[0]);
    const drawer = document.getElementById("drawer");
    drawer.addEventListener("click", () => {
      const isOpen = drawer.getAttribute("aria-expanded") !== "true";
      drawer.setAttribute("aria-expanded", isOpen);
      document.body.classList.toggle("wall-only", !isOpen);
    });
  },
};

// Light, dark, or as the system is; the choice is kept where the browser allows that.
const theme = {
  start() {
    const select = document.getElementById("theme");
    const show = () => { document.documentElement.dataset.theme = select.value; };
    try {
      select.value = localStorage.getItem("studio-theme") ?? "system";
    } catch {
      select.value = "system";
    }
    show();
    select.addEventListener("change", () => {
      show();
      try {
        localStorage.setItem("studio-theme", select.value);
      } catch { /* some browsers keep nothing for files */ }
    });
  },
};

const about = {
  start() {
    const dialog = document.getElementById("about");
    onButton("about-open", () => dialog.showModal());
    onButton("about-close", () => dialog.close());
  },
};

main();
