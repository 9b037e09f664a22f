// JSON without losses: integers beyond 2^53 are BigInt, and are written digit for digit.

const BIG = /[:,[\s]-?\d{16,}(?![\d.eE])/;
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const MARK = '\u0000big';

/** The value of a JSON text. `JSON.parse` alone rounds what a u64 holds. */
export function parse(text) {
  if (!BIG.test(` ${text}`)) return JSON.parse(text);
  const marked = text.replace(TOKENS, (token) => {
    const isBig = /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token));
    return isBig ? JSON.stringify(MARK + token) : token;
  });
  const read = (_, value) =>
    typeof value === 'string' && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value;
  return JSON.parse(marked, read);
}

/** The JSON text of a value, in one line, or in many with `indent`. */
export function write(value, indent = '', at = '') {
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const inner = at + indent;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((item) => write(item, indent, inner))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${JSON.stringify(key)}:${indent && ' '}${write(item, indent, inner)}`);
  const [open, close] = isList ? '[]' : '{}';
  if (!parts.length) return open + close;
  if (!indent) return open + parts.join(',') + close;
  return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${at}${close}`;
}

/** An integer's digits as a number, or as a BigInt where a number would round it. */
export function integer(digits) {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits.replace(/^\+/, ''));
}
