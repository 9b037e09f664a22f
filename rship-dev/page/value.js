// A value as a small outline, patched by hand: a focus or a selection in it outlives its pulses.
import { cssColor } from './color.js';
import { number } from './format.js';

const MOST = 100;

/**
 * Paints `value` into `host`. `plot` is called with the JSON pointer and the name of a number that
 * was clicked.
 */
export function paintValue(host, value, name, plot, pointer = '') {
  const kind = kindOf(value);
  if (host.dataset.kind !== kind) {
    host.dataset.kind = kind;
    host.replaceChildren();
    host.parts = new Map();
    host.className = `json ${kind}`;
    if (kind === 'number') host.append(document.createElement('span'), plotButton(name, () => plot(pointer, name)));
  }
  if (kind === 'number') setText(host.firstChild, number(value));
  else if (kind === 'text') setText(host, text(value));
  else paintParts(host, value, name, plot, pointer);
}

function kindOf(value) {
  if (typeof value === 'number' || typeof value === 'bigint') return 'number';
  return value && typeof value === 'object' && !value.__long ? 'outline' : 'text';
}

const text = (value) => (value === undefined ? '—' : typeof value === 'string' ? value : value?.__long ? `${value.head} …` : JSON.stringify(value));

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// The button lies over its number, so that the number stays text for who reads it aloud.
function plotButton(name, onclick) {
  const button = Object.assign(document.createElement('button'), { type: 'button', className: 'plot', title: `Plot ${name}`, onclick });
  button.setAttribute('aria-label', `Plot ${name}`);
  return button;
}

function paintParts(host, value, name, plot, pointer) {
  const color = Array.isArray(value) ? null : cssColor(value);
  host.classList.toggle('colored', color !== null);
  if (color) host.style.setProperty('--swatch', color);
  const all = Object.keys(value);
  const keys = all.slice(0, MOST);
  for (const [key, row] of host.parts) {
    if (!keys.includes(key)) {
      row.remove();
      host.parts.delete(key);
    }
  }
  for (const key of keys) {
    let row = host.parts.get(key);
    if (!row) {
      row = document.createElement('div');
      const label = Object.assign(document.createElement('span'), { className: 'key', textContent: key });
      row.append(label, document.createElement('span'));
      host.parts.set(key, row);
      host.append(row);
    }
    const step = key.replaceAll('~', '~0').replaceAll('/', '~1');
    paintValue(row.lastChild, value[key], `${name} ${key}`, plot, `${pointer}/${step}`);
  }
  host.dataset.more = all.length > MOST ? `… ${all.length - MOST} more` : all.length ? '' : 'empty';
}
