// Filters the event table and copies commands. The page can be read without it.
// The filter lives in the address as #host=…&kind=…&severity=…&text=…, so a view can be sent to others.
(function () {
  "use strict";
  var words = document.body.dataset;
  var ranks = ["info", "warning", "error", "critical"];
  var form = document.getElementById("filter");
  var table = document.getElementById("events");

  function rankOf(row) {
    return ranks.indexOf(row.className.split(" ")[0].replace("s-", ""));
  }

  function readRows() {
    return Array.prototype.map.call(table.tBodies[0].rows, function (row) {
      return {
        row: row,
        host: row.cells[1].textContent,
        kind: row.getAttribute("data-kind"),
        rank: rankOf(row),
        text: row.textContent.toLowerCase()
      };
    });
  }

  function apply(rows) {
    var host = form.elements.host.value;
    var kind = form.elements.kind.value;
    var least = Math.max(0, ranks.indexOf(form.elements.severity.value));
    var text = form.elements.text.value.toLowerCase();
    var shown = 0;
    rows.forEach(function (item) {
      var fits = (!host || item.host === host) && (!kind || item.kind === kind) &&
        item.rank >= least && (!text || item.text.indexOf(text) >= 0);
      item.row.hidden = !fits;
      if (fits) { shown += 1; }
    });
    // What was asked for is printed whole; else only the rows chosen for paper are.
    table.classList.toggle("filtered", shown < rows.length);
    var output = form.querySelector("output");
    output.textContent = output.getAttribute("data-words")
      .replace("{0}", shown.toLocaleString("en")).replace("{1}", rows.length.toLocaleString("en"));
  }

  // A fragment without "=" is a plain anchor and leaves the filter alone.
  function fromAddress() {
    var state = location.hash.slice(1);
    if (state.indexOf("=") < 0) { return false; }
    var values = new URLSearchParams(state);
    ["host", "kind", "severity", "text"].forEach(function (name) {
      form.elements[name].value = values.get(name) || "";
    });
    return true;
  }

  function toAddress() {
    var values = new URLSearchParams();
    ["host", "kind", "severity", "text"].forEach(function (name) {
      if (form.elements[name].value) { values.set(name, form.elements[name].value); }
    });
    try {
      history.replaceState(null, "", "#" + (values.toString() || "timeline"));
    } catch (ignored) { /* Some browsers forbid it for files; the filter works all the same. */ }
  }

  function startFilter() {
    var rows = readRows();
    var changed = function () { apply(rows); toAddress(); };
    form.hidden = false;
    form.addEventListener("input", changed);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    // The fields are empty only after the event.
    form.addEventListener("reset", function () { setTimeout(changed, 0); });
    window.addEventListener("hashchange", function () {
      if (fromAddress()) { apply(rows); form.scrollIntoView(); }
    });
    var asked = fromAddress();
    apply(rows);
    if (asked) { form.scrollIntoView(); }
  }

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
  if (form && table) { startFilter(); }
  document.querySelectorAll("figure.command").forEach(addCopyButton);
  document.querySelectorAll(".steps > li:not(.round)").forEach(addCopyAllButton);
  reachWide(document);
  window.addEventListener("resize", function () { reachWide(document); });
  document.addEventListener("toggle", function (event) { reachWide(event.target); }, true);
})();
