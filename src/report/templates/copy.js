// Text to the clipboard: by the browser's clipboard, or by a field that is selected where the page has none, as a file
// has, or is refused it. The promise tells whether it was copied.
function copyWords(words) {
  if (!navigator.clipboard || !window.isSecureContext) { return Promise.resolve(copyByField(words)); }
  return navigator.clipboard.writeText(words).then(function () { return true; }, function () { return copyByField(words); });
}

// The focus goes back to where it was, for the keyboard goes on from there.
function copyByField(words) {
  const before = document.activeElement;
  const field = document.body.appendChild(document.createElement("textarea"));
  field.className = "unseen";
  field.value = words;
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (before) { before.focus({ preventScroll: true }); }
  return isCopied;
}
