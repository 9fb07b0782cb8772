// The course of a quiz: consent, practice, trials, score.

const quiz = JSON.parse(document.getElementById("quiz").textContent);
const key = unsealed(quiz.sealed, quiz.id);
const screen_ = new Screen(quiz);
const element = id => document.getElementById(id);
const GRADE_NAMES = {1: "very poor", [quiz.grades]: "very good"};
const DOUBLE_CLICK_MS = 500; // at most from one click to the next, as most systems have it
const QUESTIONS = {
  pairs: "Which face was drawn by a person?",
  rating: "Which face is better?",
  rapid: "Real or generated?",
  grade: "How good is this face?",
};
const HINTS = {
  pairs: "Press the face, or the left or right arrow key.",
  rating: "Press the face, or the left or right arrow key.",
  rapid: "Press Real or Generated, or the left or right arrow key.",
  grade: `1 is ${GRADE_NAMES[1]}, ${quiz.grades} is ${GRADE_NAMES[quiz.grades]}.`,
};

// What waits for an answer: {from, take}; null while nothing does.
let waiting = null;
let lastPress = 0; // when the last answer was given, in milliseconds of the page
let isUnsaved = false; // whether leaving the page would lose answers

function show(id) {
  for (const section of document.querySelectorAll("section")) section.hidden = section.id !== id;
  element(id).querySelector("h2").focus();
  scrollTo(0, 0);
}

// A screen with one button; resolves when it is pressed.
function pause(heading, text, label) {
  const [head, words, button] = element("pause").children;
  [head.textContent, words.textContent, button.textContent] = [heading, text, label];
  show("pause");
  return new Promise(resolve => button.addEventListener("click", resolve, {once: true}));
}

// The next choice and its time, at least `lock` milliseconds after `from`.
function answerAfter(from) {
  return new Promise(take => { waiting = {from, take}; });
}

function answer(choice, time) {
  if (!waiting || time < waiting.from + quiz.lock) return;
  const {take} = waiting;
  waiting = null;
  lastPress = time;
  take([choice, time]);
}

function buttonsFor(part) {
  element("pair").hidden = part !== "pair";
  element("single").hidden = part === "pair";
  element("labels").hidden = part !== "labels";
  element("grades").hidden = part !== "grades";
}

// Ask about one trial. Return {choice, shown, answered} and, of a rapid quiz, {exposure}; times in
// milliseconds of the page.
async function ask(trial, pairs, exposures, random) {
  const kind = trial.length === 1 ? "grade" : quiz.kind;
  element("question").textContent = QUESTIONS[kind];
  element("hint").textContent = HINTS[kind];
  let shown, exposure;
  if (kind === "rapid") {
    buttonsFor("labels");
    const labels = document.querySelectorAll("#labels button");
    for (const label of labels) label.setAttribute("aria-disabled", "true");
    const [pair, face, at] = trial;
    [shown, exposure] = await screen_.flash(pairs[pair][face], exposures[at], random, lastPress);
    for (const label of labels) label.removeAttribute("aria-disabled");
    const [choice, answered] = await answerAfter(shown + exposure - quiz.lock);
    return {choice, shown, answered, exposure};
  }
  if (kind === "grade") {
    buttonsFor("grades");
    shown = await screen_.with(() => screen_.draw(screen_.single, trial[0]), lastPress);
  } else {
    buttonsFor("pair");
    const [pair, left] = trial, canvases = document.querySelectorAll("#pair canvas");
    shown = await screen_.with(() => {
      screen_.draw(canvases[0], pairs[pair][left]);
      screen_.draw(canvases[1], pairs[pair][1 - left]);
    }, lastPress);
  }
  const [choice, answered] = await answerAfter(shown);
  return {choice, shown, answered};
}

// Whether a choice is right, or in a rating prefers the first generator.
function isRight(trial, choice, truth) {
  return (trial[1] === truth[trial[0]]) === (choice === 0);
}

async function practice(random) {
  const {kind, exposures} = quiz, pairs = quiz.practice;
  const longFirst = [...exposures].sort((a, b) => b - a);
  let trials = pairs.map((_, pair) => [pair, random.below(2)]);
  if (kind === "rapid") {
    trials = random.shuffled(trials.flatMap(([pair]) => [[pair, 0], [pair, 1]]));
    trials = trials.map((trial, place) => [...trial, place % longFirst.length]);
  }
  if (kind === "rating") trials.push([pairs[0][0]], [pairs[1][0]]);
  for (const [place, trial] of trials.entries()) {
    element("progress").textContent = `Practice ${place + 1} of ${trials.length}`;
    show("trial");
    const {choice} = await ask(trial, pairs, longFirst, random);
    if (kind === "rating") continue;
    const right = isRight(trial, choice, key.practice);
    const [yes, no] = kind === "pairs" ? ["a person drew it", "a person drew the other face"]
      : choice === 0 ? ["a person drew it", "it was generated"] : ["it was generated", "a person drew it"];
    await pause(right ? "Right" : "Not right", right ? `Yes: ${yes}.` : `No: ${no}.`, "Next");
  }
}

