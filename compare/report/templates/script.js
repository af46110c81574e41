// Pointing at an epoch, in a chart or among the buttons, shows what all three did in it. Without this script the page
// shows the last epoch, and every value is in the table below the charts.
const readings = [...document.querySelectorAll("[data-reading]")];
const buttons = [...document.querySelectorAll(".epochs button")];
const bands = [...document.querySelectorAll(".band")];

function show(epoch) {
  for (const reading of readings) reading.hidden = reading.dataset.reading !== epoch;
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.value === epoch));
  for (const band of bands) band.classList.toggle("on", band.dataset.epoch === epoch);
}

for (const band of bands) band.addEventListener("pointerenter", () => show(band.dataset.epoch));
for (const button of buttons) {
  for (const event of ["pointerenter", "focus", "click"]) button.addEventListener(event, () => show(button.value));
}
// On paper nothing unfolds by itself.
window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => (each.open = true)));
