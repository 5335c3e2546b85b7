// What is asked for: hosts, kinds, severity, text, time window, finding, and the part of the time that is in view.
// All of it lives in the address, so that a link shows the same view.
function emptyFilter() {
  return { hosts: new Set(), kinds: new Set(), rank: 0, text: "", from: null, to: null, finding: 0, view: null, unfolded: false };
}

function isFiltering(filter) {
  return filter.hosts.size > 0 || filter.kinds.size > 0 || filter.rank > 0 || filter.text !== "" ||
    filter.from !== null || filter.to !== null || filter.finding > 0;
}

// A fragment without "=" is a plain anchor and says nothing of the filter.
function filterFromAddress(head, fragment) {
  if (fragment.indexOf("=") < 0) { return null; }
  const values = new URLSearchParams(fragment);
  const filter = emptyFilter();
  const places = function (name, all) {
    return new Set(values.getAll(name).map(function (value) { return all.indexOf(value); })
      .filter(function (at) { return at >= 0; }));
  };
  const time = function (text, isEnd) {
    const value = parseTime(head, text || "", isEnd);
    return isNaN(value) ? null : value;
  };
  filter.hosts = places("host", head.hosts);
  filter.kinds = places("kind", head.kinds.map(function (kind) { return kind[0]; }));
  filter.rank = Math.max(0, head.severities.findIndex(function (word) { return word[0] === values.get("severity"); }));
  filter.text = values.get("text") || "";
  filter.from = time(values.get("from"));
  filter.to = time(values.get("to"), true);
  const finding = Number(values.get("finding")) | 0;
  filter.finding = finding > 0 && finding <= head.findings.length ? finding : 0;
  filter.unfolded = values.get("lanes") === "all";
  const view = (values.get("view") || "").split("/").map(time);
  if (view.length === 2 && view[0] !== null && view[1] > view[0]) { filter.view = view; }
  if (values.get("view") === "all") { filter.view = [head.from, head.to]; }
  return filter;
}

function filterToAddress(head, filter) {
  const values = new URLSearchParams();
  filter.hosts.forEach(function (at) { values.append("host", head.hosts[at]); });
  filter.kinds.forEach(function (at) { values.append("kind", head.kinds[at][0]); });
  if (filter.rank > 0) { values.set("severity", head.severities[filter.rank][0]); }
  if (filter.text) { values.set("text", filter.text); }
  if (filter.from !== null) { values.set("from", addressTime(filter.from)); }
  if (filter.to !== null) { values.set("to", addressTime(filter.to)); }
  if (filter.finding) { values.set("finding", filter.finding); }
  if (filter.unfolded) { values.set("lanes", "all"); }
  if (filter.view) { values.set("view", filter.view.map(addressTime).join("/")); }
  return values.toString();
}

function wordsOf(head, row) {
  if (row.words === undefined) {
    row.words = [head.hosts[row.host], head.kinds[row.kind][1], row.said, row.record, row.place, row.operation, row.stamp, row.count]
      .concat(row.repeats.map(function (repeat) { return repeat.record + " " + repeat.place; }))
      .filter(Boolean).join("\n").toLowerCase();
  }
  return row.words;
}

function matchingRows(head, filter) {
  const text = filter.text.toLowerCase();
  return head.rows.filter(function (row) {
    return (!filter.hosts.size || filter.hosts.has(row.host)) && (!filter.kinds.size || filter.kinds.has(row.kind)) &&
      row.rank >= filter.rank && (filter.from === null || row.time >= filter.from) &&
      (filter.to === null || row.time <= filter.to) &&
      (!filter.finding || row.findings.indexOf(filter.finding) >= 0) &&
      (!text || wordsOf(head, row).indexOf(text) >= 0);
  });
}

// Boxes to tick, behind a summary that says how many are.
function picker(name, groups) {
  const details = element("details", "pick");
  details.appendChild(element("summary", ""));
  const list = details.appendChild(element("div", "choices"));
  groups.forEach(function (group) {
    const set = list.appendChild(element("fieldset", ""));
    if (group.title) { set.appendChild(element("legend", "", group.title)); }
    group.choices.forEach(function (choice) {
      const label = set.appendChild(element("label", ""));
      const box = label.appendChild(element("input", ""));
      box.type = "checkbox";
      box.name = name;
      box.value = choice[0];
      label.appendChild(document.createTextNode(" " + choice[1]));
    });
  });
  details.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && details.open) { details.open = false; details.firstChild.focus(); }
  });
  return details;
}

function chooser(name, label, choices) {
  const select = element("select", "");
  select.name = name;
  select.setAttribute("aria-label", label);
  choices.forEach(function (choice) {
    const option = select.appendChild(element("option", "", choice[1]));
    option.value = choice[0];
  });
  return select;
}

