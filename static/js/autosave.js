// Saves a form while somebody types. The form works without this file; nothing here may lose or overwrite text.
// The address in data-autosave answers 200 with revision, saved_at and unsaved (sentences about what cannot be kept), or 409
// with error: "conflict" and why, or 409 or 404 with error: "closed" and perhaps why. A form with data-presence-url also says who else is there.

const SAVE_AFTER = 1500;
const PRESENCE_EVERY = 30_000;
const RETRY_AFTER = 10_000;

const form = document.querySelector("form[data-autosave]");
const saved = form.querySelector("[data-saved]");
const problem = form.querySelector("[data-autosave-problem]");
const presence = document.querySelector("[data-presence]");
const offers = document.createElement("div");
const key = form.dataset.store;
const aside = `${key}:aside`;

let timer = null;
let saving = false;
let dirty = false;
// On a page that shows two versions the text is saved by the button alone: that is a choice, and typing is none.
let stopped = form.hasAttribute("data-by-button");
let pressed = null;
let kept = null;

// Signing in elsewhere changes the security token, so it is read afresh from the cookie each time.
function token() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? form.elements.csrfmiddlewaretoken.value;
}

function typed() {
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value instanceof File || name === "csrfmiddlewaretoken") data.delete(name);
  return new URLSearchParams(data);
}

function store(name, text) {
  try { text ? localStorage.setItem(name, text) : localStorage.removeItem(name); } catch { /* private windows may refuse */ }
}

