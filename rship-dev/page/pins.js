// The pinned numbers and what came for them, on one axis of time.
import { liveOf, plotted, show } from './live.js';
import { store, tell } from './store.js';

const MOST = 20000;
const DROPPED = 4000;
/** For so long after the list changed, what comes may still mean the list before. */
const UNSURE = 200;

export const plots = { pins: [], times: [], last: 0, arrived: 0 };
let unsureUntil = 0;

/** Pins a number inside an emitter's value, or takes it off again. */
export function pin(ek, path, name) {
  const at = plots.pins.findIndex((pin) => pin.ek === ek && pin.path === path);
  if (at >= 0) {
    plots.pins.splice(at, 1);
    unsureUntil = performance.now() + UNSURE;
  } else {
    const empty = () => plots.times.map(() => null);
    plots.pins.push({ ek, path, name, last: empty(), min: empty(), max: empty() });
    // It begins as it is now: what does not change sends nothing.
    const value = inside(liveOf(ek).value, path);
    if (typeof value === 'number') begin(value);
  }
  if (!plots.pins.length) plots.times = [];
  show('plots', plots.pins.map(({ ek, path }) => ({ ek, path })));
  tell('plots');
}

/** What a JSON pointer points at. */
function inside(value, path) {
  const steps = path.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return steps.reduce((at, step) => at?.[step], value);
}

/** Puts the newest pin's value where time is now. */
function begin(value) {
  const now = store.timeline ? plots.last : Date.now() + store.clock;
  if (now > plots.last) Object.assign(plots, { last: now, arrived: Date.now() });
  take(plots.last, [[plots.pins.length - 1, value, value, value]]);
}

plotted((at, points) => {
  plots.last = at;
  plots.arrived = Date.now();
  if (points.length && performance.now() >= unsureUntil) take(at, points);
});

function take(at, points) {
  // Time goes back in a recording: what comes from there replaces what was.
  if (at < plots.times.at(-1)) {
    const keep = plots.times.findIndex((time) => time >= at);
    eachList((list) => list.splice(keep));
  }
  plots.times.push(at);
  const came = new Map(points.map(([index, last, min, max]) => [index, [last, min, max]]));
  plots.pins.forEach((pin, index) => {
    const [last, min, max] = came.get(index) ?? Array(3).fill(pin.last.at(-1) ?? null);
    pin.last.push(last);
    pin.min.push(min);
    pin.max.push(max);
  });
  if (plots.times.length > MOST) eachList((list) => list.splice(0, DROPPED));
}

function eachList(change) {
  for (const list of [plots.times, ...plots.pins.flatMap(({ last, min, max }) => [last, min, max])]) change(list);
}
