"use strict";
// The list of drills: asks for it every other second. Each entry opens that drill's page, which keeps the same token for this tab.

const at = (id) => document.getElementById(id);
let token = "";
try { token = sessionStorage.getItem("token") || ""; } catch { /* a browser that keeps nothing */ }

function take(given) {
  token = given;
  try { sessionStorage.setItem("token", token); } catch { /* a browser that keeps nothing */ }
}
const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) { take(given); history.replaceState(null, "", location.pathname); }

function el(name, classes, text) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  if (text) made.textContent = text;
  return made;
}

function item(drill) {
  const made = el("li", `card listed ${drill.runs ? "runs" : drill.verdict || ""}`), link = el("a", "", drill.title);
  link.href = `/drills/${drill.key}/`;
  made.append(link, el("p", "soft small", [drill.at ? new Date(drill.at * 1000).toLocaleString() : "", drill.drill].filter(Boolean).join(" \u00B7 ")));
  made.append(el("p", "status small", drill.runs ? "runs now" : drill.verdict ? `${drill.verdict}: ${drill.reason}` : "ended without a verdict"));
  return made;
}

let drawn = "";
function say(is, text) { at("connection").dataset.is = is; at("connection").textContent = text; }
async function look() {
  try {
    const answer = await fetch("/drills", { headers: token ? { Authorization: `Bearer ${token}` } : {}, cache: "no-store" });
    at("enter").hidden = answer.status !== 401;
    if (!answer.ok) { say("lost", answer.status === 401 ? "not let in" : "not answered"); return; }
    const text = await answer.text();
    say("live", "live");
    if (text === drawn) return;
    drawn = text;
    const drills = JSON.parse(text).drills;
    at("drills").replaceChildren(...(drills.length ? drills.map(item) : [el("li", "card empty", "No drill has left anything here yet.")]));
  } catch { say("lost", "connection lost, trying again"); }
}

at("enter").addEventListener("submit", (event) => { event.preventDefault(); take(at("token").value.trim()); at("token").value = ""; look(); });
look();
setInterval(look, 2000);
