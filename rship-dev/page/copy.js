// A call as text for elsewhere: a shell's line, and Rust.
import { write } from './json.js';

/** A word as a POSIX shell reads it. */
export function shellQuote(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The line for `rship-dev call`. The instance is named where several might be meant. */
export function callLine(action, data, instance) {
  const words = ['rship-dev', 'call', action];
  if (data !== undefined) words.push(write(data));
  if (instance) words.push('--instance', instance);
  return words.map(shellQuote).join(' ');
}

/** The same with `LocalCore::exec`. */
export function rustLine(action, data, instance) {
  const of = instance ? `Some(${rustString(instance)})` : 'None';
  return `core.exec(${of}, ${rustString(action)}, json!(${data === undefined ? 'null' : rustJson(data)})).await?;`;
}

function rustString(text) {
  const escaped = text.replace(/["\\\p{Cc}]/gu, (char) => {
    const plain = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' }[char];
    return plain ?? `\\u{${char.codePointAt(0).toString(16)}}`;
  });
  return `"${escaped}"`;
}

function rustJson(value) {
  if (typeof value === 'string') return rustString(value);
  if (Array.isArray(value)) return `[${value.map(rustJson).join(', ')}]`;
  if (value && typeof value === 'object') {
    const fields = Object.entries(value).map(([key, item]) => `${rustString(key)}: ${rustJson(item)}`);
    return `{${fields.join(', ')}}`;
  }
  const isWhole = typeof value === 'bigint' || Number.isInteger(value);
  // A literal without a type is an i32.
  if (isWhole && (value > 2147483647 || value < -2147483648)) {
    return typeof value === 'number' && !Number.isSafeInteger(value) ? `${value.toExponential()}_f64` : `${value}_${value < 0 ? 'i64' : 'u64'}`;
  }
  return write(value);
}

/** Puts text on the clipboard, also where the page is not a secure context (another machine's address). */
export async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = Object.assign(document.createElement('textarea'), { value: text });
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
