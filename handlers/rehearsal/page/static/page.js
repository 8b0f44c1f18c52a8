// The page of phones: forms are posted without leaving, and every part of the page that changes comes by one stream.
// Without this script the same forms work, and a reload shows what has happened.
"use strict";

const narrow = window.matchMedia("(max-width: 700px)");
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
const byId = (id) => document.getElementById(id);

// ── What people do ──

function say(sentence) {
  const said = byId("said");
  said.textContent = sentence;
  said.hidden = !sentence;
}

async function post(form, button) {
  const body = new URLSearchParams(new FormData(form));
  if (button && button.name) body.set(button.name, button.value);
  say("");
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.status === 204) return true;
    say(answer.status === 409 ? (await answer.json()).say : await answer.text());
  } catch {
    say(document.title + ": …");
  }
  return false;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  event.preventDefault();
  if (form.classList.contains("composer")) return send(form);
  if (form.closest(".adding")) return add(form);
  post(form, event.submitter);
});

async function add(form) {
  if (form.ariaBusy === "true") return; // a double click is one
  form.ariaBusy = "true";
  const added = form.elements.name.value;
  if (await post(form) && form.elements.name.value === added) form.reset();
  form.ariaBusy = "false";
}

async function send(form) {
  const text = form.elements.text;
  const written = text.value, reply = form.elements.reply.value;
  const posting = post(form); // reads the form at once
  text.value = "";
  forget(form);
  fit(text);
  if (await posting || text.value) return;
  text.value = written; // nothing that somebody typed is lost
  form.elements.reply.value = reply;
  fit(text);
}

document.addEventListener("keydown", (event) => {
  const text = event.target.closest(".composer textarea");
  if (text && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    text.form.requestSubmit();
  }
  if (event.key === "Escape") {
    if (text) forget(text.form);
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
      menu.open = false;
    });
  }
});

document.addEventListener("input", (event) => {
  if (event.target.matches(".composer textarea")) fit(event.target);
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-at-once]");
  if (form) post(form);
});

function fit(text) {
  text.rows = Math.min(5, text.value.split("\n").length + Math.floor(text.value.length / 34));
}

// ── Swipe to answer ──

document.addEventListener("click", (event) => {
  const reply = event.target.closest("[data-reply]");
  if (reply) return answer(reply.closest(".message"));
  const cancel = event.target.closest("[data-forget]");
  if (cancel) {
    forget(cancel.form || cancel.closest("form"));
    cancel.closest("form").elements.text.focus();
  }
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target) || event.target.closest(".items button")) menu.open = false;
  });
});

function answer(message) {
  const button = message.querySelector("[data-reply]");
  if (!button) return;
  const form = message.closest(".phone").querySelector(".composer");
  form.elements.reply.value = button.dataset.reply;
  const quoting = form.querySelector(".quoting");
  quoting.hidden = false;
  quoting.querySelector("span").textContent = message.querySelector(".words").textContent;
  form.elements.text.focus();
}

function forget(form) {
  form.elements.reply.value = "";
  form.querySelector(".quoting").hidden = true;
}

let swipe = null;
document.addEventListener("pointerdown", (event) => {
  const bubble = event.target.closest(".telegram .message.got .bubble");
  swipe = bubble && event.pointerType !== "mouse" ? { bubble, x: event.clientX, y: event.clientY } : null;
});
document.addEventListener("pointerup", (event) => {
  if (!swipe) return;
  const across = event.clientX - swipe.x, down = Math.abs(event.clientY - swipe.y);
  if (across < -48 && down < 40) answer(swipe.bubble.closest(".message"));
  swipe = null;
});

// ── What people see ──

function place(part) {
  const old = byId(part.id);
  if (old && old.dataset.v === part.version) return;
  const fresh = new DOMParser().parseFromString(part.html, "text/html").body.firstElementChild;
  if (!old) return append(fresh, part.into);
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  const menu = old.querySelector("details.menu");
  const log = old.closest(".log");
  const atEnd = log && ends(log);
  if (menu && menu.open) fresh.querySelector("details.menu").open = true;
  old.replaceWith(fresh);
  if (fresh.classList.contains("lock")) cover(fresh);
  if (focused) (byId(focused) || fresh.querySelector("button, summary") || fresh).focus({ preventScroll: true });
  if (atEnd) toEnd(log);
}

