// Moves between the cards of an assessment, or of an item of a meeting, and chooses in them by keyboard. A link or button with
// data-key is pressed by that key, a choice with one is chosen by it. The page works without this file.
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
// Where somebody chooses or writes: the card they are at, or the one whose choices have keys of their own, from anywhere.
const target = () => {
  const here = current();
  return here?.querySelector("input[type=radio]") ? here : document.querySelector("input[data-key]")?.closest("[data-card]") ?? here;
};
const isTyping = (element) => element.closest("textarea, select, input:not([type=radio], [type=checkbox])");

function go(step) {
  const from = cards.indexOf(current());
  const card = cards[from < 0 ? 0 : Math.min(Math.max(from + step, 0), cards.length - 1)];
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
}

function choose(key) {
  const choice = [...(target()?.querySelectorAll("input[type=radio]") ?? [])].find((radio) => (radio.dataset.key ?? radio.value).startsWith(key));
  if (!choice) return;
  choice.checked = true;
  choice.dispatchEvent(new Event("input", { bubbles: true }));
}

const pressedBy = (key) => [...document.querySelectorAll("a[data-key], button[data-key]")].find((element) => element.dataset.key === key);

document.addEventListener("keydown", (event) => {
  if (!switched.checked || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") current()?.focus();
    return;
  }
  if (event.key === "j") go(1);
  else if (event.key === "k") go(-1);
  else if (/^[0-5yn]$/.test(event.key)) choose(event.key);
  else if (event.key === "r") target()?.querySelector("textarea")?.focus();
  else if (pressedBy(event.key)) pressedBy(event.key).click();
  else return;
  event.preventDefault();
});
