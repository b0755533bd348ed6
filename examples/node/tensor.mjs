// Tensors on the wire: {dtype, shape, data}, where data is the elements' bytes, little-endian, the last axis fastest.

// How a DataView reads and writes an element of each dtype, and how many bytes it takes.
const ELEMENTS = {
  bool: { bytes: 1, get: (view, at) => view.getUint8(at) === 1, set: (view, at, x) => view.setUint8(at, x ? 1 : 0) },
  int8: { bytes: 1, get: (view, at) => view.getInt8(at), set: (view, at, x) => view.setInt8(at, x) },
  uint8: { bytes: 1, get: (view, at) => view.getUint8(at), set: (view, at, x) => view.setUint8(at, x) },
  int16: { bytes: 2, get: (view, at) => view.getInt16(at, true), set: (view, at, x) => view.setInt16(at, x, true) },
  uint16: { bytes: 2, get: (view, at) => view.getUint16(at, true), set: (view, at, x) => view.setUint16(at, x, true) },
  int32: { bytes: 4, get: (view, at) => view.getInt32(at, true), set: (view, at, x) => view.setInt32(at, x, true) },
  uint32: { bytes: 4, get: (view, at) => view.getUint32(at, true), set: (view, at, x) => view.setUint32(at, x, true) },
  // Integers of 64 bits are BigInt here: a number would lose those above 2**53.
  int64: {
    bytes: 8,
    get: (view, at) => view.getBigInt64(at, true),
    set: (view, at, x) => view.setBigInt64(at, BigInt(x), true),
  },
  uint64: {
    bytes: 8,
    get: (view, at) => view.getBigUint64(at, true),
    set: (view, at, x) => view.setBigUint64(at, BigInt(x), true),
  },
  float32: { bytes: 4, get: (view, at) => view.getFloat32(at, true), set: (view, at, x) => view.setFloat32(at, x, true) },
  float64: { bytes: 8, get: (view, at) => view.getFloat64(at, true), set: (view, at, x) => view.setFloat64(at, x, true) },
};

/** The wire form of nested arrays, such as [[1, 2], [3, 4]]. */
export function encodeTensor(nested, dtype = "float32") {
  const shape = [];
  for (let level = nested; Array.isArray(level); level = level[0]) shape.push(level.length);
  const elements = [nested].flat(Infinity);
  const { bytes, set } = element(dtype);
  if (elements.length !== shape.reduce((product, length) => product * length, 1)) {
    throw new TypeError(`expected nested arrays of equal lengths; got ${elements.length} elements for [${shape}]`);
  }
  const data = new Uint8Array(elements.length * bytes);
  const view = new DataView(data.buffer);
  elements.forEach((x, i) => set(view, i * bytes, x));
  return { dtype, shape, data };
}

/** The nested arrays of a wire form. */
export function decodeTensor({ dtype, shape, data }) {
  const { bytes, get } = element(dtype);
  // The bytes lie somewhere in the reply, aligned to nothing: a Float32Array could not look at them, a DataView can.
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let level = Array.from({ length: data.byteLength / bytes }, (_, i) => get(view, i * bytes));
  for (const length of shape.slice(1).reverse()) level = chunked(level, length);
  return shape.length ? level : level[0];
}

function chunked(items, length) {
  return Array.from({ length: length ? items.length / length : 0 }, (_, i) => items.slice(i * length, (i + 1) * length));
}

function element(dtype) {
  if (!(dtype in ELEMENTS)) throw new TypeError(`expected one of ${Object.keys(ELEMENTS)}; got ${dtype}`);
  return ELEMENTS[dtype];
}
