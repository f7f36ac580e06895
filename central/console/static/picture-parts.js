/** Cuts a stream of pictures, live or of a clip, into parts: as `contract.picture_sequence` writes them. */

const HEAD_END = [13, 10, 13, 10];
/** More than any picture or head; a stream that claims more is none. */
const SIZE_MAX = 2_000_000;

/**
 * @typedef {{jpeg: Blob, takenAt: number}} Picture `takenAt` in milliseconds
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {AsyncGenerator<Picture>}
 */
export async function* pictures(stream) {
  const reader = stream.getReader();
  let rest = new Uint8Array();
  try {
    for (;;) {
      for (let part = cut(rest); part; part = cut(rest)) {
        rest = rest.subarray(part.end);
        yield part.picture;
      }
      if (rest.length > SIZE_MAX) return;
      const { value, done } = await reader.read();
      if (done) return;
      rest = joined(rest, value);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** @param {Uint8Array} data @returns {{picture: Picture, end: number} | null} null where more is needed */
function cut(data) {
  const headEnd = find(data);
  if (headEnd < 0) return null;
  const head = new TextDecoder().decode(data.subarray(0, headEnd));
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? NaN);
  const takenAt = Date.parse(/x-taken-at: (\S+)/i.exec(head)?.[1] ?? "");
  const begin = headEnd + HEAD_END.length;
  const end = begin + length + 2;
  // A head without a length is the end of a clip.
  if (!(length <= SIZE_MAX) || data.length < end) return null;
  const jpeg = new Blob([data.slice(begin, begin + length)], { type: "image/jpeg" });
  return { picture: { jpeg, takenAt }, end };
}

/** @param {Uint8Array} data */
function find(data) {
  for (let at = data.indexOf(13); at >= 0; at = data.indexOf(13, at + 1)) {
    if (HEAD_END.every((byte, index) => data[at + index] === byte)) return at;
  }
  return -1;
}

/** @param {Uint8Array} one @param {Uint8Array} other */
function joined(one, other) {
  if (!one.length) return other;
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
