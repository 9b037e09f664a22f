// The newest values, and who paints them: by hand, once per frame of the screen. A render per pulse
// would cost the page more than everything else it does.
import { useEffect, useRef } from 'preact/hooks';
import { Spark } from './sparkline.js';

/** What is known of an emitter, or of the pulses inside of a target. */
class Live {
  value = undefined;
  before = undefined;
  at = 0;
  rate = 0;
  /** Pulses since the page looks. */
  count = 0;
  /** Whether there were any since it was painted last. */
  fresh = false;
  spark = new Spark();
}

const lives = new Map();
const painters = new Map();
const dirty = new Set();
let frame = 0;

export function liveOf(key) {
  if (!lives.has(key)) lives.set(key, new Live());
  return lives.get(key);
}

/** Takes over a `values` message. */
export function takeValues({ at, e = [], a = [], p = [] }) {
  for (const [key, value, count, came, min, max, rate] of e) {
    const live = liveOf(key);
    if (count) live.before = live.value;
    Object.assign(live, { value, at: came, rate });
    pulse(key, live, count);
    const number = typeof value === 'boolean' ? Number(value) : value;
    if (typeof number === 'number') live.spark.add(at, min ?? number, max ?? number, number);
  }
  for (const [key, count] of a) pulse(key, liveOf(key), count);
  onPlots(at, p);
}

let onPlots = () => {};
/** Who takes what comes for the pinned plots. */
export const plotted = (take) => (onPlots = take);

function pulse(key, live, count) {
  live.count += count;
  live.fresh ||= count > 0;
  dirty.add(key);
  frame ||= requestAnimationFrame(paint);
}

function paint() {
  frame = 0;
  for (const key of dirty) {
    const live = liveOf(key);
    painters.get(key)?.forEach((painter) => painter(live));
    live.fresh = false;
  }
  dirty.clear();
}

/** Calls `painter` with what is known of `key` now, and on each frame in which that changed. */
export function watch(key, painter) {
  if (!painters.has(key)) painters.set(key, new Set());
  painters.get(key).add(painter);
  painter(liveOf(key));
  return () => {
    painters.get(key).delete(painter);
    if (!painters.get(key).size) painters.delete(key);
  };
}

/** A ref for an element that `painter(element, live)` keeps up to date. */
export function useLive(key, painter) {
  const ref = useRef(null);
  useEffect(() => {
    const element = ref.current;
    return watch(key, (live) => painter(element, live));
  }, [key]);
  return ref;
}

const calm = matchMedia('(prefers-reduced-motion: reduce)');
const FLASH = { duration: 500, pseudoElement: '::before', easing: 'ease-out' };
const flashed = new WeakMap();

/** Lights an element up, a few times a second at most. */
export function flash(element) {
  const now = performance.now();
  if (calm.matches || now - (flashed.get(element) ?? 0) < 200) return;
  flashed.set(element, now);
  element.animate([{ opacity: 1 }, { opacity: 0 }], FLASH);
}

// --- what is visible, told to the core ---

const wanted = { tree: { targets: [], emitters: [] }, details: { targets: [], emitters: [] }, plots: [] };
let tellCore = null;
let timer = 0;

export function seen(teller) {
  tellCore = teller;
  say();
}

/** Says what one part of the page shows. */
export function show(part, what) {
  wanted[part] = what;
  if (tellCore) timer ||= setTimeout(say, 30);
}

function say() {
  timer = 0;
  const all = (kind) => [...new Set([...wanted.details[kind], ...wanted.tree[kind]])].slice(0, 900);
  tellCore({ targets: all('targets'), emitters: all('emitters'), plots: wanted.plots });
}
