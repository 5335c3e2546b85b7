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

  // What can be scrolled sideways can be reached by the keyboard; what fits is no stop on the way. All are measured
  // before the first is changed, for each measure after a change would lay the page out anew.
  function reachWide(boxes) {
    var isWide = boxes.map(function (box) { return box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight; });
    boxes.forEach(function (box, at) {
      if (isWide[at]) { box.setAttribute("tabindex", "0"); } else { box.removeAttribute("tabindex"); }
    });
  }

  function boxesOf(part) { return Array.prototype.slice.call(part.querySelectorAll(".wide, .scroll")); }

  // A box is measured when it is drawn for the first time, when it changes and when it is unfolded; those far below,
  // which are not laid out yet, when the browser has nothing else to do.
  function watchWide() {
    var boxes = boxesOf(document), rest = boxes.slice();
    var idle = window.requestIdleCallback || function (act) { setTimeout(act, 50); };
    function measureSome() {
      reachWide(rest.splice(0, 8));
      if (rest.length) { idle(measureSome); }
    }
    window.addEventListener("load", function () { idle(measureSome); });
    document.addEventListener("toggle", function (event) { reachWide(boxesOf(event.target)); }, true);
    if (!window.ResizeObserver) { return; }
    var observer = new ResizeObserver(function (seen) { reachWide(seen.map(function (one) { return one.target; })); });
    boxes.forEach(function (box) { observer.observe(box); });
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
  watchWide();
})();
