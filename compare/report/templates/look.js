// The page in motion: which line, at which time, and which entry is pointed at. All of it stands in the address, too.
const $ = (id) => document.getElementById(id);
const state = { step: 0, time: last, common: false, at: null };
const figures = new Map(); // by the array's name, what is drawn of it on the page now
const spoken = ([name, index]) => (index.length ? `${name}[${index.join(", ")}]` : name);
const steps = facts.steps;
const probabilities = stepOf.loss.made_of[1];
let arrays = null, playing = null;

function largest(name) {
  if (name === "x" || name === probabilities) return 1;
  return state.common ? Math.max(...facts.largest[name]) : facts.largest[name][state.time];
}

async function show(change = {}) {
  Object.assign(state, change);
  const asked = state.time;
  const found = await arraysAt(asked);
  if (asked !== state.time) return; // another time has been asked for meanwhile
  arrays = found;
  const step = steps[state.step], moment = facts.moments[state.time];
  $("title").textContent = heading(step);
  $("says").textContent = step.says;
  for (const button of document.querySelectorAll("[data-line]")) button.setAttribute("aria-current", button.dataset.line === step.line ? "step" : "false");
  $("line").value = state.step;
  $("line").setAttribute("aria-valuetext", `${step.line}, line ${state.step + 1} of ${steps.length}`);
  if ($("time")) {
    $("time").value = state.time;
    $("time").setAttribute("aria-valuetext", moment.title);
  }
  const read = moment.accuracy === null ? "" : `, ${(100 * moment.accuracy).toFixed(2)}% of the test digits classified correctly`;
  $("now").textContent = `Line ${state.step + 1} of ${steps.length}, ${moment.title}: loss here ${short(moment.loss)}${read}.`;
  showFigures(step);
  showSources(step.line);
  point(state.at, false);
  const hash = new URLSearchParams({ line: step.line, epoch: moment.epoch, ...(state.at ? { at: spoken(state.at).replaceAll(" ", "") } : {}) });
  history.replaceState(null, "", `#${hash}`);
}

function heading(step) {
  return `${step.line}, from ${step.made_of.join(", ").replace(/, ([^,]*)$/, " and $1")}`;
}

// A matrix with the vectors of its rows and columns at its edges, for one image: what meets in an entry stands in line.
const edges = {
  outer: ([a, dz], line) => ({ matrix: line, column: a, row: dz }),
  layer: ([a, W], line) => ({ matrix: W, column: a, row: line }),
  back: ([dz, W], line) => ({ matrix: W, column: line, row: dz }),
};

function showFigures(step) {
  const names = [step.line, ...step.made_of];
  if (step.line === "loss") names.splice(1, 0, names.pop());
  const asked = `${names} ${across()}`;
  if ($("figures").dataset.shown !== asked) {
    $("figures").dataset.shown = asked;
    figures.clear();
    const cross = facts.labels.length === 1 && edges[step.rule]?.(step.made_of, step.line);
    if (cross && kind(cross.matrix, arrays[cross.matrix].shape) === "heat") {
      const box = document.createElement("div");
      box.className = `cross ${step.rule}`;
      const { width, height } = grid(cross.matrix, arrays[cross.matrix].shape);
      box.style.setProperty("--columns", width);
      box.style.setProperty("--rows", height);
      box.append(...["column", "row", "matrix"].map((along) => figure(cross[along], cross[along] === step.line, along)));
      const others = names.filter((name) => !Object.values(cross).includes(name));
      $("figures").replaceChildren(box, ...others.map((name) => figure(name, false)));
    } else $("figures").replaceChildren(...names.map((name, i) => figure(name, i === 0)));
  }
  for (const one of figures.values()) one.draw();
}

const shapeWords = (shape) => (shape.length ? shape.join(" × ") : "one number");