function stored(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

// A copy stays in this browser until the server has said that it holds the text.
function keepCopy() {
  kept = typed().toString();
  store(key, kept);
}

// Another tab may have put a copy of its own there, which stays.
function dropCopy() {
  if (stored(key) === kept) store(key, null);
}

// The same sentence again would make screen readers repeat it at every try.
function say(sentence, link) {
  if (sentence && problem.textContent.startsWith(sentence)) return;
  problem.hidden = !sentence;
  problem.replaceChildren();
  if (!sentence) return;
  const paragraph = document.createElement("p");
  paragraph.className = "govuk-body";
  paragraph.setAttribute("role", "alert");
  paragraph.append(sentence + " ");
  if (link) paragraph.append(link);
  problem.append(paragraph);
}

function signInLink() {
  const link = document.createElement("a");
  link.className = "govuk-link";
  link.href = form.dataset.signIn;
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = "Sign in again (opens in a new tab)";
  return link;
}

function bothVersionsButton() {
  const button = document.createElement("button");
  button.className = "govuk-button govuk-button--secondary";
  button.name = "action";
  button.value = "later";
  button.textContent = "Show both versions";
  return button;
}

function showOthers(names = []) {
  if (!presence) return;
  presence.hidden = names.length === 0;
  presence.textContent = names.length ? `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} editing this section` : "";
}

async function post(url, body) {
  return fetch(url, {
    method: "POST",
    body,
    headers: { Accept: "application/json", "X-CSRFToken": token() },
    credentials: "same-origin",
    redirect: "error",
  });
}

async function save() {
  if (saving || stopped || !dirty) return;
  saving = true;
  dirty = false;
  const sent = typed();
  if (problem.hidden) saved.textContent = "Saving…";
  try {
    const answer = await post(form.dataset.autosave, sent);
    handle(answer.status, await answer.json().catch(() => ({})), sent);
  } catch {
    dirty = true;
    saved.textContent = "Not saved yet";
    say("We cannot reach the site. Your text is safe in this browser, and will be saved when the connection is back.");
    later(RETRY_AFTER);
  }
  saving = false;
  if (pressed) form.requestSubmit(pressed);
  else if (dirty && !timer) later(SAVE_AFTER);
}

function handle(status, answer, sent) {
  if (status === 200 && answer.saved_at) {
    form.elements.revision.value = answer.revision;
    saved.textContent = `Saved at ${answer.saved_at}${answer.unsaved.length ? `, except ${answer.unsaved.join(", ")}` : ""}`;
    say("");
    showOthers(answer.others);
    if (!answer.unsaved.length && typed().toString() === withRevision(sent, answer.revision)) dropCopy();
    return;
  }
  dirty = true;
  saved.textContent = "Not saved yet";
  if (status === 401) {
    say("You have been signed out. Your text is safe on this page.", signInLink());
    later(RETRY_AFTER);
  } else if (answer.error === "conflict") {
    stopped = true;
    say(`${answer.why} Nothing has been overwritten, and your text is still here.`, bothVersionsButton());
  } else if (answer.error === "closed") {
    stopped = true;
    clearInterval(rounds);
    showOthers();
    say(`${answer.why ?? "This can no longer be changed."} Copy your text if you want to keep it.`);
  } else {
    say("Your text could not be saved just now. It is safe in this browser, and we will try again.");
    later(RETRY_AFTER);
  }
}

function withRevision(sent, revision) {
  sent.set("revision", revision);
  return sent.toString();
}

function later(wait) {
  clearTimeout(timer);
  timer = setTimeout(() => { timer = null; save(); }, wait);
}

async function tellPresence() {
  if (document.hidden || !form.dataset.presenceUrl) return;
  try {
    const answer = await post(form.dataset.presenceUrl, new URLSearchParams());
    showOthers(answer.ok ? (await answer.json()).others : []);
  } catch { /* the next round will tell */ }
}

function controls(name) {
  return form.querySelectorAll(`[name="${CSS.escape(name)}"]:not([type="file"], button)`);
}

// Text that a lost connection or a closed window left behind is put aside and offered, never put in unasked. It stays, whatever is
// typed meanwhile, until somebody has brought it back or discarded it.
function offerCopies(copies) {
  const differing = [...new Set(copies)].filter((copy) => copy && differs(new URLSearchParams(copy)));
  store(aside, differing.length ? JSON.stringify(differing) : null);
  offers.replaceChildren(...differing.map(offer));
}

function copiesAside() {
  return JSON.parse(stored(aside)) ?? [];
}

// Whether a section is complete is no text to lose, and autosave never saves it.
function names(copy) {
  return new Set([...copy.keys(), ...typed().keys()].filter((name) => name !== "revision" && name !== "completed"));
}

function differs(copy) {
  const [now, words] = [typed(), (text, name) => text.getAll(name).join("\n").trim()];
  return [...names(copy)].some((name) => words(copy, name) !== words(now, name));
}

function offer(copy) {
  const [box, paragraph, buttons] = ["div", "p", "div"].map((tag) => document.createElement(tag));
  box.className = "govuk-inset-text";
  paragraph.className = "govuk-body";
  paragraph.textContent = "This browser holds text of yours that differs from what is saved.";
  buttons.className = "govuk-button-group";
  buttons.append(button("Bring it back", () => bringBack(copy)), button("Discard it", () => offerCopies(copiesAside().filter((other) => other !== copy))));
  box.append(paragraph, buttons);
  return box;
}

function button(words, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "govuk-button govuk-button--secondary";
  made.textContent = words;
  made.addEventListener("click", act);
  return made;
}

// The text comes back with the revision it was written on: should somebody have saved since, both versions are shown and none is
// overwritten. What it takes the place of is put aside in turn, unless it has been saved.
function bringBack(copy) {
  const [before, replaced] = [new URLSearchParams(copy), dirty ? typed().toString() : null];
  for (const name of [...names(before), "revision"]) {
    for (const control of controls(name)) {
      if (control.type === "radio" || control.type === "checkbox") control.checked = before.getAll(name).includes(control.value);
      else control.value = before.get(name) ?? "";
    }
  }
  changed();
  offerCopies([...copiesAside().filter((other) => other !== copy), replaced]);
}

function changed() {
  dirty = true;
  keepCopy();
  if (!stopped) later(SAVE_AFTER);
}

form.addEventListener("input", (event) => { if (event.target.type !== "file") changed(); });
form.addEventListener("submit", (event) => {
  // A save on its way changes the revision that this form must name, so the button waits for it.
  if (saving) {
    event.preventDefault();
    pressed = event.submitter;
    return;
  }
  // The browser would put a page of its own in this one's place.
  if (!navigator.onLine) {
    event.preventDefault();
    changed();
    say("You are offline, so nothing was sent. Your text is safe in this browser. Press the button again when the connection is back.");
    return;
  }
  form.elements.csrfmiddlewaretoken.value = token();
  clearTimeout(timer);
  timer = null;
});
for (const moment of ["online", "focus"]) window.addEventListener(moment, save);
document.addEventListener("visibilitychange", save);
// The page as it was left holds an old revision, and the browser may put old text into it.
const gone = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
window.addEventListener("pageshow", (event) => { if (event.persisted || gone) location.replace(location.pathname); });
const rounds = setInterval(tellPresence, PRESENCE_EVERY);
tellPresence();
if (stopped) {
  keepCopy();
} else {
  form.prepend(offers);
  offerCopies([...copiesAside(), stored(key)]);
  store(key, null);
}
