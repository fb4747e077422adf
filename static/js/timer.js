// Shows how long an interview has taken. The server keeps when it started; without this file the page says that.
const timer = document.querySelector("[data-timer]");
const started = Date.parse(timer.dataset.timer);
const planned = Number(timer.dataset.minutes);

function show() {
  const seconds = Math.max(0, Math.floor((Date.now() - started) / 1000));
  const minutes = Math.floor(seconds / 60);
  const over = minutes >= planned ? `, ${minutes - planned} over` : "";
  timer.textContent = `It has taken ${minutes}:${String(seconds % 60).padStart(2, "0")} of ${planned} minutes${over}.`;
}

show();
setInterval(show, 1000);