function figure(name, isResult, along = "") {
  const array = arrays[name], what = ["row", "column"].includes(along) ? "edge" : kind(name, array.shape);
  const root = document.createElement("figure");
  root.className = `${what} ${along}${isResult ? " result" : ""}`;
  root.dataset.name = name;
  const caption = document.createElement("figcaption");
  const picture = document.createElement("div");
  picture.className = "picture";
  root.append(caption, picture);
  const where = grid(name, array.shape, along);
  const body = what === "scalar" ? document.createElement("output") : what === "bars" ? drawn("svg", {}) : document.createElement("canvas");
  const marks = drawn("svg", { class: "marks", "aria-hidden": "true", viewBox: `0 0 ${where.width} ${where.height}`, preserveAspectRatio: "none" });
  picture.append(body, ...(what === "scalar" ? [] : [marks]));
  picture.style.setProperty("--columns", where.width);
  picture.style.setProperty("--rows", where.height);
  const draw = () => {
    const now = arrays[name], top = largest(name);
    caption.innerHTML = `<b>${name}</b> <span>${shapeWords(now.shape)}</span>${isResult ? "<em>result</em>" : ""}${what === "scalar" ? "" : scale(top)}${history_(name)}`;
    body.setAttribute("aria-label", alternative(name, now, what));
    if (what === "scalar") body.textContent = digits(now.worlds[0][0]);
    else if (what === "bars") paintBars(body, now, top);
    else paint(body, now, arrays, top, where);
  };
  if (what !== "scalar") {
    body.setAttribute("role", "img");
    body.setAttribute("tabindex", "0");
    listen(body, name, where, what);
  }
  figures.set(name, { root, draw, marks, where });
  return root;
}

const scale = (top) => `<span class="scale"><i></i><span>${top ? `-${short(top)}` : ""}</span><span>0</span><span>${short(top)}</span></span>`;

// How large the array's largest entry is at each moment, as small bars; a picture of its own.
function history_(name) {
  const values = facts.largest[name];
  if (!values || values.length < 2) return "";
  const top = Math.max(...values), width = 5;
  const bars = values.map((one, i) => `<rect x="${i * width}" y="${16 - (top ? (15 * one) / top : 0) - 1}" width="${width - 1}" height="${(top ? (15 * one) / top : 0) + 1}" class="${i === state.time ? "on" : ""}"/>`);
  return `<svg class="history" viewBox="0 0 ${values.length * width} 16" role="img" aria-label="The largest entry of ${name} over the training: from ${short(values[0])} to ${short(values[values.length - 1])}">${bars.join("")}</svg>`;
}

function alternative(name, array, what) {
  const values = array.worlds[0], of = what === "images" ? "the pixels" : what === "tiles" ? "a tile of pixels for each unit" : what;
  let off = 0;
  const isOffHere = isOff(name, arrays);
  for (let i = 0; i < values.length; i++) off += isOffHere(i) ? 1 : 0;
  const [least, most] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  return `${name}, ${of}, ${shapeWords(array.shape)}: from ${short(least)} to ${short(most)}${off ? `, ${off} units off` : ""}. Arrow keys go from entry to entry.`;
}

function listen(body, name, where, what) {
  const at = (event) => {
    const box = body.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * where.width), y = Math.floor(((event.clientY - box.top) / box.height) * where.height);
    const entry = x < 0 || y < 0 || x >= where.width || y >= where.height ? -1 : where.entry(x, y);
    if (entry >= 0) point([name, indices(entry, arrays[name].shape)]);
  };
  body.addEventListener("pointermove", at);
  body.addEventListener("pointerdown", at);
  body.addEventListener("focus", () => {
    if (!state.at || state.at[0] !== name) point([name, arrays[name].shape.map(() => 0)]);
  });
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  body.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && stepOf[name]) go(steps.indexOf(stepOf[name]));
    const move = moves[event.key];
    if (!move || !state.at) return;
    event.preventDefault();
    event.stopPropagation();
    let [x, y] = where.place(flat(state.at[1], arrays[name].shape));
    for (let hop = 0; hop < 2; hop++) { // over the gap between two tiles
      [x, y] = [x + move[0], y + move[1]];
      const entry = x < 0 || y < 0 || x >= where.width || y >= where.height ? -1 : where.entry(x, y);
      if (entry >= 0) return point([name, indices(entry, arrays[name].shape)]);
    }
  });
}

