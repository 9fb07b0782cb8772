// The answers file: what it says, how it is saved or copied. anime_gan/quiz/answers.py reads it.

// Milliseconds, to a tenth.
function rounded(time) {
  return Math.round(time * 10) / 10;
}

// The text of an answers file. Its lines are short, so that it survives being sent as a text.
function answersText(quiz, participant, order, answers, score) {
  const lines = list => `[\n${list.map(item => "  " + JSON.stringify(item)).join(",\n")}\n ]`;
  return [
    "{",
    ` "format": ${quiz.format},`,
    ` "quiz": "${quiz.id}",`,
    ` "participant": "${participant}",`,
    ' "consent": true,',
    ` "score": ${score},`,
    ` "order": ${lines(order)},`,
    ` "answers": ${lines(answers)}`,
    "}",
    "",
  ].join("\n");
}

function saveText(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], {type: "application/json"}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// Copy the text of a field. Browsers that refuse the clipboard still copy what is selected.
async function copyText(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.select();
    return document.execCommand("copy");
  }
}
