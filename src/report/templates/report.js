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

  // A button that copies what `text` gives; `node` is selected where the browser has no clipboard.
  function copyButton(name, text, node) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", function () {
      copyText(text(), node).then(function () {
        button.textContent = words.copied;
        setTimeout(function () { button.textContent = name; }, 1500);
      });
    });
    return button;
  }

  function addCopyButton(figure) {
    var code = figure.querySelector("code");
    var button = copyButton(words.copy, function () { return code.textContent; }, code);
    figure.querySelector("figcaption").appendChild(button);
  }

  // A step with several commands can be copied whole, each block behind the name of its hosts.
  function addCopyAllButton(step) {
    var figures = step.querySelectorAll("figure.command");
    if (figures.length < 2) { return; }
    var text = function () {
      return Array.prototype.map.call(figures, function (figure) {
        var hosts = figure.querySelector("figcaption").firstChild;
        var head = hosts && hosts.nodeType === 3 ? "# " + hosts.textContent + "\n" : "";
        return head + figure.querySelector("code").textContent;
      }).join("\n");
    };
    var line = document.createElement("p");
    line.className = "all";
    line.appendChild(copyButton(words.copyAll, text, step));
    step.insertBefore(line, step.querySelector("figure, details"));
  }

  // What can be scrolled sideways can be reached by the keyboard; what fits is no stop on the way.
  function reachWide(part) {
    part.querySelectorAll(".wide, .scroll").forEach(function (box) {
      var is = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
      if (is) { box.setAttribute("tabindex", "0"); } else { box.removeAttribute("tabindex"); }
    });
  }

  // What is folded on the screen would be lost on paper: the evidence is opened for printing.
  function unfoldForPaper() {
    var folded = Array.prototype.slice.call(document.querySelectorAll("article details:not([open])"));
    window.addEventListener("beforeprint", function () { folded.forEach(function (d) { d.open = true; }); });
    window.addEventListener("afterprint", function () { folded.forEach(function (d) { d.open = false; }); });
  }

  unfoldForPaper();
  document.querySelectorAll("figure.command").forEach(addCopyButton);
  document.querySelectorAll(".steps > li:not(.round)").forEach(addCopyAllButton);
  reachWide(document);
  window.addEventListener("resize", function () { reachWide(document); });
  document.addEventListener("toggle", function (event) { reachWide(event.target); }, true);
})();