// Read the entry: its value in every world, and why it is that.
function point(at, remember = true) {
  state.at = at;
  const lit = [];
  if (at && arrays[at[0]]) {
    lit.push([...at, "at"]);
    const [name, index] = at, array = arrays[name], i = flat(index, array.shape), reason = why(arrays, name, index);
    $("entry").textContent = spoken(at);
    $("reading").innerHTML = `<p class="note">${place(name, index)}</p>${table(array, i)}${reason ? sum(reason, array.worlds[0][i]) : given(name)}`;
    for (const [other, pattern] of reason?.lights ?? []) lit.push([other, pattern, "made"]);
  }
  for (const one of figures.values()) one.marks.replaceChildren();
  for (const [name, pattern, look] of lit) {
    const one = figures.get(name);
    if (!one || !arrays[name].shape.length) continue;
    const around = rectangles(arrays[name], pattern, one.where);
    for (const of of ["under", look]) one.marks.append(...around.map(([x, y, width, height]) => drawn("rect", { class: of, x, y, width, height })));
  }
  if (remember && at) history.replaceState(null, "", location.hash.replace(/&at=.*|$/, `&at=${encodeURIComponent(spoken(at).replaceAll(" ", ""))}`));
}

function place(name, index) {
  const pixel = (k) => `pixel in row ${Math.floor(k / facts.image[1])}, column ${k % facts.image[1]}`;
  const image = (r) => (facts.labels.length > 1 ? `, image ${facts.first + r}, a ${facts.labels[r]}` : "");
  if (name === "x") return pixel(index[1]) + image(index[0]);
  const letters = name.replace(/\d/, "").replace(/^d/, ""), depth = Number(name.slice(-1));
  const isLast = !arrays[`W${depth + 1}`], unit = (j) => (isLast ? `the score of ${j}` : `unit ${j} of layer ${depth}`);
  const begins = name[0] === "d" ? "with respect to " : "";
  if (letters === "W") return `${begins}the weight from ${depth === 1 ? `the ${pixel(index[0])}` : `unit ${index[0]} of layer ${depth - 1}`} to ${unit(index[1])}`;
  if (letters === "b") return `${begins}the bias of ${unit(index[0])}`;
  if (name === "loss") return "one number for the whole batch";
  if (name === `a${depth}` && isLast) return `the probability of ${index[1]}${image(index[0])}`;
  return `${begins}${unit(index[1])}${image(index[0])}${isOff(name, arrays)(flat(index, arrays[name].shape)) ? ", which is off" : ""}`;
}

function table(array, i) {
  const { worlds, name } = array, one = worlds[0][i];
  const shortened = name in arrays && !stepOf[name] && /^[Wb]/.test(name) && facts.moments[state.time].short;
  const rows = facts.worlds.map(({ title }, w) => {
    if (worlds.length === 1) return `<tr><th scope="row">${title}</th><td class="value">${/^a\d/.test(name) && w ? "never formed" : digits(one)}</td><td>${/^a\d/.test(name) || !w ? "" : "the same"}</td></tr>`;
    const apart = ulps(worlds[w][i], one);
    return `<tr><th scope="row">${title}</th><td class="value">${digits(worlds[w][i])}</td><td>${w ? (apart === 0n ? "the same" : `${apart.toLocaleString("en")} ulp${apart === 1n ? "" : "s"}`) : ""}</td></tr>`;
  });
  return `<table class="values"><thead class="unseen"><tr><th scope="col">world</th><th scope="col">value</th><th scope="col">steps from the first</th></tr></thead><tbody>${rows.join("")}</tbody></table>${shortened ? `<p class="note">To ${shortened} significant bits: so this page keeps the weights of this epoch.</p>` : ""}`;
}

const given = (name) => `<p class="note">${name === "x" ? "A pixel, 0 to 1: given." : /^a/.test(name) ? "Softmax of z3. By hand it is a line of its own; the engine and PyTorch go from the scores to the loss in one." : "A parameter: none of these lines computes it; the update changes it, once all gradients are there."}</p>`;

