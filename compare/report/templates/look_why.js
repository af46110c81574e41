// Why an entry is what it is: the sum that its line forms, term by term, and where the terms lie. The rules are those of
// compare/look/stops.py. Values are the first world's; products and sums here are formed in double precision.
const stepOf = Object.fromEntries(facts.steps.map((step) => [step.line, step]));

function value(arrays, name, ...index) {
  return arrays[name].worlds[0][flat(index, arrays[name].shape)];
}

// { formula, terms: [{ parts: [text, ...], value }], also: {...} a term that is no product, lights: [[name, pattern], ...] }
const rules = {
  layer(arrays, [a, W, b], [r, j]) {
    const terms = range(arrays[W].shape[0]).map((k) => times(arrays, [a, r, k], [W, k, j]));
    return {
      formula: `the sum over k of ${a}[${r}, k] · ${W}[k, ${j}], and ${b}[${j}]`,
      terms: [...terms, { parts: [`${b}[${j}]`], value: value(arrays, b, j) }],
      lights: [[a, [r, null]], [W, [null, j]], [b, [j]]],
    };
  },
  outer(arrays, [a, dz], [i, j]) {
    return {
      formula: facts.labels.length > 1 ? `the sum over images r of ${a}[r, ${i}] · ${dz}[r, ${j}]` : `${a}[0, ${i}] · ${dz}[0, ${j}]`,
      terms: range(arrays[a].shape[0]).map((r) => times(arrays, [a, r, i], [dz, r, j])),
      lights: [[a, [null, i]], [dz, [null, j]]],
    };
  },
  back(arrays, [dz, W], [r, i]) {
    return {
      formula: `the sum over c of ${dz}[${r}, c] · ${W}[${i}, c]`,
      terms: range(arrays[W].shape[1]).map((c) => times(arrays, [dz, r, c], [W, i, c])),
      lights: [[dz, [r, null]], [W, [i, null]]],
    };
  },
  rows(arrays, [dz], [j]) {
    return {
      formula: facts.labels.length > 1 ? `the sum over images r of ${dz}[r, ${j}]` : `${dz}[0, ${j}]`,
      terms: range(arrays[dz].shape[0]).map((r) => ({ parts: [`${dz}[${r}, ${j}]`], value: value(arrays, dz, r, j) })),
      lights: [[dz, [null, j]]],
    };
  },
  activation(arrays, [z], [r, j]) {
    const text = facts.relu ? `max(0, ${z}[${r}, ${j}])` : `1 / (1 + exp(-${z}[${r}, ${j}]))`;
    return { formula: text, terms: [{ parts: [`${z}[${r}, ${j}]`], value: value(arrays, z, r, j) }], lights: [[z, [r, j]]], noSum: true };
  },
  slope(arrays, [da, a], [r, j]) {
    const out = value(arrays, a, r, j);
    const slope = facts.relu ? Number(out > 0) : out * (1 - out);
    const words = facts.relu ? `(1 if ${a}[${r}, ${j}] > 0, else 0)` : `${a}[${r}, ${j}] · (1 - ${a}[${r}, ${j}])`;
    const before = value(arrays, da, r, j);
    return {
      formula: `${da}[${r}, ${j}] · ${words}`,
      terms: [{ parts: [`${short(before)} · ${short(slope)}`], value: before * slope }],
      lights: [[da, [r, j]], [a, [r, j]]],
    };
  },
  softmax(arrays, [a], [r, c]) {
    const rows = arrays[a].shape[0], hit = facts.labels[r] === c;
    const terms = [{ parts: [`${a}[${r}, ${c}]`], value: value(arrays, a, r, c) }, { parts: [hit ? `1 at the label, ${c}` : `0, for ${c} is not the label`], value: hit ? -1 : 0 }];
    return { formula: `${a}[${r}, ${c}] less ${hit ? 1 : 0}${rows > 1 ? `, divided by ${rows} images` : ""}`, terms, lights: [[a, [r, c]]], noSum: rows > 1 };
  },
  loss(arrays, [z, a]) {
    const rows = facts.labels.length;
    const terms = facts.labels.map((label, r) => ({ parts: [`-log ${a}[${r}, ${label}]${rows > 1 ? ` / ${rows}` : ""}`], value: -Math.log(value(arrays, a, r, label)) / rows }));
    return { formula: rows > 1 ? `the mean over ${rows} images of -log ${a}[r, label]` : `-log ${a}[0, ${facts.labels[0]}]`, terms, lights: rows === 1 ? [[a, [0, facts.labels[0]]]] : [] };
  },
};

const range = (count) => Array.from({ length: count }, (_, i) => i);

function times(arrays, [a, ...i], [b, ...j]) {
  const one = value(arrays, a, ...i), other = value(arrays, b, ...j);
  return { parts: [`${a}[${i.join(", ")}] · ${b}[${j.join(", ")}]`, `${short(one)} · ${short(other)}`], value: one * other };
}

function why(arrays, name, index) {
  const step = stepOf[name];
  return step ? rules[step.rule](arrays, step.made_of, index) : null;
}
