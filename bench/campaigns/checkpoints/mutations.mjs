/** Ways to damage a file that know its structure; each takes what tensor-file.mjs takes apart, and dice. */
import { Dice } from './dice.mjs';
import { elementSizes, putTogether, resealed, takeApart } from './tensor-file.mjs';

const oddNumbers = [
  Number.NaN,
  Infinity,
  -Infinity,
  1e30,
  -1e30,
  1e300,
  3.5e38,
  5e-324,
  -1,
  -0,
  0.5,
  1,
  2,
  3,
  7,
  2 ** 24,
  2 ** 24 + 1,
  1e9,
  2 ** 31,
];
const oddCounts = [0n, 1n, 2n, 2n ** 31n, 2n ** 47n, 2n ** 47n + 1n, 2n ** 48n - 1n, 2n ** 48n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
const oddNames = [
  '',
  '__proto__',
  'constructor',
  'toString',
  'a\0b',
  'x'.repeat(3000),
  '\ud800',
  '../x',
  'training/',
  'machine/counters',
  'é',
  '0',
];
const oddValues = [
  null,
  true,
  false,
  '',
  '1',
  '-1',
  '0x10',
  '1e3',
  ' 1',
  '18446744073709551616',
  '281474976710656',
  0,
  1,
  2,
  3,
  -1,
  0.5,
  1e308,
  5e-324,
  2 ** 31,
  2 ** 53,
  [],
  [[]],
  {},
  [0, 0],
  [1, 0.5],
  { schedule: 'linear', from: 1 },
  'ptt',
  'pt',
  'cd',
  'exact',
  'adam',
  'softmax',
  'counts',
  'gaussian',
  'spin',
];
const settings = [
  'algorithm',
  'optimiser',
  'chains',
  'batchSize',
  'epochs',
  'temperatures',
  'reservoirs',
  'centred',
  'standardised',
  'onDivergence',
];

/** Reads or writes element i of a tensor, as a number or a bigint. */
function element(bytes, dtype, i, value) {
  const at = i * elementSizes[dtype];
  const method = { F32: 'FloatLE', F64: 'DoubleLE', U32: 'UInt32LE', U64: 'BigUInt64LE', I64: 'BigInt64LE', U8: 'UInt8' }[dtype];
  if (value === undefined) return bytes[`read${method}`](at);
  if (dtype === 'U64' || dtype === 'I64') return bytes[`write${method}`](BigInt.asUintN(dtype === 'U64' ? 64 : 63, BigInt(value)), at);
  return bytes[`write${method}`](
    dtype[0] === 'F' ? Number(value) : Math.abs(Math.trunc(Number(value) || 0)) % 2 ** (8 * elementSizes[dtype]),
    at,
  );
}

function length({ shape }) {
  return shape.reduce((product, n) => product * n, 1);
}

/** As many bytes as a shape takes, from those there are, again and again. */
function refilled(tensor) {
  const wanted = Math.min(length(tensor) * elementSizes[tensor.dtype], 1 << 16);
  const from = tensor.bytes.length > 0 ? tensor.bytes : Buffer.alloc(8);
  return Buffer.concat(Array.from({ length: Math.ceil(wanted / from.length) }, () => from)).subarray(0, wanted);
}

/** Walks JSON and replaces every number that equals one by another. */
function renumbered(json, from, to) {
  if (json === from) return to;
  if (json === String(from)) return String(to);
  if (Array.isArray(json)) return json.map((value) => renumbered(value, from, to));
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, renumbered(value, from, to)]));
}

/** Changes one of the JSON texts of the metadata. */
function editJson(file, dice, edit) {
  const key = dice.of(Object.keys(file.metadata).filter((name) => name === 'config' || name === 'training' || name === 'chains'));
  if (key === undefined) return;
  try {
    file.metadata[key] = JSON.stringify(edit(JSON.parse(file.metadata[key]))) ?? 'null';
  } catch {
    // Another mutation has left no JSON there.
  }
}

/** Some node of JSON and the key by which its parent holds it. */
function somewhere(json, dice) {
  let holder = { json };
  let key = 'json';
  while (typeof holder[key] === 'object' && holder[key] !== null && Object.keys(holder[key]).length > 0 && dice.chance(0.85)) {
    holder = holder[key];
    key = dice.of(Object.keys(holder));
  }
  return [holder, key];
}

