// A module from its text. Its URL is made here and not by the page: a worker of a page from the disk
// may not load what another origin made, and there the page and each worker are origins of their own.

function imported(text) {
  return import(URL.createObjectURL(new Blob([text], {type: "text/javascript"})));
}
