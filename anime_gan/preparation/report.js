// A click on a face adds its name to the list at the bottom, a second click removes it.
const tray = document.querySelector(".tray");
const faces = [...document.querySelectorAll("[data-name]")];
for (const face of faces) {
  face.addEventListener("click", () => {
    for (const same of faces)
      if (same.dataset.name === face.dataset.name) same.classList.toggle("chosen");
    const chosen = faces.filter((one) => one.classList.contains("chosen"));
    const names = new Set(chosen.map((one) => one.dataset.name));
    tray.hidden = !names.size;
    tray.querySelector("textarea").value = [...names].join("\n");
  });
}
