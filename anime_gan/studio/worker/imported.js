// A module from its text. Its URL is made here and not by the page: from the disk, the page and
// each worker are origins of their own, and none may load what another one made.

function imported(text) {
  return import(URL.createObjectURL(new Blob([text], {type: "text/javascript"})));
}
