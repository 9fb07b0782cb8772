// A click on a face puts its name into the list at the bottom, another takes it out.
const list = document.querySelector("#chosen");
for (const face of document.querySelectorAll(".face")) {
  face.addEventListener("click", () => {
    for (const same of document.querySelectorAll(".face"))
      if (same.dataset.name === face.dataset.name) same.classList.toggle("chosen");
    const names = [...document.querySelectorAll(".face.chosen")].map((f) => f.dataset.name);
    list.style.display = names.length ? "block" : "none";
    list.querySelector("textarea").value = [...new Set(names)].join("\n");
  });
}
