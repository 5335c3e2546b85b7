// The picture: a lane a host, bars for all events, signs for listed ones, lines for what lasts, numbers for findings.
// All of one look is one path, so that a redraw is cheap; what lies under the pointer is found by arithmetic.
const SVG = "http://www.w3.org/2000/svg";
const RIGHT = 14, HEAD_ROOM = 52;
// Where the lanes begin, behind the names: nearer in a narrow window.
let laneLeft = 150;
const STEPS = [1e3, 1e4, 1e5].concat([1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
  86400, 172800, 604800, 1209600, 2592000, 7776000, 31536000, 157680000, 315360000].map(function (s) { return s * SECOND; }));
// A view that is wider than all steps has no more than this.
const MOST_TICKS = 64;
const RADII = [3.6, 5, 5.5, 6.5];
const BAR_SHARES = [0.4, 0.6, 0.8, 1];

// Corners of the signs, by family, in a circle of radius 1; the first family is the circle itself.
const CORNERS = [
  null,
  [[-.85, -.85], [.85, -.85], [.85, .85], [-.85, .85]],
  [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]],
  [[0, -1.15], [1.1, .8], [-1.1, .8]],
  starCorners(),
  [[0, 1.15], [1.1, -.8], [-1.1, -.8]],
  [[-1.1, 0], [-.55, -.95], [.55, -.95], [1.1, 0], [.55, .95], [-.55, .95]],
  turned(crossCorners()),
  crossCorners()
];

function starCorners() {
  return Array.from({ length: 10 }, function (none, at) {
    const radius = at % 2 ? .52 : 1.25, angle = Math.PI * at / 5;
    return [Math.sin(angle) * radius, -Math.cos(angle) * radius];
  });
}

function crossCorners() {
  const a = .4, b = 1.15;
  return [[-a, -b], [a, -b], [a, -a], [b, -a], [b, a], [a, a], [a, b], [-a, b], [-a, a], [-b, a], [-b, -a], [-a, -a]];
}

function turned(corners) {
  return corners.map(function (c) { return [(c[0] - c[1]) * Math.SQRT1_2, (c[0] + c[1]) * Math.SQRT1_2]; });
}

function signPath(family, x, y, r) {
  const corners = CORNERS[family];
  if (!corners) {
    return "M" + (x - r).toFixed(1) + " " + y.toFixed(1) + "a" + r + " " + r + " 0 1 0 " + 2 * r + " 0a" + r + " " + r + " 0 1 0 " + -2 * r + " 0z";
  }
  return "M" + corners.map(function (c) { return (x + c[0] * r).toFixed(1) + " " + (y + c[1] * r).toFixed(1); }).join("L") + "z";
}

function svgNode(name, values) {
  const node = document.createElementNS(SVG, name);
  Object.keys(values).forEach(function (key) { node.setAttribute(key, values[key]); });
  return node;
}

function signNode(head, family, rank) {
  const svg = svgNode("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", "class": "mark-sign" });
  svg.appendChild(svgNode("path", { d: signPath(family, 8, 8, RADII[rank]), "class": "sign s-" + head.severities[rank][0] }));
  return svg;
}

function signOf(head, row) {
  const sign = signNode(head, head.kinds[row.kind][2], row.rank);
  sign.removeAttribute("aria-hidden");
  sign.setAttribute("role", "img");
  sign.setAttribute("aria-label", head.severities[row.rank][1]);
  return sign;
}

function stepFor(length, most) {
  return STEPS.find(function (step) { return length / step <= most; }) || STEPS[STEPS.length - 1];
}

// Where the axis of a view has its ticks: full steps of the reader's clock, by the offset that holds at each. Where the
// clock is put back a step comes twice; the first is taken.
function ticksOf(head, view, step) {
  const ticks = [];
  const first = Math.ceil((view[0] + zoneShift(head, view[0])) / step) * step;
  for (let clock = first; ticks.length < MOST_TICKS; clock += step) {
    const time = timeOfClock(head, clock);
    if (time > view[1]) { break; }
    if (time >= view[0] && time > (ticks.length ? ticks[ticks.length - 1] : -Infinity)) { ticks.push(time); }
  }
  return ticks;
}

