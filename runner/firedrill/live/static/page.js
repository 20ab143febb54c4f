"use strict";
// The live page: takes its feed as it comes, keeps what it says, and draws it. Text is only ever set as text.
// The token stands behind # in the address, where no server sees it; it is taken from there at once and kept for this tab alone.

const at = (id) => document.getElementById(id);
const GLYPHS = { drill: "\u25B7", fault: "\u26A1\uFE0E", alert: "\u25B2", page: "\u25CF", people: "\u263A\uFE0E", note: "\u270E", stop: "\u25A0", runbook: "\u2713", told: "\u2192", sight: "\u25CC" };
const GROUPS = { drill: "drill", fault: "fault", alert: "alert", page: "page", people: "people", note: "note", stop: "stop", runbook: "runbook", told: "told", sight: "sight" };
const PHASES = { prepare: "preparing", ramp: "users arriving", steady: "steady state", play: "faults are on", recover: "recovering", end: "putting away" };
const SHOWN = 180; // seconds of a sparkline
const NOW = 5; // seconds that the number on a tile looks back
const MOST = 500; // lines that are drawn

let token = kept("token");
let feed = "", last = 0, state = {}, lines = [], points = {}, ahead = null, over = false, tries = 0;

function kept(name) { try { return sessionStorage.getItem(name) || ""; } catch { return ""; } }
function keep(store, name, value) { try { store.setItem(name, value); } catch { /* a browser that keeps nothing */ } }

function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return;
  token = given;
  keep(sessionStorage, "token", token);
  history.replaceState(null, "", location.pathname + location.search);
}

// ---- the feed

async function follow() {
  for (;;) {
    let wait = Math.min(10000, 500 * 2 ** tries) * (0.7 + 0.6 * Math.random());
    try {
      const answer = await fetch(`events?feed=${feed}`, { headers: headers(feed ? { "Last-Event-ID": String(last) } : {}), cache: "no-store" });
      if (answer.status === 401) { ask(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      at("enter").hidden = true;
      connection("live", "live");
      tries = 0;
      await read(answer.body.getReader());
      wait = over ? 3000 : 300;
    } catch { /* told below: whoever watches sees that nothing comes */ }
    connection(over ? "over" : "lost", over ? "the drill is over" : "connection lost, trying again");
    tries += 1;
    await new Promise((done) => setTimeout(done, wait));
  }
}

function headers(more) { return token ? { ...more, Authorization: `Bearer ${token}` } : more; }

async function read(reader) {
  const words = new TextDecoder();
  let held = "";
  const silent = () => reader.cancel();
  let timer = setTimeout(silent, 25000); // the server says something every ten seconds
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(silent, 25000);
      held += words.decode(value, { stream: true });
      const messages = held.split("\n\n");
      held = messages.pop();
      for (const message of messages) take(message);
    }
  } finally { clearTimeout(timer); }
}