function entryField(name, type, label) {
  const input = element("input", "");
  input.name = name;
  input.type = type;
  input.placeholder = label;
  input.setAttribute("aria-label", label);
  return input;
}

function kindGroups(head) {
  return head.families.map(function (title, family) {
    const choices = head.kinds.map(function (kind, at) { return [at, kind[1], kind[2]]; });
    return { title: title, choices: choices.filter(function (choice) { return choice[2] === family; }) };
  }).filter(function (group) { return group.choices.length > 0; });
}

// Builds the form; `changed` is called whenever something else is asked for.
function buildForm(head, form, say, changed) {
  const hosts = picker("host", [{ choices: head.hosts.map(function (host, at) { return [at, host]; }) }]);
  const kinds = picker("kind", kindGroups(head));
  const severities = head.severities.slice(1).reverse().map(function (word) { return [word[0], say("and_worse", word[1])]; });
  const findings = head.findings.map(function (finding, at) {
    return [at + 1, say("only_finding", at + 1) + ": " + finding[2].slice(0, 60)];
  });
  const labels = form.dataset;
  form.append(hosts, kinds,
    chooser("severity", labels.severity, [["", say("all_severities")]].concat(severities)),
    chooser("finding", labels.finding, [["", say("all_findings")]].concat(findings)),
    entryField("text", "search", labels.text), entryField("from", "text", labels.from + " " + timeText(head, head.from).slice(0, 16)),
    entryField("to", "text", labels.to + " " + timeText(head, head.to).slice(0, 16)));
  const reset = element("button", "", labels.reset);
  reset.type = "reset";
  form.append(reset, element("output", ""));
  if (!findings.length) { form.elements.finding.hidden = true; }
  form.hidden = false;
  form.addEventListener("input", function () { changed(); });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  // The fields are empty only after the event.
  form.addEventListener("reset", function () { setTimeout(changed, 0); });
}

function ticked(form, name) {
  const boxes = form.querySelectorAll("input[name=" + name + "]:checked");
  return new Set(Array.prototype.map.call(boxes, function (box) { return Number(box.value); }));
}

// Reads the form into `filter`; a time that cannot be read is marked and left out.
function readForm(head, form, filter, say) {
  filter.hosts = ticked(form, "host");
  filter.kinds = ticked(form, "kind");
  filter.rank = Math.max(0, head.severities.findIndex(function (word) { return word[0] === form.elements.severity.value; }));
  filter.finding = Number(form.elements.finding.value) || 0;
  filter.text = form.elements.text.value;
  ["from", "to"].forEach(function (name) {
    const field = form.elements[name];
    // What was not edited stays the instant that it is: where clocks are put back, a text alone means two.
    const isOurs = field.value !== "" && field.value === field.dataset.told;
    const time = isOurs ? Number(field.dataset.at) : parseTime(head, field.value, name === "to");
    const isWrong = field.value.trim() !== "" && isNaN(time);
    field.setCustomValidity(isWrong ? say("not_a_time") : "");
    field.setAttribute("aria-invalid", String(isWrong));
    field.title = isWrong ? say("not_a_time") : "";
    filter[name] = isNaN(time) ? null : time;
  });
}

function writeForm(head, form, filter) {
  form.querySelectorAll("input[name=host]").forEach(function (box) { box.checked = filter.hosts.has(Number(box.value)); });
  form.querySelectorAll("input[name=kind]").forEach(function (box) { box.checked = filter.kinds.has(Number(box.value)); });
  form.elements.severity.value = filter.rank ? head.severities[filter.rank][0] : "";
  form.elements.finding.value = filter.finding || "";
  form.elements.text.value = filter.text;
  ["from", "to"].forEach(function (name) {
    const field = form.elements[name];
    field.value = filter[name] === null ? "" : timeText(head, filter[name]);
    field.dataset.told = field.value;
    field.dataset.at = filter[name] === null ? "" : filter[name];
    field.setAttribute("aria-invalid", "false");
  });
}

function describeForm(head, form, filter, say, counts) {
  const tell = function (name, set, all, some, one) {
    const text = set.size === 0 ? all : set.size === 1 ? one(set.values().next().value) : some;
    form.querySelector("input[name=" + name + "]").closest("details").firstChild.textContent = text;
  };
  if (head.hosts.length) {
    tell("host", filter.hosts, say("all_hosts"), say("some_hosts", filter.hosts.size), function (at) { return head.hosts[at]; });
  }
  tell("kind", filter.kinds, say("all_kinds"), say("some_kinds", filter.kinds.size), function (at) { return head.kinds[at][1]; });
  form.querySelector("output").textContent = say("shown", number(counts[0]), number(counts[1]));
}