const onTensors = {
  drop: (file, dice) => file.tensors.splice(dice.below(file.tensors.length), 1),
  rename: (file, dice) => {
    const tensor = dice.of(file.tensors);
    const parts = tensor.name.split('/');
    parts[dice.below(parts.length)] = dice.of([
      ...oddNames,
      ...dice.of(file.tensors).name.split('/'),
      'reservoir1',
      'reservoir9',
      'good',
      'newest',
    ]);
    tensor.name = parts.join('/');
  },
  duplicate: (file, dice) => {
    const tensor = dice.of(file.tensors);
    const name = dice.of([
      `training/${tensor.name}`,
      `training/good/${tensor.name}`,
      tensor.name.replace(/reservoir\d/, `reservoir${dice.below(3000)}`),
    ]);
    file.tensors.push({ ...tensor, shape: [...tensor.shape], bytes: Buffer.from(tensor.bytes), name });
  },
  manyReservoirs: (file, dice) => {
    const first = file.tensors.filter(({ name }) => name.startsWith('training/reservoir0/'));
    const some = dice.chance(0.5) ? first : first.slice(0, 1);
    for (let k = 1; k < 40; k++) {
      for (const tensor of some) file.tensors.push({ ...tensor, name: tensor.name.replace('reservoir0', `reservoir${k}`) });
    }
  },
  reshape: (file, dice) => {
    const tensor = dice.of(file.tensors);
    const before = length(tensor);
    const shapes = [
      [...tensor.shape].reverse(),
      [...tensor.shape, 1],
      [1, ...tensor.shape],
      [length(tensor)],
      [],
      [0],
      [0, 3],
      [3, 0],
      [2, 3],
      [1, 1],
      [64, 64],
    ];
    tensor.shape = dice.of(shapes);
    if (length(tensor) !== before || dice.chance(0.2)) tensor.bytes = refilled(tensor);
  },
  retype: (file, dice) => {
    const tensor = dice.of(file.tensors);
    tensor.dtype = dice.of(Object.keys(elementSizes));
    if (dice.chance(0.7)) tensor.bytes = refilled(tensor);
  },
  convert: (file, dice) => {
    const tensor = dice.of(file.tensors);
    const to = tensor.dtype === 'F32' ? 'F64' : 'F32';
    if (tensor.dtype[0] !== 'F') return;
    const bytes = Buffer.alloc(length(tensor) * elementSizes[to]);
    const held = Math.floor(tensor.bytes.length / elementSizes[tensor.dtype]); // fewer than its shape says, after other damage
    for (let i = 0; i < Math.min(length(tensor), held); i++) element(bytes, to, i, element(tensor.bytes, tensor.dtype, i));
    Object.assign(tensor, { dtype: to, bytes });
  },
  swap: (file, dice) => {
    const [a, b] = [dice.of(file.tensors), dice.of(file.tensors)];
    [a.name, b.name] = [b.name, a.name];
  },
  value: (file, dice) => {
    const tensor = dice.of(file.tensors);
    const n = Math.floor(tensor.bytes.length / elementSizes[tensor.dtype]);
    const odd = tensor.dtype[0] === 'F' ? dice.of(oddNumbers) : dice.of(oddCounts);
    const everywhere = dice.chance(0.3);
    for (let i = everywhere ? 0 : dice.below(n); i < n; i++) {
      element(tensor.bytes, tensor.dtype, i, odd);
      if (!everywhere) break;
    }
  },
  copyValues: (file, dice) => {
    const [from, to] = [dice.of(file.tensors), dice.of(file.tensors)];
    const n = to.bytes.length;
    if (from.dtype === to.dtype && from.bytes.length > 0)
      to.bytes = Buffer.concat(Array.from({ length: Math.ceil(n / from.bytes.length) }, () => from.bytes)).subarray(0, n);
  },
  // One size, wherever it stands: what comes out agrees with itself.
  resize: (file, dice) => {
    const sizes = [...new Set(file.tensors.flatMap(({ shape }) => shape))];
    const [from, to] = [dice.of(sizes), dice.of([0, 1, 2, 3, 4, 5, 12, 33])];
    for (const tensor of file.tensors) {
      if (!tensor.shape.includes(from)) continue;
      tensor.shape = tensor.shape.map((n) => (n === from ? to : n));
      tensor.bytes = refilled(tensor);
    }
    for (const key of ['config', 'training', 'chains']) {
      if (file.metadata[key] === undefined) continue;
      try {
        file.metadata[key] = JSON.stringify(renumbered(JSON.parse(file.metadata[key]), from, to));
      } catch {
        // Another mutation has left no JSON there.
      }
    }
  },
};