async function trials(participant, start, random) {
  const order = trialsOf(quiz, key.truth, participant), answers = [];
  show("trial");
  for (const [place, trial] of order.entries()) {
    element("progress").textContent = `${place + 1} of ${order.length}`;
    const {choice, ...times} = await ask(trial, quiz.pairs, quiz.exposures, random);
    const found = {choice, shown: rounded(times.shown - start), answered: rounded(times.answered - start)};
    if (times.exposure !== undefined) found.exposure = rounded(times.exposure);
    answers.push(found);
  }
  return [order, answers];
}

// The number of choices that are right, or in a rating prefer the first generator.
function scoreOf(order, answers) {
  return order.filter((trial, place) => trial.length > 1 && isRight(trial, answers[place].choice, key.truth)).length;
}

function scoreText(order, answers, score) {
  const choices = order.filter(trial => trial.length > 1).length;
  if (quiz.kind !== "rating") {
    return `You were right in ${score} of ${choices}. Guessing gives ${choices / 2} on average.`;
  }
  const names = [...key.names, "faces that people drew"];
  const grades = names.map((name, origin) => {
    const own = answers.filter((_, place) => {
      const [cell] = order[place];
      return order[place].length === 1 && key.origins[quiz.singles.indexOf(cell)] === origin;
    });
    const mean = own.reduce((sum, {choice}) => sum + choice, 0) / own.length;
    return `${name}: ${mean.toFixed(1)}`;
  });
  return `You preferred ${key.names[0]} in ${score} of ${choices} pairs and ${key.names[1]} in ${choices - score}. Your mean grades: ${grades.join("; ")}.`;
}

// The second click of a double click is no answer to the next trial.
function isSecondClick(event) {
  return event.detail > 1 && event.timeStamp < lastPress + DOUBLE_CLICK_MS;
}

function finish(participant, order, answers) {
  const score = scoreOf(order, answers);
  const text = answersText(quiz, participant, order, answers, score);
  element("score").textContent = scoreText(order, answers, score);
  element("text").value = text;
  element("number").textContent = participant.slice(0, 8);
  element("save").addEventListener("click", () => {
    saveText(text, `answers_${participant.slice(0, 8)}.json`);
    isUnsaved = false;
    element("done").textContent = "Saved where your browser puts downloads.";
  });
  element("copy").addEventListener("click", async () => {
    const copied = await copyText(element("text"));
    if (copied) isUnsaved = false;
    element("done").textContent = copied ? "Copied." : "Your browser refused; select the text below and copy it.";
  });
  show("end");
}

async function run() {
  isUnsaved = true;
  const participant = newParticipant(), start = performance.now();
  const random = new Random(newParticipant()); // of the practice and the masks, which do not count
  await pause("Practice", "The first rounds are for practice and do not count.", "Start the practice");
  await screen_.ready;
  await practice(random);
  await pause("The quiz", "The practice is over. From now on your answers count.", "Start the quiz");
  const [order, answers] = await trials(participant, start, random);
  finish(participant, order, answers);
}

for (let grade = 1; grade <= quiz.grades; grade++) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.choice = grade;
  button.textContent = grade;
  if (GRADE_NAMES[grade]) button.setAttribute("aria-label", `${grade}, ${GRADE_NAMES[grade]}`);
  element("grades").append(button);
}
for (const button of document.querySelectorAll("[data-choice]")) {
  button.addEventListener("click", event => {
    if (!isSecondClick(event)) answer(Number(button.dataset.choice), event.timeStamp);
  });
}
document.addEventListener("keydown", event => {
  if (event.repeat && ["Enter", " "].includes(event.key)) event.preventDefault(); // a key held down
  const choice = ["ArrowLeft", "ArrowRight"].indexOf(event.key);
  const hasSides = !element("trial").hidden && element("grades").hidden;
  if (choice < 0 || !hasSides || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  answer(choice, event.timeStamp);
});
// The browser asks before the page is left or loaded again.
addEventListener("beforeunload", event => {
  if (isUnsaved) event.preventDefault();
});
element("consent").addEventListener("submit", event => {
  event.preventDefault();
  run();
});
