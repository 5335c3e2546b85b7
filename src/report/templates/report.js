// Copies commands and unfolds what is printed. The page can be read without it.
(function () {
  "use strict";
  var words = document.body.dataset;

  function copyText(text, node) {
    if (navigator.clipboard && window.isSecureContext) { return navigator.clipboard.writeText(text); }
    var range = document.createRange();
    range.selectNodeContents(node);
    var selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    document.execCommand("copy");
    return Promise.resolve();
  }

  function addCopyButton(figure) {
    var button = document.createElement("button");
    var code = figure.querySelector("code");
    button.type = "button";
    button.textContent = words.copy;
    button.addEventListener("click", function () {
      copyText(code.textContent, code).then(function () {
        button.textContent = words.copied;
        setTimeout(function () { button.textContent = words.copy; }, 1500);
      });
    });
    figure.querySelector("figcaption").appendChild(button);
  }

  // What is folded on the screen would be lost on paper: the evidence is opened for printing.
  function unfoldForPaper() {
    var folded = Array.prototype.slice.call(document.querySelectorAll("article details:not([open])"));
    window.addEventListener("beforeprint", function () { folded.forEach(function (d) { d.open = true; }); });
    window.addEventListener("afterprint", function () { folded.forEach(function (d) { d.open = false; }); });
  }

  unfoldForPaper();
  document.querySelectorAll("figure.command").forEach(addCopyButton);
})();
