// Moves between the cards of an assessment and chooses in them by keyboard. The page works without this file.
// Single keys may be switched off, as speech input presses them by chance (WCAG 2.1.4).

const cards = [...document.querySelectorAll("[data-card]")];
const hint = document.querySelector("[data-keys]");
const switched = hint.querySelector("input");
const STORE = "triage-keys";

hint.hidden = false;
try { switched.checked = localStorage.getItem(STORE) !== "off"; } catch { /* private windows may refuse */ }
switched.addEventListener("change", () => {
  try { localStorage.setItem(STORE, switched.checked ? "on" : "off"); } catch { /* it holds for this page */ }
});

const current = () => document.activeElement.closest("[data-card]");
const isTyping = (target) => target.closest("textarea, select, input:not([type=radio], [type=checkbox])");

function go(step) {
  const from = cards.indexOf(current());
  const card = cards[from < 0 ? 0 : Math.min(Math.max(from + step, 0), cards.length - 1)];
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
}

function choose(key) {
  const choice = [...(current()?.querySelectorAll("input[type=radio]") ?? [])].find((radio) => radio.value.startsWith(key));
  if (!choice) return;
  choice.checked = true;
  choice.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("keydown", (event) => {
  if (!switched.checked || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") current()?.focus();
    return;
  }
  if (event.key === "j") go(1);
  else if (event.key === "k") go(-1);
  else if (/^[0-5yn]$/.test(event.key)) choose(event.key);
  else if (event.key === "r") current()?.querySelector("textarea")?.focus();
  else return;
  event.preventDefault();
});
