(function () {
"use strict";
// Without a script all cases are shown; with one, those that hold every word.
var rows = Array.from(document.querySelectorAll("#rows tbody tr"));
var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
var field = document.getElementById("filter");
var shown = document.getElementById("shown");
document.querySelector(".filter").hidden = rows.length < 2;
function filter() {
  var words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  var count = 0;
  rows.forEach(function (row, at) {
    var fits = words.every(function (word) { return texts[at].includes(word); });
    row.hidden = !fits;
    count += fits ? 1 : 0;
  });
  shown.textContent = words.length ? shown.dataset.shown.replace("{0}", count).replace("{1}", rows.length) : "";
}
field.addEventListener("input", filter);
filter();
})();
