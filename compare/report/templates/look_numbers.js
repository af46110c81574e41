// Text back to arrays, bit by bit, and numbers to their digits. The other half of compare/look/packing.py.
const facts = JSON.parse(document.getElementById("facts").textContent);
const wide = facts.dtype === "float64";
const Whole = wide ? BigUint64Array : Uint32Array, Signed = wide ? BigInt64Array : Int32Array;
const Float = wide ? Float64Array : Float32Array, SIZE = Float.BYTES_PER_ELEMENT;
const last = facts.moments.length - 1;

async function unpacked(id) {
  const characters = atob(document.getElementById(id).textContent.trim());
  const packed = Uint8Array.from(characters, (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = planes.length / SIZE, bytes = new Uint8Array(planes.length);
  for (let plane = 0; plane < SIZE; plane++) {
    for (let i = 0, from = plane * count; i < count; i++) bytes[i * SIZE + plane] = planes[from + i];
  }
  return new Whole(bytes.buffer);
}

// The bits of a moment: its weights are kept as differences from the next moment's, a world's lines as differences from
// the first world's. Typed arrays of whole numbers wrap around, as NumPy's do.
const momentBits = [];
function bitsAt(moment) {
  momentBits[moment] ??= (async () => {
    const [whole, later] = await Promise.all([unpacked(`moment-${moment}`), moment < last ? bitsAt(moment + 1) : null]);
    if (later) for (let i = 0; i < facts.parameters; i++) whole[i] += later[i];
    const shared = facts.slots.find((slot) => slot[1] === 0)[2];
    const size = (whole.length - shared) / facts.worlds.length;
    for (let i = shared + size; i < whole.length; i++) whole[i] += whole[shared + ((i - shared) % size)];
    return whole;
  })();
  return momentBits[moment];
}

const product = (shape) => shape.reduce((all, one) => all * one, 1);

// What there is at a moment: by an array's name its shape and, for each world, its values.
const moments = [];
function arraysAt(moment) {
  moments[moment] ??= (async () => {
    const [whole, images] = await Promise.all([bitsAt(moment), imageBits]);
    const arrays = {};
    const pixels = facts.image[0] * facts.image[1];
    arrays.x = { name: "x", shape: [facts.labels.length, pixels], worlds: [new Float(images.buffer)] };
    for (const [name, world, start, shape] of facts.slots) {
      arrays[name] ??= { name, shape, worlds: [] };
      arrays[name].worlds[Math.max(world, 0)] = new Float(whole.buffer, start * SIZE, product(shape));
    }
    return arrays;
  })();
  return moments[moment];
}
const imageBits = unpacked("images");

// The fewest digits that tell a number from its neighbours.
function digits(value) {
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  if (wide) return String(value);
  for (let precision = 1; precision < 10; precision++) {
    const text = value.toPrecision(precision);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(value);
}

const short = (value) => (value === 0 ? "0" : Math.abs(value) < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(3))));

// How many steps from number to next number lie between two values.
function ulps(a, b) {
  const [one, other] = [...new Signed(new Float([a, b]).buffer)].map((bits) => {
    const whole = BigInt(bits);
    return whole < 0n ? -BigInt.asUintN(wide ? 63 : 31, whole) : whole;
  });
  const between = one - other;
  return between < 0n ? -between : between;
}