// Lanes that fit a screen.
const MANY_LANES = 12;

// The hosts that share a lane until one asks for all, and what that lane is called: those without anything worse than
// information; where too many have warnings, those that no finding names and that have the least of them.
function foldedHosts(head) {
  const all = head.hosts.map(function (host, at) { return at; });
  if (all.length <= MANY_LANES) { return { hosts: [], word: "quiet" }; }
  const named = new Set([].concat.apply([], head.findings.map(function (finding) { return finding[3]; })));
  const worth = all.map(function (at) { return worthOf(head.cells[at]) + (named.has(at) ? 1e12 : 0); });
  const loud = all.filter(function (at) { return worth[at] > 0; });
  const kept = new Set(loud.sort(function (a, b) { return worth[b] - worth[a] || a - b; }).slice(0, MANY_LANES));
  const hosts = all.filter(function (at) { return !kept.has(at); });
  return { hosts: hosts.length > 1 ? hosts : [], word: loud.length > MANY_LANES ? "others" : "quiet" };
}

// How much there is of what is worse than information; the worst counts most.
function worthOf(cells) {
  return cells.reduce(function (sum, cell) { return sum + (cell.rank > 0 ? cell.count * Math.pow(100, cell.rank) : 0); }, 0);
}

function lanesOf(head, filter, say) {
  const asked = head.hosts.map(function (host, at) { return at; })
    .filter(function (at) { return !filter.hosts.size || filter.hosts.has(at); });
  const fold = filter.unfolded || filter.hosts.size ? { hosts: [] } : foldedHosts(head);
  const folded = new Set(fold.hosts);
  const lanes = asked.filter(function (at) { return !folded.has(at); })
    .map(function (at) { return { name: head.hosts[at], hosts: [at], isFolded: false }; });
  if (folded.size) { lanes.push({ name: say(fold.word, folded.size), hosts: fold.hosts, isFolded: true }); }
  return lanes;
}

