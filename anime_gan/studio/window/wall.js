// The wall: the faces of all seeds, in rows. Only the rows in view and their neighbors exist. A
// browser can't scroll through 2^64 faces, so the wall scrolls through a window of many rows, which
// moves on when the reader comes near its end.

const WINDOW = 40_000; // rows

const wall = {
  view: document.getElementById("wall"),
  sheet: document.getElementById("wall-sheet"),
  rows: new Map(), // by their number in the window
  first: 0n, // the first row of the window
  columns: 0,
  height: 0, // of a row
  active: 0n, // the seed that Tab reaches

  start() {
    new ResizeObserver(() => this.resize()).observe(this.view);
    let isDue = false;
    this.view.addEventListener("scroll", () => {
      if (!isDue) requestAnimationFrame(() => { isDue = false; this.scrolled(); });
      isDue = true;
    });
    this.view.addEventListener("keydown", event => this.key(event));
    this.view.addEventListener("click", event => {
      const cell = event.target.closest(".cell");
      if (!cell) return;
      this.active = BigInt(cell.dataset.seed);
      togglePick(this.active);
    });
    this.view.addEventListener("focusin", event => {
      const cell = event.target.closest(".cell");
      if (cell) this.activate(BigInt(cell.dataset.seed));
    });
    onChange(isAddress => {
      if (isAddress) this.show(state.from);
      this.renew();
    });
  },

  resize() {
    const width = this.view.clientWidth - 2 * GAP;
    const columns = Math.max(2, Math.floor(width / (cellSize() + GAP)));
    const side = (width - (columns - 1) * GAP) / columns;
    if (columns === this.columns && side + CAPTION === this.height) return;
    this.columns = columns;
    this.height = side + CAPTION;
    this.sheet.style.setProperty("--columns", columns);
    this.sheet.style.setProperty("--row", `${this.height}px`);
    this.show(state.from);
  },

  // Put a seed's row at the top.
  show(seed, rest = 0) {
    if (!this.columns) return;
    const row = seed / BigInt(this.columns);
    const half = BigInt(WINDOW / 2);
    this.first = row > half ? row - half : 0n;
    const hadFocus = this.sheet.contains(document.activeElement);
    for (const number of [...this.rows.keys()]) this.remove(number);
    const left = LAST_SEED / BigInt(this.columns) - this.first + 1n;
    const rows = left < WINDOW ? Number(left) : WINDOW;
    this.sheet.style.height = `${rows * this.height + GAP}px`;
    this.view.scrollTop = Number(row - this.first) * this.height + rest;
    this.active = seed;
    this.scrolled();
    if (hadFocus) this.enter();
  },

  scrolled() {
    const top = this.view.scrollTop / this.height;
    const end = (this.view.scrollTop + this.view.clientHeight) / this.height;
    const first = Math.floor(top);
    const seed = (this.first + BigInt(first)) * BigInt(this.columns);
    if ((first < 1000 && this.first) || first > WINDOW - 1000) {
      this.show(seed, this.view.scrollTop - first * this.height);
      return;
    }
    const wanted = new Set();
    for (let row = Math.max(0, first - 1); row <= Math.ceil(end); row++) wanted.add(row);
    const focused = document.activeElement.closest?.(".row");
    for (const [number, row] of this.rows) {
      if (!wanted.has(number) && row !== focused) this.remove(number);
    }
    for (const number of [...wanted].sort((a, b) => a - b)) this.add(number);
    this.roving();
    const shown = this.first + BigInt(Math.round(top));
    if (state.from / BigInt(this.columns) !== shown) {
      state.from = shown * BigInt(this.columns);
      wallMoved();
      seedField.follow();
    }
  },

  add(number) {
    if (this.rows.has(number)) return;
    const row = document.createElement("div");
    row.className = "row";
    row.style.setProperty("--top", `${number * this.height}px`);
    const first = (this.first + BigInt(number)) * BigInt(this.columns);
    for (let column = 0; column < this.columns; column++) {
      const seed = first + BigInt(column);
      if (seed > LAST_SEED) break;
      row.append(this.cell(seed));
    }
    if (!row.childElementCount) return;
    this.rows.set(number, row);
    this.sheet.append(row);
  },

  cell(seed) {
    const cell = document.createElement("button");
    cell.type = "button";
    cell.className = "cell";
    cell.dataset.seed = seed;
    cell.tabIndex = -1;
    cell.setAttribute("aria-label", `Seed ${seed}`);
    cell.setAttribute("aria-pressed", isPicked(seed));
    const canvas = document.createElement("canvas");
    const caption = document.createElement("span");
    caption.textContent = seed;
    cell.append(canvas, caption);
    this.paint(cell);
    return cell;
  },

  paint(cell) {
    const canvas = cell.firstChild;
    const look = [state.look.psi, state.look.noise, ...labelWords(state.labels)].join(" ");
    if (canvas.dataset.look === look) return;
    canvas.dataset.look = look;
    drawInto(canvas, wallFace(BigInt(cell.dataset.seed)), state.look, WALL);
  },

  remove(number) {
    const row = this.rows.get(number);
    for (const canvas of row.querySelectorAll("canvas")) stopDrawing(canvas);
    row.remove();
    this.rows.delete(number);
  },

  // Show which faces are picked, and draw those whose look has changed.
  renew() {
    const numbers = [...this.rows.keys()].sort((a, b) => a - b);
    for (const cell of numbers.flatMap(number => [...this.rows.get(number).children])) {
      cell.setAttribute("aria-pressed", isPicked(BigInt(cell.dataset.seed)));
      this.paint(cell);
    }
  },

  find(seed) {
    return this.sheet.querySelector(`[data-seed="${seed}"]`);
  },

  // One cell in view can be reached with Tab; the arrows move from there.
  roving() {
    for (const cell of this.sheet.querySelectorAll('.cell[tabindex="0"]')) cell.tabIndex = -1;
    const isInView = cell => {
      const top = cell.parentElement.offsetTop - this.view.scrollTop;
      return top > -this.height / 2 && top < this.view.clientHeight - this.height / 2;
    };
    let cell = this.find(this.active);
    if (!cell || !(isInView(cell) || cell === document.activeElement)) {
      cell = [...this.sheet.querySelectorAll(".cell")].find(isInView) ?? cell;
    }
    if (cell) cell.tabIndex = 0;
  },

  activate(seed) {
    this.active = seed;
    this.roving();
  },

  key(event) {
    if (!event.target.closest(".cell") || event.ctrlKey || event.altKey || event.metaKey) return;
    const columns = this.columns;
    const page = columns * Math.max(1, Math.floor(this.view.clientHeight / this.height));
    const step = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns,
      PageUp: -page, PageDown: page,
    }[event.key];
    if (!step) return;
    event.preventDefault();
    const seed = this.active + BigInt(step);
    if (seed >= 0n && seed <= LAST_SEED) this.focus(seed);
  },

  // Move the focus to the cell that Tab reaches; the wall stays where it is.
  enter() {
    this.roving(); // it may have been a face that is out of view now
    this.sheet.querySelector('.cell[tabindex="0"]')?.focus({preventScroll: true});
  },

  // Move the focus to a seed, and scroll as far as that needs.
  focus(seed) {
    const row = Number(seed / BigInt(this.columns) - this.first);
    const [top, bottom] = [row * this.height, (row + 1) * this.height + GAP];
    const {scrollTop, clientHeight} = this.view;
    if (row < 0 || row >= WINDOW) this.show(seed);
    else if (top < scrollTop) this.view.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.view.scrollTop = bottom - clientHeight;
    this.active = seed;
    this.scrolled();
    this.find(seed)?.focus({preventScroll: true});
  },
};

const GAP = 6, CAPTION = 24; // pixels; studio.css has the same

function cellSize() {
  return Number(document.getElementById("size").value);
}