// What lies under a locked screen cannot be reached, not by Tab and not by a screen reader either.
function cover(lock) {
  for (const other of lock.parentElement.children) other.inert = other !== lock && !lock.hidden;
}

function append(fresh, into) {
  const parent = byId(into);
  if (!parent) return;
  const atEnd = parent.classList.contains("log") && ends(parent);
  parent.append(fresh);
  if (parent.classList.contains("phones")) watchers.observe(fresh);
  if (!parent.classList.contains("log")) return;
  if (atEnd || fresh.classList.contains("own")) toEnd(parent);
  const phone = parent.closest(".phone");
  follow(phone);
  if (fresh.classList.contains("got") && !phone.classList.contains("in-view")) fresher(phone, true);
}

// On a narrow screen a script that plays leads from phone to phone, unless somebody has a hand on the screen.
let touched = 0;
for (const kind of ["pointerdown", "keydown", "wheel"]) {
  document.addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
}

function follow(phone) {
  if (!narrow.matches || !phone.classList.contains("watched") || Date.now() - touched < 4000) return;
  if (document.activeElement.matches("textarea")) return;
  const row = byId("phones");
  row.scrollTo({ left: phone.offsetLeft - row.offsetLeft - 12, behavior: still.matches ? "auto" : "smooth" });
}

const ends = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 60;
const toEnd = (log) => { log.scrollTop = log.scrollHeight; };

function fresher(phone, is) {
  const tab = byId("tab-" + phone.dataset.phone);
  if (tab) tab.querySelector(".fresh").hidden = !is;
}

// Which phone is looked at, where there is room for one only.
const watchers = new IntersectionObserver((entries) => {
  for (const { target, intersectionRatio } of entries) {
    const seen = intersectionRatio > 0.6;
    target.classList.toggle("in-view", seen);
    const tab = byId("tab-" + target.dataset.phone);
    if (tab) seen && narrow.matches ? tab.setAttribute("aria-current", "true") : tab.removeAttribute("aria-current");
    if (seen) fresher(target, false);
  }
}, { root: byId("phones"), threshold: [0, 0.6, 1] });

document.addEventListener("click", (event) => {
  const tab = event.target.closest(".tabs a");
  if (!tab) return;
  event.preventDefault();
  const phone = document.querySelector(tab.getAttribute("href"));
  phone.scrollIntoView({ behavior: still.matches ? "auto" : "smooth", block: "nearest", inline: "center" });
  phone.querySelector(".log").focus({ preventScroll: true });
});

let scene = "";
function announce() {
  const now = document.querySelector(".scene");
  const watched = now ? now.dataset.watch.split(" ") : [];
  document.querySelectorAll(".phone").forEach((phone) => {
    phone.classList.toggle("watched", watched.includes(phone.dataset.phone));
  });
  const title = now ? now.querySelector("h2").textContent : "";
  const program = document.querySelector(".program").textContent.trim();
  if (title + program === scene) return;
  if (scene) byId("told").textContent = [program, title].filter(Boolean).join(". ");
  scene = title + program;
}

function listen() {
  const stream = new EventSource("/stream?generation=" + document.documentElement.dataset.generation);
  stream.addEventListener("part", (event) => {
    place(JSON.parse(event.data));
    announce();
  });
  stream.addEventListener("anew", () => {
    stream.close();
    location.replace("/");
  });
}

// On a narrow screen the phones come first: the desk opens with one tap.
const desk = document.querySelector(".desk");
narrow.addEventListener("change", () => { desk.open = !narrow.matches; });
desk.open = !narrow.matches;
document.querySelectorAll(".lock").forEach(cover);
document.querySelectorAll(".log").forEach(toEnd);
document.querySelectorAll(".phone").forEach((phone) => watchers.observe(phone));
announce();
listen();
