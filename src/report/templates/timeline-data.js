// What the page tells the script, and how times are written. Times are microseconds since 1970, in UTC.
const SECOND = 1e6;

function readData() {
  const block = document.getElementById("timeline-data");
  if (!block || !block.textContent.trim()) { return null; }
  const data = JSON.parse(block.textContent);
  const head = data.head;
  head.rows = data.rows.map(function (row, index) { return readRow(head, row, index); });
  head.byId = new Map(head.rows.map(function (row) { return [row.id, row]; }));
  head.cells = head.counts.cells.map(readCells);
  return head;
}

function readRow(head, row, index) {
  const rest = row[8];
  return {
    index: index, id: rest.id, time: head.from + row[0], host: row[1], kind: row[2], rank: row[3],
    place: head.files[row[4]] + ":" + row[5] + " @" + row[6], record: row[7],
    said: rest.said, findings: rest.findings || [], events: rest.events || 1, count: rest.count,
    stamp: rest.stamp, operation: rest.operation, estimated: rest.estimated || false, more: rest.more,
    repeats: (rest.repeats || []).map(function (repeat) {
      return {
        time: head.from + repeat[0], place: head.files[repeat[1]] + ":" + repeat[2] + " @" + repeat[3],
        record: repeat[4] === null ? row[7] : repeat[4]
      };
    })
  };
}

// Three numbers a cell: stretches since the cell before, kind × 4 + severity, events.
function readCells(packed) {
  const cells = [];
  let stretch = 0;
  for (let at = 0; at < packed.length; at += 3) {
    stretch += packed[at];
    cells.push({ stretch: stretch, kind: packed[at + 1] >> 2, rank: packed[at + 1] & 3, count: packed[at + 2] });
  }
  return cells;
}

function fillWords(template, values) {
  return template.replace(/\{(\d)\}/g, function (all, digit) {
    return digit < values.length ? String(values[digit]) : all;
  });
}

function number(value) { return value.toLocaleString("en"); }

function pad(value, digits) { return String(value).padStart(digits, "0"); }

// Microseconds that the reader's clock is ahead of UTC at a time.
function zoneShift(head, time) {
  let seconds = head.zone[0][1];
  head.zone.forEach(function (change) { if (time >= change[0]) { seconds = change[1]; } });
  return seconds * SECOND;
}

// When the reader's clock shows `local`, microseconds as if in UTC. Where it does so twice, the first time, or the last one
// for the end of a window, so that nothing between is left out.
function timeOfClock(head, local, isEnd) {
  const meant = head.zone.map(function (change) { return local - change[1] * SECOND; })
    .filter(function (time) { return time + zoneShift(head, time) === local; });
  if (!meant.length) { return local - zoneShift(head, local - zoneShift(head, local)); }
  return isEnd ? Math.max.apply(null, meant) : Math.min.apply(null, meant);
}

// "2026-11-23 02:10:05.123": as the page writes times elsewhere.
function timeText(head, time) { return clockText(time + zoneShift(head, time)); }

// The same with UTC beside, where the page is in another zone.
function timeTold(head, time) {
  if (head.zone_name === "UTC") { return clockText(time); }
  const local = timeText(head, time), utc = clockText(time);
  return local + " " + offsetText(head, time) + " (" + without(utc, local) + " UTC)";
}

// With a sign, hours and minutes: how far the reader's clock is ahead of UTC at a time.
function offsetText(head, time) {
  const shift = zoneShift(head, time);
  const minutes = Math.floor(Math.abs(shift) / SECOND / 60);
  return (shift < 0 ? "-" : "+") + pad(Math.floor(minutes / 60), 2) + ":" + pad(minutes % 60, 2);
}

// A time without its date where that is the date of another.
function without(time, other) { return time.slice(0, 10) === other.slice(0, 10) ? time.slice(11) : time; }

function clockText(shifted) {
  const local = Math.round(shifted);
  const micros = ((local % SECOND) + SECOND) % SECOND;
  const date = new Date((local - micros) / 1000);
  if (isNaN(date)) { return "?"; }
  const fraction = micros === 0 ? "" : micros % 1000 === 0 ? "." + pad(micros / 1000, 3) : "." + pad(micros, 6);
  return pad(date.getUTCFullYear(), 4) + date.toISOString().slice(-20, -5).replace("T", " ") + fraction;
}

// From when to when, to the second, with its zone told and UTC in brackets.
// An end that is no time is a text.
function spanTold(head, from, to) {
  const utc = spanText(from, to, clockText) + " UTC";
  if (head.zone_name === "UTC") { return utc; }
  const offsets = [from, to].map(function (end) { return typeof end === "string" ? null : offsetText(head, end); });
  const isOne = offsets[0] === offsets[1] || offsets.includes(null);
  const own = spanText(from, to, function (time) { return timeText(head, time) + (isOne ? "" : " " + offsetText(head, time)); });
  return own + (isOne ? " " + (offsets[1] || offsets[0] || "") : "") + " (" + utc + ")";
}

function spanText(from, to, textOf) {
  const ends = [from, to].map(function (end) { return typeof end === "string" ? end : textOf(Math.floor(end / SECOND) * SECOND); });
  return ends[0] + " – " + (typeof to === "string" ? ends[1] : without(ends[1], ends[0]));
}

// A time as people write it, in the page's zone, or with a Z in UTC; NaN where it is none.
function parseTime(head, text, isEnd) {
  const parts = /^\s*(\d{4})-(\d\d?)-(\d\d?)(?:[T ]+(\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?\s*(Z?)\s*$/i.exec(text);
  if (!parts) { return NaN; }
  const fields = parts.slice(1, 7).map(function (part) { return Number(part || 0); });
  const date = new Date(Date.UTC(fields[0], fields[1] - 1, fields[2], fields[3], fields[4], fields[5]));
  if (date.getUTCMonth() !== fields[1] - 1 || fields[3] > 23 || fields[4] > 59 || fields[5] > 59) { return NaN; }
  const local = date.getTime() * 1000 + Number((parts[7] || "").padEnd(6, "0"));
  if (parts[8]) { return local; }
  // A date alone is its whole day, as on the command line.
  if (isEnd && parts[4] === undefined) { return timeOfClock(head, local + 86400 * SECOND) - 1; }
  return timeOfClock(head, local, isEnd);
}

// For the address: the same moment, to the microsecond, in whatever zone the page is read.
function addressTime(time) { return clockText(time).replace(" ", "T") + "Z"; }

function element(name, className, text) {
  const node = document.createElement(name);
  if (className) { node.className = className; }
  if (text !== undefined) { node.textContent = text; }
  return node;
}

function button(text, act) {
  const node = element("button", "", text);
  node.type = "button";
  node.addEventListener("click", act);
  return node;
}
