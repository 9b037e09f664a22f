// Colours as their parts, for the browser's picker, which knows `#rrggbb` alone.
import { isColor } from './schema.js';

/** A part's largest value: bytes go to 255, all else from 0 to 1. */
const scale = ({ type, maximum }) => maximum ?? (type === 'integer' ? 255 : 1);

function partsOf(schema) {
  const names = Object.keys(schema.properties);
  return (letters) => [...letters].map((letter) => names.find((name) => name[0].toLowerCase() === letter));
}

const modelOf = (schema) => {
  const letters = Object.keys(schema.properties).map((name) => name[0].toLowerCase());
  return ['rgb', 'hsl', 'hsv'].find((model) => [...model].every((letter) => letters.includes(letter)));
};

/** An emitter's value as a colour for the page, `null` where it is none. */
export function cssColor(value) {
  const parts = Object.entries(value);
  if (!parts.every(([, part]) => typeof part === 'number')) return null;
  // Without a schema only the parts themselves say how far they go.
  const maximum = parts.some(([, part]) => part > 1) ? 255 : 1;
  const schema = { properties: Object.fromEntries(parts.map(([name]) => [name, { type: 'number', maximum }])) };
  return isColor(Object.entries(schema.properties)) && modelOf(schema) === 'rgb' ? colorText(schema, value) : null;
}

/** A draft's parts as `#rrggbb`. */
export function colorText(schema, fields) {
  const model = modelOf(schema);
  const parts = partsOf(schema)(model).map((name) => Number(fields[name] ?? 0) / Number(scale(schema.properties[name])) || 0);
  const bytes = (model === 'rgb' ? parts : toRgb(model, ...parts)).map((part) => Math.round(Math.min(Math.max(part, 0), 1) * 255));
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** The draft's parts that a picked `#rrggbb` changes. Its opacity, which is not picked, begins as full. */
export function readColor(schema, fields, text) {
  const model = modelOf(schema);
  const rgb = [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16) / 255);
  const parts = model === 'rgb' ? rgb : fromRgb(model, ...rgb);
  const written = (name, part) => {
    const value = part * Number(scale(schema.properties[name]));
    return String(schema.properties[name].type === 'integer' ? Math.round(value) : Number(value.toFixed(4)));
  };
  const alpha = Object.keys(schema.properties).find((name) => name[0].toLowerCase() === 'a');
  const out = Object.fromEntries(partsOf(schema)(model).map((name, index) => [name, written(name, parts[index])]));
  if (alpha && fields[alpha] === '') out[alpha] = written(alpha, 1);
  return out;
}

function toRgb(model, h, s, x) {
  const l = model === 'hsl' ? x : x * (1 - s / 2);
  const chroma = model === 'hsl' ? s * Math.min(l, 1 - l) : x - l;
  return [0, 8, 4].map((n) => {
    const k = (n + h * 12) % 12;
    return l - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  });
}

function fromRgb(model, r, g, b) {
  const high = Math.max(r, g, b);
  const span = high - Math.min(r, g, b);
  const sector = span === 0 ? 0 : high === r ? ((g - b) / span + 6) % 6 : high === g ? (b - r) / span + 2 : (r - g) / span + 4;
  if (model === 'hsv') return [sector / 6, high && span / high, high];
  const l = high - span / 2;
  return [sector / 6, span && span / (1 - Math.abs(2 * l - 1)), l];
}
