// Arrays as pictures: where each entry lies, and in which colour. An entry is a cell of a grid; a canvas has a pixel for
// each, which the style sheet makes larger.
const ZERO = [201, 201, 201], OFF = [29, 31, 36];
const BELOW = [ZERO, [107, 158, 209], [28, 92, 168], [5, 37, 89]];
const ABOVE = [ZERO, [240, 150, 82], [201, 84, 10], [110, 36, 0]];

function mixed(stops, part) {
  const place = Math.min(part, 1) * (stops.length - 1), i = Math.min(Math.floor(place), stops.length - 2);
  return stops[i].map((from, c) => Math.round(from + (stops[i + 1][c] - from) * (place - i)));
}
const STEPS = 255;
const shades = [BELOW, ABOVE].map((stops) => Array.from({ length: STEPS + 1 }, (_, i) => mixed(stops, i / STEPS)));

function colour(value, largest) {
  if (!largest || !value) return ZERO;
  return shades[value > 0 ? 1 : 0][Math.round(STEPS * Math.min(Math.sqrt(Math.abs(value) / largest), 1))];
}
const css = (rgb) => `rgb(${rgb.join(" ")})`;

const WRAP = 32; // units in a row of a strip
const across = () => (matchMedia("(min-width: 44rem)").matches ? 16 : 8); // tiles in a row

// What kind of picture an array is.
function kind(name, shape) {
  if (name === "x") return "images";
  if (!shape.length) return "scalar";
  if (/^d?W1$/.test(name)) return "tiles";
  if (/^d?W/.test(name)) return "heat";
  const width = shape[shape.length - 1];
  if (product(shape) === width && width === 10) return "bars";
  return product(shape) === width ? "strip" : "heat";
}

// Where the entries lie: the size of the grid, the place of entry i, and the entry at a place, or -1. along: "row" or
// "column" for a vector that stands at a matrix, entry by entry.
function grid(name, shape, along = "") {
  const [h, w] = facts.image, count = product(shape);
  if (!shape.length) return { width: 1, height: 1, place: () => [0, 0], entry: () => 0 };
  if (along === "row") return { width: count, height: 1, place: (i) => [i, 0], entry: (x) => x };
  if (along === "column") return { width: 1, height: count, place: (i) => [0, i], entry: (x, y) => y };
  switch (kind(name, shape)) {
    case "images": {
      const n = Math.min(shape[0], 8);
      return tiled(shape[0], n, h, w, (tile, pixel) => tile * h * w + pixel, (i) => [Math.floor(i / (h * w)), i % (h * w)]);
    }
    case "tiles": {
      const units = shape[1];
      return tiled(units, Math.min(units, across()), h, w, (tile, pixel) => pixel * units + tile, (i) => [i % units, Math.floor(i / units)]);
    }
    case "strip": {
      const width = Math.min(count, WRAP);
      return { width, height: Math.ceil(count / width), place: (i) => [i % width, Math.floor(i / width)], entry: (x, y) => (y * width + x < count && x < width ? y * width + x : -1) };
    }
    case "bars":
      return { width: count, height: 1, place: (i) => [i, 0], entry: (x) => x };
    default:
      return { width: shape[1], height: shape[0], place: (i) => [i % shape[1], Math.floor(i / shape[1])], entry: (x, y) => y * shape[1] + x };
  }
}

function tiled(count, columns, h, w, entryOf, tileOf) {
  const rows = Math.ceil(count / columns);
  return {
    width: columns * (w + 1) - 1,
    height: rows * (h + 1) - 1,
    place(i) {
      const [tile, pixel] = tileOf(i);
      return [(tile % columns) * (w + 1) + (pixel % w), Math.floor(tile / columns) * (h + 1) + Math.floor(pixel / w)];
    },
    entry(x, y) {
      const tile = Math.floor(y / (h + 1)) * columns + Math.floor(x / (w + 1)), px = x % (w + 1), py = y % (h + 1);
      return px < w && py < h && tile < count ? entryOf(tile, py * w + px) : -1;
    },
  };
}

// The index of an entry in each dimension, and back.
function indices(i, shape) {
  const found = [];
  for (let d = shape.length - 1; d >= 0; d--) {
    found.unshift(i % shape[d]);
    i = Math.floor(i / shape[d]);
  }
  return found;
}
const flat = (index, shape) => index.reduce((all, one, d) => all * shape[d] + one, 0);

// Which units are off: those whose a is 0, in the pictures of z, a and dz.
function isOff(name, arrays) {
  const found = /^(z|a|dz)(\d)$/.exec(name), a = found && arrays[`a${found[2]}`];
  if (!facts.relu || !found || !arrays[`dz${Number(found[2]) + 1}`]) return () => false;
  return (i) => a.worlds[0][i] === 0;
}

function paint(canvas, array, arrays, largest, where) {
  const { name, worlds } = array, values = worlds[0], off = isOff(name, arrays);
  canvas.width = where.width;
  canvas.height = where.height;
  const image = new ImageData(where.width, where.height);
  for (let i = 0; i < values.length; i++) {
    const [x, y] = where.place(i), [r, g, b] = off(i) ? OFF : colour(values[i], largest), at = 4 * (y * where.width + x);
    image.data.set([r, g, b, 255], at);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

const SVG = "http://www.w3.org/2000/svg";
function drawn(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// Bars up and down, with the digits below and the label marked.
function paintBars(svg, array, largest) {
  const values = array.worlds[0], down = values.some((value) => value < 0), up = values.some((value) => value > 0), label = facts.labels[0];
  const height = 100, pitch = 18, zero = down && up ? height / 2 : down ? 0 : height, room = down && up ? height / 2 : height;
  svg.setAttribute("viewBox", `0 -4 ${values.length * pitch} ${height + 20}`);
  svg.replaceChildren(
    ...[...values].flatMap((value, i) => {
      const size = largest ? (Math.abs(value) / largest) * room : 0;
      return [
        drawn("rect", { class: "room", x: i * pitch, y: 0, width: pitch, height }),
        drawn("rect", { x: i * pitch + 2, y: value > 0 ? zero - size : zero, width: pitch - 4, height: size, fill: css(colour(value, largest)) }),
        drawn("text", { x: (i + 0.5) * pitch, y: height + 12, class: i === label ? "label" : "" }, i),
      ];
    }),
    drawn("line", { class: "axis", x1: 0, x2: values.length * pitch, y1: zero, y2: zero }),
  );
}

// Rectangles, in cells, around the entries that a pattern tells: an index in each dimension, or null for all of them.
function rectangles(array, pattern, where) {
  const entries = [];
  (function go(index) {
    const d = index.length;
    if (d === array.shape.length) return entries.push(flat(index, array.shape));
    if (pattern[d] !== null) return go([...index, pattern[d]]);
    for (let i = 0; i < array.shape[d]; i++) go([...index, i]);
  })([]);
  const places = entries.map(where.place), xs = places.map(([x]) => x), ys = places.map(([, y]) => y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left + 1, Math.max(...ys) - top + 1];
  if (width * height === places.length) return [[left, top, width, height]];
  return places.length > 200 ? [[0, 0, where.width, where.height]] : places.map(([x, y]) => [x, y, 1, 1]);
}