const MOST = 6;
const whole = (text) => text.replace(/\w+\[[^\]]*\]/g, '<span class="nowrap">$&</span>'); // an entry's name stays on one line
function sum({ formula, terms, noSum }, result) {
  const order = terms.map((_, i) => i).sort((a, b) => Math.abs(terms[b].value) - Math.abs(terms[a].value));
  const top = Math.abs(terms[order[0]]?.value) || 1;
  const shown = order.filter((i, place) => place < MOST && (terms[i].value !== 0 || noSum || place === 0));
  const rows = shown.map((i) => {
    const { parts, value: v } = terms[i];
    return `<tr><td>${parts.map((part, p) => (p ? `<br><span class="note">${part}</span>` : whole(part))).join("")}</td><td>${short(v)}</td><td class="size"><i style="width:${(100 * Math.abs(v)) / top}%;background:${css(colour(v, top))}"></i></td></tr>`;
  });
  const others = order.slice(shown.length), zeros = others.filter((i) => terms[i].value === 0).length;
  const rest = others.reduce((all, i) => all + terms[i].value, 0), count = others.length.toLocaleString("en");
  const total = terms.reduce((all, term) => all + term.value, 0);
  const nought = zeros === others.length ? ", all of them 0" : zeros ? `, of which ${zeros.toLocaleString("en")} are 0` : "";
  if (others.length) rows.push(`<tr><td>the other ${count}${nought}</td><td>${short(rest)}</td><td></td></tr>`);
  if (terms.length > 1 && !noSum) rows.push(`<tr class="total"><td>all of them</td><td>${short(total)}</td><td></td></tr>`);
  return `<h3>Why</h3><p class="formula">${whole(formula)}</p><table class="terms"><thead class="unseen"><tr><th scope="col">term</th><th scope="col">value</th><th scope="col">size</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

// The statement of the line in each world, and around it the source, with the line lit.
function showSources(line) {
  for (const box of document.querySelectorAll(".source-of")) {
    const name = box.dataset.world, rows = [...box.querySelectorAll(".row")];
    for (const row of rows) row.classList.toggle("lit", row.dataset.lines.split(" ").includes(line));
    const lit = rows.find((row) => row.classList.contains("lit"));
    if (lit) box.scrollTop = lit.offsetTop - box.clientHeight / 2;
    document.querySelector(`[data-statement="${name}"]`).innerHTML = lit ? lit.innerHTML.replace(/<i>.*?<\/i>/, "").replace(/\s*<span class="c-c1">.*?<\/span>/, "").trim() : "";
    document.querySelector(`[data-about="${name}"]`).textContent = facts.about[name][line] ?? "";
  }
}

// To a line: of one number that is read at once, of any other the reader points at an entry.
function go(to) {
  const step = Math.max(0, Math.min(steps.length - 1, to));
  forget();
  return show({ step, at: atOnce(step) });
}
const atOnce = (step) => (steps[step].line === "loss" ? ["loss", []] : null);
function forget() {
  $("entry").textContent = "Point at an entry";
  $("reading").innerHTML = '<p class="note">With the mouse or a finger; or tab to a picture and go through it with the arrow keys.</p>';
}

function play() {
  if (playing) {
    clearInterval(playing);
    playing = null;
  } else {
    if (state.step === steps.length - 1) go(0);
    playing = setInterval(() => (state.step === steps.length - 1 ? play() : go(state.step + 1)), 1800);
  }
  $("play").textContent = playing ? "Pause" : "Play";
}

$("previous").addEventListener("click", () => go(state.step - 1));
$("next").addEventListener("click", () => go(state.step + 1));
$("play").addEventListener("click", play);
$("line").addEventListener("input", (event) => go(Number(event.target.value)));
$("time")?.addEventListener("input", (event) => show({ time: Number(event.target.value) }));
$("common")?.addEventListener("change", (event) => show({ common: event.target.checked }));
for (const button of document.querySelectorAll("[data-line]")) button.addEventListener("click", () => go(steps.findIndex((step) => step.line === button.dataset.line)));
addEventListener("resize", () => arrays && show());
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, .source-of, .point")) return;
  const time = (by) => show({ time: Math.max(0, Math.min(last, state.time + by)) });
  const keys = {
    ArrowLeft: () => go(state.step - 1), ArrowRight: () => go(state.step + 1), p: play,
    ...(last ? { "+": () => time(1), "-": () => time(-1) } : {}),
  };
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});

function fromAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const step = steps.findIndex((one) => one.line === asked.get("line")), time = facts.moments.findIndex((one) => String(one.epoch) === asked.get("epoch"));
  const at = /^(\w+)(?:\[([\d,]+)\])?$/.exec(asked.get("at") ?? "");
  const change = { step: Math.max(step, 0), time: time < 0 ? last : time };
  change.at = at ? [at[1], at[2] ? at[2].split(",").map(Number) : []] : atOnce(change.step);
  return change;
}
document.querySelector(".look").style.setProperty("--scale", `linear-gradient(to right, ${range(21).map((i) => css(colour(i - 10, 10))).join(", ")})`);
$("look").hidden = false;
await show(fromAddress());
performance.mark("first picture");
