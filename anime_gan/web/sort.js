// Tables of the class "sortable" are sorted by a click on a heading, or Enter: first ascending, then
// descending. Numbers go before words; rows without a value, and those of <tfoot>, stay at the end.
"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const descending = heading.getAttribute("aria-sort") === "ascending";
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sort(table.tBodies[0], column, descending);
    });
  });
}

function sort(body, column, descending) {
  const items = [...body.rows].map(row => ({row, value: valueOf(row, column)}));
  items.sort((a, b) => {
    if (a.value === null || b.value === null) return (a.value === null) - (b.value === null);
    return descending ? compare(b.value, a.value) : compare(a.value, b.value);
  });
  body.append(...items.map(item => item.row));
}

// A number, a text, or null where a row has neither: "1,234", "0.5 ± 0.1", "61%" and "2e-4 → 5e-5"
// are numbers, the name of a row is a text.
function valueOf(row, column) {
  const cell = row.cells[column];
  if (!cell || cell.colSpan > 1) return null;
  const text = cell.textContent.trim();
  if (["", "-", "\u2013", "nan"].includes(text.toLowerCase())) return null;
  const found = /^([-+\u2212]?)(\d[\d,]*(?:\.\d+)?|\.\d+)(e[-+]?\d+)?(?![\w.])/i.exec(text);
  if (cell.tagName === "TH" || !found) return text;
  const size = Number(found[2].replaceAll(",", "") + (found[3] || ""));
  return found[1] === "-" || found[1] === "\u2212" ? -size : size;
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a.localeCompare(b, undefined, {numeric: true});
}
