// Copies commands and unfolds what is printed. The page can be read without it.
(function () {
  "use strict";
  var words = document.body.dataset;

  // A button that copies what `text` gives, and says so.
  function copyButton(name, text) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", function () {
      copyWords(text()).then(function (isCopied) {
        if (!isCopied) { return; }
        button.textContent = words.copied;
        setTimeout(function () { button.textContent = name; }, 1500);
      });
    });
    return button;
  }

  function addCopyButton(figure) {
    var code = figure.querySelector("code");
    var button = copyButton(words.copy, function () { return code.textContent; });
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
    line.appendChild(copyButton(words.copyAll, text));
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

  // What is folded on the screen would be lost on paper: the evidence is opened for printing. What the reader has opened
  // until then stays open behind it.
  function unfoldForPaper() {
    var opened = [];
    window.addEventListener("beforeprint", function () {
      var folded = document.querySelectorAll("article details:not([open])");
      opened = opened.concat(Array.prototype.slice.call(folded));
      opened.forEach(function (details) { details.open = true; });
    });
    window.addEventListener("afterprint", function () {
      opened.forEach(function (details) { details.open = false; });
      opened = [];
    });
  }

  unfoldForPaper();
  document.querySelectorAll("figure.command").forEach(addCopyButton);
  document.querySelectorAll(".steps > li:not(.round)").forEach(addCopyAllButton);
  watchWide();
})();