const onMetadata = {
  replace: (file, dice) =>
    editJson(file, dice, (json) => {
      const [holder, key] = somewhere(json, dice);
      if (key === 'json') return dice.of(oddValues);
      holder[key] = dice.of(oddValues);
      return json;
    }),
  remove: (file, dice) =>
    editJson(file, dice, (json) => {
      const [holder, key] = somewhere(json, dice);
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      return json;
    }),
  add: (file, dice) =>
    editJson(file, dice, (json) => {
      const [holder, key] = somewhere(json, dice);
      if (Array.isArray(holder)) holder.push(holder[Number(key)]);
      else Object.defineProperty(holder, dice.of(oddNames), { value: dice.of(oddValues), enumerable: true, configurable: true });
      return json;
    }),
  setting: (file, dice) => {
    if (file.metadata.training === undefined) return;
    try {
      const json = JSON.parse(file.metadata.training);
      json.settings[dice.of(settings)] = dice.of(oddValues);
      file.metadata.training = JSON.stringify(json);
    } catch {
      // Another mutation has left no such JSON there.
    }
  },
  rename: (file, dice) => {
    const keys = Object.keys(file.metadata);
    const [from, to] = [dice.of(keys), dice.of([...keys, ...oddNames])];
    const value = file.metadata[from];
    if (dice.chance(0.5)) delete file.metadata[from];
    Object.defineProperty(file.metadata, to, { value, enumerable: true, configurable: true, writable: true });
  },
  text: (file, dice) => {
    const key = dice.of(Object.keys(file.metadata));
    const text = file.metadata[key] ?? '';
    const at = dice.below(text.length + 1);
    file.metadata[key] = dice.of([
      text.slice(0, at),
      text.slice(0, at) + dice.of([',', '"', '[', '{', '9', '-']) + text.slice(at),
      '['.repeat(5000),
      '',
    ]);
  },
};

/** Changes of the header's text. */
const onHeader = [
  (text, dice) => text.replace(/"data_offsets":\[(\d+),(\d+)\]/, (_, a, b) => `"data_offsets":[${Number(a) + dice.below(9) - 4},${b}]`),
  (text, dice) => text.replace(/"dtype":"\w+"/, `"dtype":"${dice.of(['F16', 'BF16', 'I8', '', '__proto__', 'f32'])}"`),
  (text, dice) =>
    text.replace(/"shape":\[\d+/, `"shape":[${dice.of(['-1', '1e9', '4294967296', '9007199254740992', '0.5', '"1"', '[1]'])}`),
  (text) => text.replace(/\}\}$/, ',"shape":[1]}}'),
  (text) => text.replace(/^\{/, '{"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},'),
  (text, dice) => {
    const at = dice.below(text.length);
    return text.slice(0, at) + dice.of(['', ' ', '"', ',', '{', '}', '\\u0000', '1']) + text.slice(at + 1);
  },
];

/**
 * Damaged file number `i` of a seed: one to three changes of a sound one.
 *
 * @param files - Bytes of the sound files.
 * @returns Which of them it was, and bytes, nearly always with a right checksum.
 */
export function damagedFile(files, seed, i) {
  const dice = new Dice(seed * 1_000_003 + i);
  const which = dice.below(files.length);
  return { which, bytes: damaged(files, which, dice) };
}

function damaged(files, number, dice) {
  const bytes = files[number];
  if (dice.chance(0.06)) return damagedBytes(bytes, dice);
  const file = takeApart(bytes);
  const changes = 1 + (dice.chance(0.4) ? 1 + dice.below(2) : 0);
  for (let c = 0; c < changes && file.tensors.length > 0; c++) {
    if (dice.chance(0.06)) splice(file, takeApart(dice.of(files)), dice);
    else dice.of(Object.values(dice.chance(0.6) ? onTensors : onMetadata))(file, dice);
  }
  return putTogether(file, dice.chance(0.06) ? (text) => dice.of(onHeader)(text, dice) : undefined);
}

/** Tensors, or the words about them, of another file. */
function splice(file, other, dice) {
  const key = dice.of(['config', 'training', 'chains']);
  if (dice.chance(0.5) && other.metadata[key] !== undefined) file.metadata[key] = other.metadata[key];
  else Object.assign(dice.of(file.tensors), dice.of(other.tensors));
}

function damagedBytes(bytes, dice) {
  const copy = Buffer.from(bytes);
  if (dice.chance(0.3)) return resealed(copy.subarray(0, dice.below(copy.length)));
  for (let flips = 1 + dice.below(3); flips > 0; flips--) copy[dice.below(copy.length)] ^= 1 << dice.below(8);
  return dice.chance(0.8) ? resealed(copy) : copy;
}