function take(message) {
  const field = {};
  for (const line of message.split("\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) field[line.slice(0, colon)] = line.slice(colon + 2);
  }
  if (field.data === undefined) return;
  last = Number(field.id);
  const said = JSON.parse(field.data);
  if (field.event === "snapshot") begin(said); else change(field.event, said.is);
  keepTime(said.t, field.event === "snapshot");
}

function begin(said) {
  feed = said.feed; state = said.state; lines = said.lines.slice(); points = {}; over = false;
  mergePoints(said.points);
  drawAll();
}

function change(kind, content) {
  if (kind === "line") { lines.push(content); addLine(content, true); return; }
  if (kind === "points") { mergePoints(content); draw("slis"); return; }
  if (kind === "closed") { over = true; draw("drill"); return; }
  if (kind === "anew") { const said = state.said; state = { said }; lines = []; points = {}; ahead = null; over = false; drawAll(); return; }
  state[kind] = content;
  draw(kind);
}

function mergePoints(more) {
  for (const [name, list] of Object.entries(more)) {
    const held = points[name] || (points[name] = new Map());
    for (const point of list) held.set(point[0], point);
    for (const second of [...held.keys()].sort((a, b) => a - b).slice(0, -300)) held.delete(second);
  }
}

// Messages may come late, never early: the one that is least late says what time it is.
function keepTime(t, anew) {
  if (t === null || t === undefined) { ahead = null; return; }
  const offset = t - performance.now() / 1000;
  ahead = ahead === null || anew ? offset : Math.max(ahead, offset);
}
function now() { return ahead === null || state.ended ? null : performance.now() / 1000 + ahead; }

// ---- drawing

function el(name, classes, text) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  if (text !== undefined && text !== null) breakable(made, String(text));
  return made;
}
// A name such as OffersAreSlow may be broken between its words.
function breakable(made, text) {
  text.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=_)/).forEach((part, n) => { if (n) made.append(document.createElement("wbr")); made.append(part); });
}
function clockTime(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60, rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
function span(seconds) {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
function wall(seconds) { return state.drill && state.drill.wall ? new Date((state.drill.wall + seconds) * 1000).toLocaleTimeString() : ""; }

const DRAW = { drill: drawDrill, phase: drawDrill, slis: drawTiles, pages: drawPages, expected: drawExpected, people: drawPeople, alerts: drawAlerts, said: drawSaid, ended: drawEnded };
function draw(section) { const one = DRAW[section]; if (one) one(); }
function drawAll() { for (const one of new Set(Object.values(DRAW))) one(); drawLines(); }

function drawDrill() {
  const drill = state.drill || {}, phase = state.phase;
  at("title").textContent = drill.title || (state.said && (state.said.day || state.said.title)) || "No drill runs now";
  document.title = drill.title ? `${drill.title} \u2013 firedrill` : "firedrill";
  at("environment").textContent = [drill.environment, drill.experiment].filter(Boolean).join(" \u00B7 ");
  at("mark").hidden = !drill.mark;
  at("mark").textContent = drill.mark || "";
  at("phase").hidden = !phase || Boolean(state.ended);
  at("phase").textContent = phase ? PHASES[phase.name] || phase.name : "";
  at("phase").dataset.is = phase ? phase.name : "";
  offer();
}

// Between the drills of a game day there is a pause to end, a note to write, and a day to stop.
function offer() {
  const runs = Boolean(state.drill) && !state.ended && !over, waits = Boolean(state.said && state.said.press) && !over;
  at("stop").hidden = !token || !(runs || waits);
  at("you").hidden = !token || !(runs || waits);
}

function drawTiles() {
  const box = at("slis");
  box.replaceChildren(...(state.slis || []).map(tile));
}
function tile(sli) {
  const seen = [...(points[sli.name] || new Map()).values()].sort((a, b) => a[0] - b[0]);
  const newest = seen.length ? seen[seen.length - 1][0] : 0;
  const recent = seen.filter((point) => point[0] > newest - NOW);
  const total = recent.reduce((sum, point) => sum + point[2], 0), good = recent.reduce((sum, point) => sum + point[1], 0);
  const share = total ? good / total : null;
  const made = el("article", `card tile ${share === null ? "none" : share < sli.objective ? "bad" : "good"}`);
  made.append(el("h3", "", sli.title), el("p", "now", share === null ? "\u2013" : percent(share)), spark(seen, newest, sli.objective));
  made.append(el("p", "soft small", share === null ? `promised ${percent(sli.objective)}; nothing seen yet` : `good in ${NOW} s; promised ${percent(sli.objective)}`));
  return made;
}
function percent(share) { return `${(Math.floor(share * 1000) / 10).toLocaleString("en", { maximumFractionDigits: 1 })} %`; }
function svg(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
function spark(seen, newest, objective) {
  const first = Math.max(newest - SHOWN, seen.length ? seen[0][0] : 0), width = Math.max(30, newest - first);
  const shown = seen.filter((point) => point[0] >= first).map((point) => [point[0], point[1] / point[2]]);
  const low = Math.min(0.9, objective - (1 - objective), ...shown.map((point) => point[1]));
  const x = (second) => ((second - first) / width * 200).toFixed(1), y = (share) => (40 - (share - low) / (1 - low || 1) * 38).toFixed(1);
  const made = svg("svg", { viewBox: "0 0 200 42", preserveAspectRatio: "none", "aria-hidden": "true" });
  made.append(svg("line", { class: "goal", x1: 0, x2: 200, y1: y(objective), y2: y(objective) }));
  if (shown.length > 1) {
    const path = shown.map((point, n) => `${n ? "L" : "M"}${x(point[0])} ${y(point[1])}`).join("");
    made.append(svg("path", { class: "under", d: `${path}L${x(newest)} 42L${x(shown[0][0])} 42Z` }), svg("path", { class: "curve", d: path }));
  }
  return made;
}

function drawPages() {
  const box = at("pages").querySelector(".list"), focus = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.key : "";
  const pages = state.pages || [];
  box.replaceChildren(...(pages.length ? pages.map(paged) : [el("p", "card empty", "Nobody is paged.")]));
  if (focus) for (const one of box.querySelectorAll("[data-key]")) if (one.dataset.key === focus) one.focus();
}
function paged(page) {
  const open = page.resolved === null, waits = open && page.acknowledged === null;
  const made = el("article", `card paged ${open ? waits ? "waits" : "taken" : "resolved"}`);
  made.append(el("p", "soft small meta", `${page.page} \u00B7 ${page.receiver} \u00B7 since ${clockTime(page.opened)}${page.level > 1 ? ` \u00B7 level ${page.level}` : ""}${page.reopened ? " \u00B7 reopened" : ""}`));
  made.append(el("h3", "", page.alerts.join(", ")));
  for (const text of [page.says, page.more]) if (text) made.append(el("p", text === page.says ? "" : "soft small", text));
  if (page.link) {
    const link = el("a", "small", "Runbook");
    link.href = page.link; link.target = "_blank"; link.rel = "noopener noreferrer";
    made.append(link);
  }
  made.append(el("p", `status small ${waits ? "waits" : ""}`, pageStatus(page)));
  if (page.runbook && page.runbook.steps.length) made.append(steps(page));
  if (open && token) {
    const row = el("div", "row");
    if (waits) row.append(press("Acknowledge", `ack ${page.page}`, "main", () => act("acknowledge", { page: page.page })));
    row.append(press("Resolve", `resolve ${page.page}`, "", () => act("resolve", { page: page.page })));
    made.append(row);
  }
  return made;
}
function pageStatus(page) {
  const taken = page.acknowledged === null ? "" : `Acknowledged by ${page.by} after ${span(Math.round(page.acknowledged - page.opened))}`;
  if (page.resolved === null) return taken || "Nobody has acknowledged yet";
  const resolved = `esolved at ${clockTime(page.resolved)}${page.resolvedBy ? ` by ${page.resolvedBy}` : ", as its alerts are"}`;
  return taken ? `${taken}, r${resolved}` : `R${resolved}`;
}
function steps(page) {
  const made = el("div", "steps");
  made.append(el("h4", "", page.runbook.title));
  for (const step of page.runbook.steps) {
    const label = el("label", step.status === "failed" ? "failed" : step.status ? "done" : ""), box = el("input");
    box.type = "checkbox"; box.checked = step.status === "succeeded"; box.dataset.key = `step ${page.page} ${step.number}`;
    box.disabled = !token || step.status === "succeeded" || page.resolved !== null;
    box.addEventListener("change", async () => {
      box.checked = await act("runbook-step", { page: page.page, runbook: page.runbook.name, number: step.number });
    });
    label.append(box, el("span", "", step.step + (step.by ? ` \u2013 ${step.by}${step.status === "failed" ? ": failed" : ""}` : "")));
    const row = el("div", "step"), run = press(step.status === "failed" ? "Run again" : "Run", `run ${page.page} ${step.number}`, "", () =>
      act("run-step", { page: page.page, runbook: page.runbook.name, number: step.number }));
    run.setAttribute("aria-label", `Run: ${step.step}`);
    run.hidden = !token || step.status === "succeeded" || page.resolved !== null;
    row.append(label, run);
    made.append(row);
  }
  return made;
}
function press(text, key, classes, does) {
  const made = el("button", classes, text);
  made.type = "button"; made.dataset.key = key;
  made.addEventListener("click", async () => { made.disabled = true; await does(); made.disabled = false; });
  return made;
}

function drawExpected() {
  const list = state.expected || [];
  at("expected").hidden = !list.length;
  at("expected").querySelector("ul").replaceChildren(...list.map((one) => {
    const made = el("li", one.verdict), top = el("div", "top"), tag = el("span", "tag", one.verdict);
    if (one.verdict === "pending" && one.until !== null) tag.dataset.until = one.until;
    if (one.verdict === "pending" && one.until === null) tag.textContent = "to the end";
    top.append(el("b", "", one.expectation), tag);
    made.append(top);
    if (one.sentence) made.append(el("p", "soft small", one.sentence));
    return made;
  }));
  tick();
}

function drawPeople() {
  const people = state.people || { onCall: [], told: [] };
  at("people").hidden = !people.onCall.length && !people.told.length;
  const rows = people.onCall.map((one) => row(one.person, "on call", one.schedule));
  for (const one of people.told) rows.push(row(one.person, one.page, `told at ${clockTime(one.at)}${one.level > 1 ? `, level ${one.level}` : ""}${one.why === "opened" ? "" : ` (${one.why})`}`));
  at("people").querySelector("ul").replaceChildren(...rows);
}
function row(name, tag, more, classes) {
  const made = el("li", classes), top = el("div", "top");
  top.append(el("b", "", name), el("span", "tag", tag));
  made.append(top);
  if (more) made.append(el("p", "soft small", more));
  return made;
}
function drawAlerts() {
  const list = state.alerts || [];
  at("alerts").hidden = !list.length;
  at("alerts").querySelector("ul").replaceChildren(...list.map((one) => row(one.alert, `${one.state} ${clockTime(one.since)}`, one.labels, one.state)));
}

function drawSaid() {
  const said = state.said, box = at("said");
  box.hidden = !said;
  box.replaceChildren();
  offer();
  if (!said) return;
  box.append(el("p", "over", said.kind), el("h2", "", said.title || ""));
  if (said.text) box.append(el("p", "", said.text));
  if (said.items && said.items.length) { const list = el("ul"); list.append(...said.items.map((one) => el("li", "", one))); box.append(list); }
  if (said.press && token) box.append(press(said.press, "continue", "main", () => act("continue", {})));
  if (!state.drill) drawDrill();
}
function drawEnded() {
  const ended = state.ended, box = at("ended");
  box.hidden = !ended;
  box.className = `card ended ${ended ? ended.verdict : ""}`;
  box.replaceChildren();
  if (ended) {
    box.append(el("h2", "", ended.verdict), el("p", "", ended.reason));
    if (ended.how !== "finished") box.append(el("p", "soft small", `The drill ended: ${ended.how}${ended.detail ? `: ${ended.detail}` : ""}`));
    at("expected-head").textContent = "What was expected";
  } else at("expected-head").textContent = "Expected next";
  drawDrill();
}

function drawLines() {
  at("timeline").querySelector("ol").replaceChildren();
  for (const line of [...lines].sort((a, b) => a.at - b.at).slice(-MOST)) addLine(line, false);
}
// Newest first, by when it happened: what was seen late, or withheld, goes to its own place.
function addLine(line, fresh) {
  const list = at("timeline").querySelector("ol"), made = el("li", `${line.group}${fresh ? " fresh" : ""}`);
  const time = el("time", "", clockTime(line.at)), glyph = el("span", "glyph", GLYPHS[line.group] || GLYPHS.drill);
  time.title = wall(line.at);
  glyph.setAttribute("aria-hidden", "true");
  glyph.title = GROUPS[line.group] || "";
  made.append(time, glyph, el("span", "what", line.text));
  made.dataset.at = line.at;
  let next = list.firstElementChild;
  while (next && Number(next.dataset.at) > line.at) next = next.nextElementSibling;
  list.insertBefore(made, next);
  while (list.childElementCount > MOST) list.lastElementChild.remove();
  if (fresh) at("newest").textContent = line.text;
}

function tick() {
  const time = now();
  at("clock").textContent = time === null ? "" : clockTime(time);
  for (const tag of document.querySelectorAll("[data-until]")) {
    const left = time === null ? null : Number(tag.dataset.until) - time;
    tag.textContent = left === null ? "" : left > 0 ? `within ${span(left)}` : "due";
    tag.parentElement.parentElement.classList.toggle("late", left !== null && left <= 0);
  }
}
function connection(is, text) { const box = at("connection"); if (box.dataset.is !== is) { box.dataset.is = is; box.textContent = text; } }

// ---- acting

function trouble(text) { at("trouble").hidden = !text; at("trouble").textContent = text; if (text) at("trouble").scrollIntoView({ block: "nearest" }); }

async function act(name, more) {
  const by = at("name").value.trim();
  if (!by && name !== "stop") { trouble("Say who you are first: your name goes into the record."); at("name").focus(); return false; }
  try {
    const answer = await fetch(`acts/${name}`, {
      method: "POST", headers: headers({ "Content-Type": "application/json" }), body: JSON.stringify({ by: by || "somebody at the live page", ...more }),
    });
    const said = await answer.json();
    if (answer.status === 401) ask();
    trouble(answer.ok ? "" : `That was not done: ${said.error}.`);
    return answer.ok;
  } catch {
    trouble(name === "stop" ? "The drill could not be reached: press Ctrl-C where it runs, or use `firedrill stop`." : "That was not done: the drill could not be reached.");
    return false;
  }
}

let sure = null;
function unsure() { clearTimeout(sure); sure = null; at("stop").classList.remove("sure"); at("stop").firstElementChild.textContent = "Stop the drill"; }
function pressStop() {
  if (sure === null) {
    at("stop").classList.add("sure");
    at("stop").firstElementChild.textContent = "Press again to stop";
    sure = setTimeout(unsure, 3000);
    return;
  }
  unsure();
  at("stop").firstElementChild.textContent = "Stopping";
  act("stop", {}).then((done) => { if (!done) unsure(); });
}

async function write(event) {
  event.preventDefault();
  const text = at("text").value.trim();
  if (!text) { at("text").focus(); return; }
  if (await act("note", { text, role: at("role").value })) at("text").value = "";
}

async function mitigate() {
  if (await act("mitigate", { text: at("text").value.trim() })) at("text").value = "";
}

// ---- at first

function ask() {
  connection("lost", "not let in");
  at("enter").hidden = false;
  at("token").focus();
}
function enter(event) {
  event.preventDefault();
  token = at("token").value.trim();
  at("token").value = "";
  keep(sessionStorage, "token", token);
  connection("connecting", "connecting");
  follow();
}

function remember(id) {
  try { const known = localStorage.getItem(`firedrill-${id}`); if (known) at(id).value = known; } catch { /* nothing kept */ }
  at(id).addEventListener("change", () => { try { localStorage.setItem(`firedrill-${id}`, at(id).value); } catch { /* nothing kept */ } });
}

takeToken();
window.addEventListener("hashchange", () => { takeToken(); location.reload(); });
remember("name");
remember("role");
at("stop").addEventListener("click", pressStop);
at("note").addEventListener("submit", write);
at("mitigated").addEventListener("click", mitigate);
at("enter").addEventListener("submit", enter);
setInterval(tick, 250);
drawAll();
follow();
