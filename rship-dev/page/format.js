// Values, numbers and times in few characters.
import { write } from './json.js';

/** A number that keeps its width while it changes. */
export function number(value) {
  if (typeof value !== 'number' || Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-3) return value.toExponential(3);
  return value.toFixed(size >= 1000 ? 1 : 3);
}

/** A value in one line. */
export function short(value, most = 80) {
  if (value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'bigint') return number(value);
  if (typeof value === 'string') return cut(value, most);
  if (value?.__long) return `${bytes(value.__long)}: ${cut(value.head, most)}`;
  if (Array.isArray(value)) return cut(`[${parts(value, (item) => short(item, 24), most)}]`, most);
  if (value && typeof value === 'object') {
    return cut(parts(Object.entries(value), ([key, item]) => `${key} ${short(item, 24)}`, most) || '{}', most);
  }
  return write(value);
}

const parts = (list, each, most) => list.slice(0, most / 2).map(each).join(' · ');
export const cut = (text, most) => (text.length > most ? `${text.slice(0, most)}…` : text);

/** The difference to the value before, in few words; empty where there is none. */
export function difference(before, now) {
  if (before === undefined) return '';
  if (typeof before === 'number' && typeof now === 'number') {
    const by = now - before;
    return by ? (by > 0 ? '+' : '−') + number(Number(Math.abs(by).toPrecision(6))) : '';
  }
  const changes = diff(before, now);
  const words = changes.slice(0, 3).map(({ path, from, to }) => {
    const by = path && typeof from === 'number' && typeof to === 'number' ? difference(from, to) : `${short(from, 16)} → ${short(to, 16)}`;
    return `${path} ${by}`.trim();
  });
  if (changes.length > 3) words.push(`${changes.length - 3} more`);
  return words.join(', ');
}

/** Where two values differ: `[{path, from, to}]`, down to what has no parts. */
export function diff(from, to, path = '', found = []) {
  const isNode = (value) => typeof value === 'object' && value !== null;
  if (isNode(from) && isNode(to) && Array.isArray(from) === Array.isArray(to)) {
    for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
      diff(from[key], to[key], Array.isArray(to) ? `${path}[${key}]` : path ? `${path}.${key}` : key, found);
    }
  } else if (from !== to) {
    found.push({ path, from, to });
  }
  return found;
}

export function bytes(count) {
  if (count < 1024) return `${count} B`;
  return count < 1 << 20 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / (1 << 20)).toFixed(1)} MiB`;
}

/** Pulses a second. */
export const rate = (value) => (value ? `${value < 10 ? value.toFixed(1) : Math.round(value)}/s` : '');

export function clock(ms, fine = true) {
  const at = new Date(ms);
  const two = (value) => String(value).padStart(2, '0');
  const text = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return fine ? `${text}.${String(at.getMilliseconds()).padStart(3, '0')}` : text;
}

/** How long ago, coarser the longer. */
export function ago(ms) {
  const seconds = ms / 1000;
  if (seconds < 1) return 'now';
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return `${Math.floor(seconds / 3600)} h ago`;
}

/** A place in a recording, in minutes and seconds. */
export const lapse = (ms) => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`;
