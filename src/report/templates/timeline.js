// Joins picture, list, filter and address.
const head = readData();
const form = document.getElementById("filter");
const table = document.getElementById("events");
const box = document.getElementById("chart");

function say(name) {
  return fillWords(head.words[name], Array.prototype.slice.call(arguments, 1));
}

function startTimeline() {
  let filter = emptyFilter();
  let later = 0;
  const note = element("p", "note hint");
  const live = element("p", "unseen");
  const list = makeList(head, table, say);
  note.hidden = true;
  live.setAttribute("aria-live", "polite");
  box.hidden = false;
  box.closest("section").classList.add("is-live");
  const tools = box.appendChild(element("div", "tools"));
  const legend = box.appendChild(element("div", "legend"));
  const stage = box.appendChild(element("div", "stage"));
  const picture = makePicture(head, stage, say, {
    viewChanged: function () { filter.view = picture.view; toAddress(); },
    windowChosen: function (from, to) { filter.from = from; filter.to = to; writeForm(head, form, filter); apply(); toAddress(); },
    laneChosen: laneChosen, open: open, tell: tell, fit: fit, incident: incident,
    leave: function () { tools.querySelector("button").focus(); }
  });
  tools.append(button("+", function () { picture.zoom(2); }), button("−", function () { picture.zoom(.5); }), button(say("whole"), fit));
  tools.children[0].setAttribute("aria-label", say("zoom_in"));
  tools.children[1].setAttribute("aria-label", say("zoom_out"));
  if (head.incident) { tools.appendChild(button(say("incident"), incident)); }
  const folded = foldedHosts(head);
  const fold = tools.appendChild(button(say(folded.word === "quiet" ? "fold" : "fold_others"), function () { filter.unfolded = !filter.unfolded; apply(); toAddress(); }));
  fold.hidden = folded.hosts.length === 0;
  tools.appendChild(copier());
  const help = box.appendChild(element("p", "note", say("mouse") + " " + say("keys")));
  help.id = "chart-keys";
  box.append(live);
  form.after(note);
  buildForm(head, form, say, changed);
  buildLegend();

  function tell(words) { live.textContent = words; }

  function apply() {
    const rows = matchingRows(head, filter);
    list.show(rows, isFiltering(filter));
    if (!isFiltering(filter)) { list.startAt(picture.view[0]); }
    picture.ask(filter, rows);
    describeForm(head, form, filter, say, [rows.length, head.rows.length]);
    fold.setAttribute("aria-pressed", String(!filter.unfolded));
    note.hidden = !(filter.text || filter.finding);
    note.textContent = say("listed_only");
    legend.querySelectorAll("button").forEach(function (node) {
      const kinds = kindsOf(Number(node.dataset.family));
      node.setAttribute("aria-pressed", String(filter.kinds.size > 0 && kinds.every(function (kind) { return filter.kinds.has(kind); })));
    });
  }

  function changed() {
    readForm(head, form, filter, say);
    apply();
    toAddress();
  }

  // While a field is typed in or the picture is dragged the address follows a little later.
  function toAddress() {
    clearTimeout(later);
    later = setTimeout(writeAddress, 120);
  }

  function writeAddress() {
    try {
      history.replaceState(null, "", "#" + (filterToAddress(head, filter) || "timeline"));
    } catch (ignored) { /* Some browsers forbid it for files; the filter works all the same. */ }
  }

  function fromAddress() {
    const fragment = location.hash.slice(1);
    const asked = filterFromAddress(head, fragment);
    if (asked) {
      filter = asked;
      writeForm(head, form, filter);
      showView();
      apply();
      box.closest("section").scrollIntoView({ behavior: "instant" });
    } else if (/^event-\d+$/.test(fragment)) {
      const row = head.byId.get(Number(fragment.slice(6)));
      if (row) { open(row); picture.select(row); } else { tell(say("not_listed")); }
    }
  }

  function showView() {
    const window = filter.from !== null && filter.to !== null && filter.to > filter.from ? [filter.from, filter.to] : null;
    const view = filter.view || window || head.incident || picture.whole;
    picture.setView(view[0], view[1]);
  }

  function open(row) {
    if (list.open(row)) { return; }
    filter = Object.assign(emptyFilter(), { view: filter.view, unfolded: filter.unfolded });
    writeForm(head, form, filter);
    apply();
    list.open(row);
    note.textContent = say("was_reset");
    note.hidden = false;
    tell(say("was_reset"));
  }

  function fit() { picture.setView(picture.whole[0], picture.whole[1]); filter.view = picture.view; toAddress(); }

  function incident() {
    if (!head.incident) { return; }
    picture.setView(head.incident[0], head.incident[1]);
    if (!isFiltering(filter)) { list.startAt(head.incident[0]); }
    filter.view = picture.view;
    toAddress();
  }

  function laneChosen(lane) {
    if (lane.isFolded) {
      filter.unfolded = true;
    } else if (filter.hosts.size === 1 && filter.hosts.has(lane.hosts[0])) {
      filter.hosts = new Set();
    } else {
      filter.hosts = new Set(lane.hosts);
    }
    writeForm(head, form, filter);
    apply();
    toAddress();
  }

  function kindsOf(family) {
    return head.kinds.map(function (kind, at) { return at; }).filter(function (at) { return head.kinds[at][2] === family; });
  }

  // The legend of shapes is a filter too; that of severities is one to read.
  function buildLegend() {
    head.families.forEach(function (words, family) {
      if (!kindsOf(family).length) { return; }
      const node = legend.appendChild(button("", function () { toggleFamily(family); }));
      node.dataset.family = family;
      node.append(signNode(head, family, 2), words);
    });
    head.severities.slice().reverse().forEach(function (words, at) {
      const node = legend.appendChild(element("span", "sort"));
      node.append(signNode(head, 0, 3 - at), words[1]);
    });
    head.span_kinds.forEach(function (kind, at) {
      if (!head.spans.some(function (span) { return span[1] === at; })) { return; }
      const node = legend.appendChild(element("span", "sort"));
      const line = node.appendChild(svgNode("svg", { viewBox: "0 0 30 6", width: 30, height: 6, "aria-hidden": "true" }));
      line.appendChild(svgNode("path", { "class": "span-" + kind[0], d: "M0 3H30" }));
      node.append(kind[1]);
    });
  }

  function toggleFamily(family) {
    const kinds = kindsOf(family);
    const isOn = kinds.every(function (kind) { return filter.kinds.has(kind); });
    kinds.forEach(function (kind) { if (isOn) { filter.kinds.delete(kind); } else { filter.kinds.add(kind); } });
    writeForm(head, form, filter);
    apply();
    toAddress();
  }

  function copier() {
    const node = button(say("copy_link"), function () {
      clearTimeout(later);
      writeAddress();
      const address = location.href.split("#")[0] + "#" + filterToAddress(head, Object.assign({}, filter, { view: picture.view }));
      copyWords(address).then(function (isCopied) {
        if (!isCopied) { return; }
        node.textContent = say("copied");
        tell(say("copied"));
        setTimeout(function () { node.textContent = say("copy_link"); }, 1500);
      });
    });
    return node;
  }

  window.addEventListener("hashchange", fromAddress);
  // Where the address gives a filter, all is shown by that one alone.
  if (!filterFromAddress(head, location.hash.slice(1))) {
    showView();
    apply();
  }
  fromAddress();
}

if (head && form && table && box) { startTimeline(); }
