// Draws a number over time on a canvas: what it was, and from where to where it went in between.
import { clock, number } from './format.js';

const LEFT = 68;
const BOTTOM = 22;
const TICK_WIDTH = 90;
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];

/** The colours that the page's theme has now. */
export function inks() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(['accent', 'accent-soft', 'dim', 'line'].map((name) => [name, style.getPropertyValue(`--${name}`)]));
}

/** Where in the list the first time is that is not before `at`. */
export function indexAt(times, at) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The time at a place on the canvas, and the place of a time. */
export const timeAt = (canvas, x, [from, to]) => from + ((x - LEFT) / (canvas.clientWidth - LEFT)) * (to - from);
const placeOf = (width, at, [from, to]) => LEFT + ((at - from) / (to - from)) * (width - LEFT);

/** A round step, so that there are about `count` of them in `span`. */
export function roundStep(span, count) {
  const rough = span / count;
  const size = 10 ** Math.floor(Math.log10(rough));
  return size * [1, 2, 5, 10].find((times) => times * size >= rough);
}

/**
 * Draws `{times, last, min, max}`, from when to when `shown` says. What came last holds until `now`.
 */
export function draw(canvas, { times, last, min, max }, shown, now, { cursor, drag }, ink) {
  const [width, height, scale] = [canvas.clientWidth, canvas.clientHeight, devicePixelRatio];
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext('2d');
  pen.scale(scale, scale);
  pen.font = '12px system-ui, sans-serif';
  // One more on the left, whose line comes into view. None on the right: what comes after a pause
  // leaves the picture as it is.
  const first = Math.max(indexAt(times, shown[0]) - 1, 0);
  const end = indexAt(times, shown[1] + 1);
  const [low, high] = bounds(min, max, first, end);
  const x = (at) => placeOf(width, at, shown);
  const y = (value) => (height - BOTTOM) * (1 - (value - low) / (high - low));

  pen.fillStyle = ink.dim;
  pen.strokeStyle = ink.line;
  pen.beginPath();
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  const step = roundStep(high - low, 5);
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) {
    pen.moveTo(LEFT, y(value));
    pen.lineTo(width, y(value));
    pen.fillText(number(Number(value.toPrecision(6))), LEFT - 8, Math.max(y(value), 7));
  }
  pen.textAlign = 'center';
  pen.textBaseline = 'bottom';
  const most = (width - LEFT) / TICK_WIDTH;
  const every = 1000 * (SECONDS.find((seconds) => (shown[1] - shown[0]) / (seconds * 1000) <= most) ?? SECONDS.at(-1));
  for (let at = Math.ceil(shown[0] / every) * every; at <= shown[1]; at += every) {
    pen.moveTo(x(at), 0);
    pen.lineTo(x(at), height - BOTTOM);
    pen.fillText(clock(at, false), Math.min(x(at), width - 28), height - 2);
  }
  pen.stroke();

  pen.save();
  pen.beginPath();
  pen.rect(LEFT, 0, width - LEFT, height - BOTTOM);
  pen.clip();
  for (const [from, to] of stretches(last, first, end)) {
    pen.beginPath();
    for (let at = from; at < to; at++) pen.lineTo(x(times[at]), y(max[at]));
    for (let at = to - 1; at >= from; at--) pen.lineTo(x(times[at]), y(min[at]));
    pen.fillStyle = ink['accent-soft'];
    pen.fill();
    pen.beginPath();
    for (let at = from; at < to; at++) pen.lineTo(x(times[at]), y(last[at]));
    if (to === end) pen.lineTo(x(Math.min(now, shown[1])), y(last[to - 1]));
    pen.strokeStyle = ink.accent;
    pen.lineWidth = 2;
    pen.lineJoin = 'round';
    pen.stroke();
  }
  if (drag) {
    pen.fillStyle = ink['accent-soft'];
    pen.fillRect(x(drag[0]), 0, x(drag[1]) - x(drag[0]), height);
  }
  if (cursor !== null) {
    pen.fillStyle = ink.dim;
    pen.fillRect(x(cursor), 0, 1, height);
  }
  pen.restore();
}

function bounds(min, max, first, end) {
  let [low, high] = [Infinity, -Infinity];
  for (let at = first; at < end; at++) {
    if (min[at] === null) continue;
    low = Math.min(low, min[at]);
    high = Math.max(high, max[at]);
  }
  if (low > high) return [0, 1];
  const pad = (high - low) * 0.1 || Math.abs(high) * 0.1 || 1;
  return [low - pad, high + pad];
}

/** From where to where there are values. */
function stretches(list, first, end) {
  const found = [];
  for (let at = first; at < end; at++) {
    if (list[at] === null) continue;
    if (at === first || list[at - 1] === null) found.push([at, at]);
    found.at(-1)[1] = at + 1;
  }
  return found;
}
