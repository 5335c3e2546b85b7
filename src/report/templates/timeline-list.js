// The list of events: the rows that fit, in pages, so that the page stays small however many there are.
const PAGE_ROWS = 200;

function makeList(head, table, say) {
  const body = table.appendChild(element("tbody", "live"));
  const list = { rows: [], from: 0, to: 0, show: show, open: open, startAt: startAt };
  const scroll = table.parentNode;
  const earlier = button(say("earlier"), back);
  const later = button(say("later"), function () { extend(); });
  const nothing = element("p", "note", say("nothing"));
  earlier.className = later.className = "pages";
  scroll.insertBefore(earlier, table);
  scroll.append(later, nothing);
  // The rows of the page itself are for paper; the same event is not there twice.
  table.tBodies[0].querySelectorAll("[id]").forEach(function (row) { row.removeAttribute("id"); });
  table.classList.add("is-live");
  if (window.IntersectionObserver) {
    new IntersectionObserver(function (seen) {
      if (seen[0].isIntersecting && list.to < list.rows.length) { extend(); }
    }, { root: scroll, rootMargin: "300px" }).observe(later);
  }

  function show(rows, isFiltered) {
    list.rows = rows;
    list.from = 0;
    list.to = Math.min(PAGE_ROWS, rows.length);
    table.classList.toggle("filtered", isFiltered);
    scroll.scrollTop = 0;
    render();
  }

  // The rows before these; what was seen stays where it is.
  function back() {
    const height = scroll.scrollHeight;
    list.from = Math.max(0, list.from - PAGE_ROWS);
    render();
    scroll.scrollTop += scroll.scrollHeight - height;
  }

  // Lets the list begin with the first row that is not before `time`; those before stand above. The page stays.
  function startAt(time) {
    const at = list.rows.findIndex(function (row) { return row.time >= time; });
    if (at < 1) { return; }
    list.from = Math.max(0, at - PAGE_ROWS / 4);
    list.to = Math.min(list.rows.length, list.from + PAGE_ROWS);
    render();
    const node = body.rows[at - list.from];
    scroll.scrollTop += node.getBoundingClientRect().top - scroll.getBoundingClientRect().top - table.tHead.offsetHeight;
  }

  function extend() {
    const before = list.to;
    list.to = Math.min(list.rows.length, list.to + PAGE_ROWS);
    append(before, list.to);
    hints();
  }

  function render() {
    body.textContent = "";
    append(list.from, list.to);
    hints();
  }

  function append(from, to) {
    const part = document.createDocumentFragment();
    list.rows.slice(from, to).forEach(function (row) { part.appendChild(rowNode(row)); });
    body.appendChild(part);
  }

  function hints() {
    earlier.hidden = list.from === 0;
    later.hidden = list.to >= list.rows.length;
    nothing.hidden = list.rows.length > 0;
  }

  function open(row) {
    const at = list.rows.indexOf(row);
    if (at < 0) { return false; }
    if (at < list.from || at >= list.to) {
      list.from = Math.max(0, at - PAGE_ROWS / 4);
      list.to = Math.min(list.rows.length, list.from + PAGE_ROWS);
      render();
    }
    const node = document.getElementById("event-" + row.id);
    body.querySelectorAll(".now").forEach(function (other) { other.classList.remove("now"); });
    node.classList.add("now");
    node.querySelectorAll("details").forEach(function (details) { details.open = true; });
    node.focus({ preventScroll: true });
    bringIn(node, 4);
    return true;
  }

  // Sections above are laid out only when they come near, and push the row away again: so it is looked at for some frames.
  function bringIn(node, frames) {
    node.scrollIntoView({ block: "center", behavior: "instant" });
    if (frames > 0) { requestAnimationFrame(function () { bringIn(node, frames - 1); }); }
  }

  function rowNode(row) {
    const node = element("tr", "s-" + head.severities[row.rank][0]);
    node.id = "event-" + row.id;
    node.tabIndex = -1;
    node.dataset.kind = head.kinds[row.kind][0];
    const time = element("td", "time", (row.estimated ? "~" : "") + timeTold(head, row.time));
    if (row.stamp) { time.appendChild(element("small", "", row.stamp)); }
    const kind = element("td", "kind");
    kind.append(signOf(head, row), document.createTextNode(head.kinds[row.kind][1]));
    node.append(time, element("td", "", head.hosts[row.host] || "–"), kind, textCell(row));
    return node;
  }

  function textCell(row) {
    const cell = element("td", "");
    row.findings.forEach(function (finding) {
      const link = element("a", "number", finding);
      link.href = "#finding-" + finding;
      link.title = say("finding", finding);
      cell.append(link, " ");
    });
    if (row.said) { cell.appendChild(element("span", "said", row.said)); }
    if (row.count) { cell.appendChild(element("b", "times", row.count)); }
    cell.appendChild(element("code", "", row.record));
    cell.appendChild(element("span", "place", row.place + (row.operation ? " · " + row.operation : "")));
    if (row.repeats.length || row.more) { cell.appendChild(repeatsNode(row)); }
    return cell;
  }

  function repeatsNode(row) {
    const details = element("details", "repeats");
    details.appendChild(element("summary", "", say("repeats")));
    row.repeats.forEach(function (repeat) {
      const line = details.appendChild(element("p", ""));
      line.append(element("span", "time", timeTold(head, repeat.time)), " " + repeat.record + " ", element("span", "place", repeat.place));
    });
    if (row.more) { details.appendChild(element("p", "", row.more)); }
    return details;
  }

  return list;
}