function makePicture(head, box, say, acts) {
  const stretch = head.counts.bucket;
  const end = Math.max(head.to, head.counts.from + stretch);
  const whole = [head.counts.from, end + (end - head.counts.from) * .01];
  const picture = {
    view: whole, whole: whole, lanes: [], rows: [], lane: 0, selected: null,
    ask: ask, setView: setView, zoom: zoom, select: select, draw: draw
  };
  const svg = svgNode("svg", { "class": "plot", tabindex: 0, role: "application", "aria-describedby": "chart-keys" });
  const tip = element("div", "tip");
  tip.hidden = true;
  box.append(svg, tip);
  let width = 0, plot = 0, laneHeight = 30, filter = emptyFilter(), laneOf = [], marks = [], cells = [], spans = [], frame = 0;
  const tracks = head.span_kinds.map(function (kind, at) { return at; })
    .filter(function (at) { return head.spans.some(function (span) { return span[1] === at; }); });

  function ask(asked, rows) {
    filter = asked;
    picture.rows = rows;
    picture.lanes = lanesOf(head, filter, say);
    picture.lane = Math.min(picture.lane, Math.max(0, picture.lanes.length - 1));
    laneOf = [];
    picture.lanes.forEach(function (lane, at) { lane.hosts.forEach(function (host) { laneOf[host] = at; }); });
    laneHeight = (picture.lanes.length > 16 ? 22 : 28) + tracks.length * 4;
    cells = picture.lanes.map(cellsOf);
    svg.setAttribute("aria-label", say("picture", picture.lanes.length, spanTold(head, whole[0], whole[1])));
    draw();
  }

  // Counts of all events; with a text or a finding those of the listed rows, as only they are known so well.
  function cellsOf(lane, at) {
    if (filter.text || filter.finding) {
      return picture.rows.filter(function (row) { return laneOf[row.host] === at; }).map(function (row) {
        return { stretch: Math.floor((row.time - head.counts.from) / stretch), rank: row.rank, count: row.events };
      });
    }
    return [].concat.apply([], lane.hosts.map(function (host) {
      return head.cells[host].filter(function (cell) {
        const from = head.counts.from + cell.stretch * stretch;
        return cell.rank >= filter.rank && (!filter.kinds.size || filter.kinds.has(cell.kind)) &&
          (filter.from === null || from + stretch > filter.from) && (filter.to === null || from <= filter.to);
      });
    }));
  }

  function setView(from, to) {
    const most = whole[1] - whole[0];
    const length = Math.min(Math.max(to - from, 1e4), most);
    const start = Math.min(Math.max(from, whole[0]), whole[1] - length);
    picture.view = [Math.floor(start), Math.floor(start + length)];
    hideTip();
    draw();
  }

  function zoom(factor, about) {
    const middle = about === undefined ? (picture.view[0] + picture.view[1]) / 2 : about;
    const length = (picture.view[1] - picture.view[0]) / factor;
    const share = (middle - picture.view[0]) / (picture.view[1] - picture.view[0]);
    setView(middle - length * share, middle + length * (1 - share));
    acts.viewChanged();
  }

  function x(time) { return laneLeft + (time - picture.view[0]) / (picture.view[1] - picture.view[0]) * plot; }
  function timeAt(place) { return picture.view[0] + (place - laneLeft) / plot * (picture.view[1] - picture.view[0]); }
  function top(lane) { return HEAD_ROOM + lane * laneHeight; }

  function draw() {
    if (!frame) { frame = requestAnimationFrame(function () { frame = 0; paint(); }); }
  }

  function paint() {
    width = Math.max(box.clientWidth, 280);
    laneLeft = width < 600 ? 92 : 150;
    plot = width - laneLeft - RIGHT;
    const height = top(picture.lanes.length) + 6;
    svg.textContent = "";
    svg.setAttribute("viewBox", "0 0 " + width + " " + height);
    svg.setAttribute("width", width);
    svg.setAttribute("height", height);
    paintLanes(height);
    paintAxis(height);
    paintSpans();
    paintBars();
    paintMarks();
    paintFindings(height);
    paintSelection();
  }

  function path(className, d) { if (d) { svg.appendChild(svgNode("path", { "class": className, d: d })); } }

  function text(className, at, y, words, anchor) {
    const node = svgNode("text", { "class": className, x: at.toFixed(1), y: y, "text-anchor": anchor || "start" });
    node.textContent = words;
    svg.appendChild(node);
    return node;
  }

  function paintLanes(height) {
    picture.lanes.forEach(function (lane, at) {
      const now = at === picture.lane ? " here" : "";
      svg.appendChild(svgNode("rect", { "class": "lane" + (at % 2 ? " alt" : "") + now, x: 0, y: top(at), width: width, height: laneHeight }));
      const most = width < 600 ? 12 : 20;
      const name = lane.name.length > most ? lane.name.slice(0, most - 1) + "…" : lane.name;
      const node = text(lane.isFolded ? "name folded" : "name", 8, top(at) + laneHeight / 2 + 5, name);
      node.appendChild(svgNode("title", {})).textContent = lane.name;
    });
    [["from", laneLeft, function (t) { return [laneLeft, x(t)]; }], ["to", width, function (t) { return [x(t), width - RIGHT]; }]].forEach(function (side) {
      const time = filter[side[0]];
      if (time === null) { return; }
      const ends = side[2](time).map(function (place) { return Math.min(Math.max(place, laneLeft), width - RIGHT); });
      svg.appendChild(svgNode("rect", { "class": "outside", x: ends[0], y: HEAD_ROOM, width: Math.max(0, ends[1] - ends[0]), height: height - HEAD_ROOM }));
    });
  }

  function paintAxis(height) {
    const step = stepFor(picture.view[1] - picture.view[0], Math.max(2, Math.floor(plot / 110)));
    let before = "", lines = "";
    ticksOf(head, picture.view, step).forEach(function (time) {
      const place = x(time), words = timeText(head, time), date = words.slice(0, 10);
      const clock = step < SECOND ? words.slice(11) : step < 60 * SECOND ? words.slice(11, 19) : words.slice(11, 16);
      lines += "M" + place.toFixed(1) + " " + (HEAD_ROOM - 3) + "V" + height;
      text("at", place, HEAD_ROOM - 8, step >= 86400 * SECOND ? date : clock, "middle");
      if (date !== before && step < 86400 * SECOND) { text("day", place, HEAD_ROOM - 21, date, "middle"); }
      before = date;
    });
    path("tick", lines);
    text("day", 8, HEAD_ROOM - 8, head.zone_name);
  }

  function paintSpans() {
    spans = [];
    head.spans.forEach(function (span) {
      const lane = laneOf[span[0]];
      const from = span[2] === null ? picture.whole[0] : span[2], to = span[3] === null ? picture.whole[1] : span[3];
      if (lane === undefined || to < picture.view[0] || from > picture.view[1]) { return; }
      const ends = [Math.max(x(from), laneLeft), Math.min(Math.max(x(to), x(from) + 3), width - RIGHT)];
      spans.push({ span: span, lane: lane, ends: ends, y: top(lane) + 3 + tracks.indexOf(span[1]) * 4 });
    });
    head.span_kinds.forEach(function (kind, at) {
      const own = spans.filter(function (drawn) { return drawn.span[1] === at; });
      if (kind[0] === "down") {
        own.forEach(function (drawn) {
          svg.appendChild(svgNode("rect", { "class": "outage", x: drawn.ends[0], y: top(drawn.lane), width: drawn.ends[1] - drawn.ends[0], height: laneHeight }));
        });
      }
      path("span-" + kind[0], own.map(function (drawn) {
        return "M" + drawn.ends[0].toFixed(1) + " " + drawn.y + "H" + drawn.ends[1].toFixed(1);
      }).join(""));
    });
  }

  // Neighbouring stretches are gathered until a bar is wide enough to be seen.
  function gathered() {
    const pixels = stretch / (picture.view[1] - picture.view[0]) * plot;
    const group = Math.max(1, Math.ceil(5 / pixels));
    const first = (picture.view[0] - head.counts.from) / stretch - group, last = (picture.view[1] - head.counts.from) / stretch;
    let most = 1;
    const lanes = cells.map(function (lane) {
      const bars = new Map();
      lane.forEach(function (cell) {
        if (cell.stretch < first || cell.stretch > last) { return; }
        const key = Math.floor(cell.stretch / group);
        const bar = bars.get(key) || { count: 0, rank: 0 };
        bar.count += cell.count;
        bar.rank = Math.max(bar.rank, cell.rank);
        most = Math.max(most, bar.count);
        bars.set(key, bar);
      });
      return bars;
    });
    return { lanes: lanes, group: group, pixels: pixels * group, most: most };
  }

  function paintBars() {
    const bars = picture.bars = gathered();
    // Stretches that are longer than a glance are the limit of what is counted: then a thin line says that there is more.
    const isCoarse = bars.pixels > 40;
    const paths = ["", "", "", ""];
    const full = laneHeight - 16 - tracks.length * 4;
    bars.lanes.forEach(function (lane, at) {
      lane.forEach(function (bar, key) {
        const from = x(head.counts.from + key * bars.group * stretch);
        const start = Math.max(from, laneLeft);
        const length = Math.min(from + Math.max(1.5, (bars.pixels - 1) * (isCoarse ? 1 : BAR_SHARES[bar.rank])), width - RIGHT) - start;
        const height = isCoarse ? 1.5 : 2 + (full - 2) * Math.log2(1 + bar.count) / Math.log2(1 + bars.most);
        if (length > 0) {
          paths[bar.rank] += "M" + start.toFixed(1) + " " + (top(at) + laneHeight - 1) + "v" + -height.toFixed(1) + "h" + length.toFixed(1) + "v" + height.toFixed(1) + "z";
        }
      });
    });
    paths.forEach(function (d, rank) { path((isCoarse ? "bars coarse s-" : "bars s-") + head.severities[rank][0], d); });
  }

  function markY(lane) { return top(lane) + 7 + tracks.length * 4; }

  // One sign in each few pixels of a lane: the worst of its events, the first of equals.
  function paintMarks() {
    const places = new Map();
    let boots = "";
    picture.rows.forEach(function (row) {
      const lane = laneOf[row.host], place = x(row.time);
      if (lane === undefined || place < laneLeft || place > width - RIGHT) { return; }
      if (head.kinds[row.kind][0] === "host.boot") { boots += "M" + place.toFixed(1) + " " + (top(lane) + 1) + "v" + (laneHeight - 2); }
      const key = lane * 10000 + Math.floor(place / 13);
      const known = places.get(key);
      if (!known) {
        places.set(key, { row: row, x: place, lane: lane, rows: 1 });
      } else {
        known.rows += 1;
        if (row.rank > known.row.rank) { known.row = row; known.x = place; }
      }
    });
    path("boot", boots);
    marks = Array.from(places.values());
    const paths = {};
    marks.forEach(function (mark) {
      const family = head.kinds[mark.row.kind][2], name = "sign s-" + head.severities[mark.row.rank][0];
      const key = mark.row.rank + name;
      paths[key] = (paths[key] || "") + signPath(family, mark.x, markY(mark.lane), RADII[mark.row.rank]);
    });
    // The worst lie on top.
    Object.keys(paths).sort().forEach(function (key) { path(key.slice(1), paths[key]); });
  }

  function paintFindings(height) {
    let free = laneLeft;
    head.findings.map(function (finding, at) { return { finding: finding, number: at + 1 }; })
      .filter(function (item) { return item.finding[1] !== null && item.finding[1] >= picture.view[0] && item.finding[1] <= picture.view[1]; })
      .sort(function (a, b) { return a.finding[1] - b.finding[1]; })
      .forEach(function (item) {
        const place = x(item.finding[1]), label = Math.max(place, free);
        free = label + 21;
        if (label > width - 8) { return; }
        const link = svgNode("a", { href: "#finding-" + item.number, "class": "mark s-" + head.severities[item.finding[0]][0] });
        link.appendChild(svgNode("title", {})).textContent = item.number + ": " + item.finding[2];
        link.appendChild(svgNode("path", { d: "M" + label.toFixed(1) + " 18L" + place.toFixed(1) + " " + HEAD_ROOM + "V" + height }));
        link.appendChild(svgNode("circle", { cx: label.toFixed(1), cy: 11, r: 9 }));
        const words = svgNode("text", { x: label.toFixed(1), y: 15, "text-anchor": "middle" });
        words.textContent = item.number;
        link.appendChild(words);
        svg.appendChild(link);
      });
  }

  function paintSelection() {
    const row = picture.selected;
    if (!row || laneOf[row.host] === undefined) { return; }
    const place = x(row.time);
    if (place < laneLeft || place > width - RIGHT) { return; }
    const y = markY(laneOf[row.host]);
    svg.appendChild(svgNode("circle", { "class": "chosen", cx: place, cy: y, r: 10 }));
    svg.appendChild(svgNode("path", { d: signPath(head.kinds[row.kind][2], place, y, RADII[row.rank]), "class": "sign s-" + head.severities[row.rank][0] }));
  }

  function found(place, y) {
    const lane = Math.floor((y - HEAD_ROOM) / laneHeight);
    if (y < HEAD_ROOM || place < laneLeft || !picture.lanes[lane]) { return null; }
    const near = marks.filter(function (mark) { return mark.lane === lane && Math.abs(mark.x - place) <= 9 && Math.abs(markY(lane) - y) <= 10; })
      .sort(function (a, b) { return Math.abs(a.x - place) - Math.abs(b.x - place); });
    if (near.length) { return { mark: near[0] }; }
    const span = spans.find(function (drawn) {
      return drawn.lane === lane && Math.abs(drawn.y - y) <= 3 && drawn.ends[0] - 2 <= place && place <= drawn.ends[1] + 2;
    });
    if (span) { return { span: span.span }; }
    const length = picture.bars.group * stretch;
    const key = Math.floor((timeAt(place) - head.counts.from) / length);
    const bar = picture.bars.lanes[lane].get(key);
    return bar ? { bar: bar, from: head.counts.from + key * length, to: head.counts.from + (key + 1) * length, lane: lane } : null;
  }

  function linesOf(hit) {
    if (hit.span) {
      const from = hit.span[2] === null ? say("since_before") : hit.span[2], to = hit.span[3] === null ? say("not_over") : hit.span[3];
      return [head.hosts[hit.span[0]] + " · " + head.span_kinds[hit.span[1]][1], spanTold(head, from, to), hit.span[4]];
    }
    if (hit.bar) {
      const when = spanTold(head, hit.from, hit.to);
      const words = hit.bar.count === 1 ? say("one_event_in", when) : say("events_in", number(hit.bar.count), when);
      return [picture.lanes[hit.lane].name, words, head.severities[hit.bar.rank][1]];
    }
    const lines = rowLines(hit.mark.row);
    if (hit.mark.rows > 1) { lines.push(say("and_more", hit.mark.rows - 1)); }
    return lines;
  }

  function rowLines(row) {
    const lines = [(row.estimated ? "~" : "") + timeTold(head, row.time) + (head.zone_name === "UTC" ? " UTC" : "") + " · " + head.hosts[row.host],
      head.severities[row.rank][1] + " · " + head.kinds[row.kind][1]];
    if (row.said) { lines.push(row.said); }
    if (row.count) { lines.push(row.count); }
    lines.push(row.record, row.place);
    if (row.findings.length) { lines.push(row.findings.map(function (f) { return say("finding", f) + ": " + head.findings[f - 1][2]; }).join("\n")); }
    return lines;
  }

  function showTip(lines, place, y) {
    tip.textContent = "";
    lines.forEach(function (line, at) { tip.appendChild(element(at === 0 ? "b" : "span", "", line)); });
    tip.hidden = false;
    const room = box.clientWidth - tip.offsetWidth - 4;
    tip.style.left = Math.max(0, Math.min(place + 14, room)) + "px";
    tip.style.top = (y + 16) + "px";
  }

  function hideTip() { tip.hidden = true; }

  function select(row, isShown) {
    picture.selected = row;
    if (!row) { hideTip(); draw(); return; }
    if (laneOf[row.host] !== undefined) { picture.lane = laneOf[row.host]; }
    const length = picture.view[1] - picture.view[0];
    if (row.time < picture.view[0] || row.time > picture.view[1]) {
      setView(row.time - length / 2, row.time + length / 2);
      // What is only to be seen because its own link was followed keeps that link as the address.
      if (isShown) { acts.viewChanged(); }
    }
    paint();
    if (isShown) {
      showTip(rowLines(row), x(row.time), markY(picture.lane));
      acts.tell(rowLines(row).slice(0, 4).join(", "));
    }
  }

  function step(direction) {
    const lane = picture.lanes[picture.lane];
    const rows = picture.rows.filter(function (row) { return laneOf[row.host] === picture.lane; });
    const now = picture.selected && laneOf[picture.selected.host] === picture.lane ? rows.indexOf(picture.selected) : -1;
    const inView = function (row) { return direction > 0 ? row.time >= picture.view[0] : row.time <= picture.view[1]; };
    const next = now >= 0 ? rows[now + direction] : direction > 0 ? rows.find(inView) : rows.filter(inView).pop();
    if (next) { select(next, true); } else if (lane) { acts.tell(say("no_more", lane.name)); }
  }

  function changeLane(direction) {
    picture.lane = Math.min(Math.max(picture.lane + direction, 0), picture.lanes.length - 1);
    picture.selected = null;
    hideTip();
    draw();
    const lane = picture.lanes[picture.lane];
    const rows = picture.rows.filter(function (row) { return laneOf[row.host] === picture.lane; });
    if (lane) { acts.tell(say("of_lane", lane.name, number(rows.length))); }
  }

  function pan(share) {
    const length = picture.view[1] - picture.view[0];
    setView(picture.view[0] + length * share, picture.view[1] + length * share);
    acts.viewChanged();
  }

  const keys = {
    ArrowLeft: function () { pan(-.2); }, ArrowRight: function () { pan(.2); },
    PageUp: function () { pan(-1); }, PageDown: function () { pan(1); },
    ArrowUp: function () { changeLane(-1); }, ArrowDown: function () { changeLane(1); },
    "+": function () { zoom(2); }, "=": function () { zoom(2); }, "-": function () { zoom(.5); },
    "0": function () { acts.fit(); }, Home: function () { acts.fit(); }, i: function () { acts.incident(); },
    n: function () { step(1); }, p: function () { step(-1); },
    Enter: function () { if (picture.selected) { acts.open(picture.selected); } },
    Escape: function () { select(null); acts.leave(); }
  };

  svg.addEventListener("keydown", function (event) {
    if (event.altKey || event.metaKey || event.target !== svg) { return; }
    const isStep = event.ctrlKey && /^Arrow(Left|Right)$/.test(event.key);
    const act = isStep ? function () { step(event.key === "ArrowRight" ? 1 : -1); } : event.ctrlKey ? null : keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  let drag = null;
  const place = function (event) {
    const frameOf = svg.getBoundingClientRect();
    return { x: event.clientX - frameOf.left, y: event.clientY - frameOf.top };
  };

  svg.addEventListener("pointerdown", function (event) {
    if (event.button !== 0 || event.target.closest("a")) { return; }
    const at = place(event);
    drag = { from: at, view: picture.view, isWindow: event.shiftKey || (at.y < HEAD_ROOM && at.x > laneLeft), hasMoved: false, band: null };
    svg.setPointerCapture(event.pointerId);
  });

  svg.addEventListener("pointermove", function (event) {
    const at = place(event);
    if (!drag) { hover(at); return; }
    if (Math.abs(at.x - drag.from.x) > 3) { drag.hasMoved = true; }
    if (!drag.hasMoved) { return; }
    if (drag.isWindow) { band(at); return; }
    const by = (drag.from.x - at.x) / plot * (drag.view[1] - drag.view[0]);
    setView(drag.view[0] + by, drag.view[1] + by);
  });

  function band(at) {
    if (!drag.band) { drag.band = svg.appendChild(svgNode("rect", { "class": "band", y: HEAD_ROOM, height: laneHeight * picture.lanes.length })); }
    drag.band.setAttribute("x", Math.max(laneLeft, Math.min(at.x, drag.from.x)));
    drag.band.setAttribute("width", Math.abs(at.x - drag.from.x));
  }

  function hover(at) {
    const hit = found(at.x, at.y);
    svg.classList.toggle("over", Boolean(hit && hit.mark));
    if (hit) { showTip(linesOf(hit), at.x, at.y); } else { hideTip(); }
  }

  svg.addEventListener("pointerup", function (event) {
    const was = drag, at = place(event);
    drag = null;
    if (!was) { return; }
    if (was.hasMoved && was.isWindow) {
      const times = [timeAt(Math.max(laneLeft, was.from.x)), timeAt(Math.max(laneLeft, at.x))].sort(function (a, b) { return a - b; });
      acts.windowChosen(Math.floor(times[0] / SECOND) * SECOND, Math.ceil(times[1] / SECOND) * SECOND);
    } else if (was.hasMoved) {
      acts.viewChanged();
    } else {
      click(at);
    }
  });
  svg.addEventListener("pointercancel", function () { drag = null; draw(); });
  svg.addEventListener("pointerleave", function () { if (!drag) { hideTip(); } });

  function click(at) {
    const lane = Math.floor((at.y - HEAD_ROOM) / laneHeight);
    const hit = found(at.x, at.y);
    if (picture.lanes[lane]) { picture.lane = lane; }
    if (at.x < laneLeft && picture.lanes[lane] && at.y > HEAD_ROOM) { acts.laneChosen(picture.lanes[lane]); return; }
    if (hit && hit.mark) { select(hit.mark.row); acts.open(hit.mark.row); } else { draw(); }
  }

  svg.addEventListener("dblclick", function (event) {
    const at = place(event);
    if (at.x > laneLeft) { zoom(event.shiftKey ? .5 : 2, timeAt(at.x)); }
  });
  svg.addEventListener("wheel", function (event) {
    const isAcross = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!event.ctrlKey && !isAcross) { return; }
    event.preventDefault();
    if (event.ctrlKey) { zoom(Math.pow(1.0015, -event.deltaY), timeAt(Math.max(laneLeft, place(event).x))); } else { pan(event.deltaX / plot); }
  }, { passive: false });
  if (window.ResizeObserver) { new ResizeObserver(function () { if (box.clientWidth !== width) { draw(); } }).observe(box); }
  return picture;
}
