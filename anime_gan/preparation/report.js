// A click on a face adds its name to one of the lists at the bottom, a second click removes it.
const tray = document.querySelector(".tray");
const faces = [...document.querySelectorAll("[data-name]")];
for (const face of faces) {
  face.addEventListener("click", () => {
    face.setAttribute("aria-pressed", face.classList.toggle("chosen"));
    const chosen = faces.filter((one) => one.classList.contains("chosen"));
    tray.hidden = !chosen.length;
    for (const list of tray.querySelectorAll("[data-to]")) {
      const names = chosen.filter((one) => one.dataset.list === list.dataset.to);
      list.hidden = !names.length;
      list.querySelector("textarea").value = names.map((one) => one.dataset.name).join("\n");
    }
  });
}
