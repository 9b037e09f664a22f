// The frames of the wire that the page keeps.
import { tell } from './store.js';

const KEPT = 5000;

export const log = { frames: [], missed: 0, paused: false, waiting: [] };

/** Takes over a `frames` message. */
export function takeFrames({ frames, missed = 0 }) {
  log.missed += missed;
  const into = log.paused ? 'waiting' : 'frames';
  log[into].push(...frames);
  log[into].splice(0, log[into].length - KEPT);
  tell('frames');
}

/** Stops the list, or goes on with what came meanwhile. */
export function pause(paused) {
  log.paused = paused;
  if (!paused) {
    log.frames = [...log.frames, ...log.waiting].slice(-KEPT);
    log.waiting = [];
  }
  tell('frames');
}

export function clear() {
  Object.assign(log, { frames: [], waiting: [], missed: 0 });
  tell('frames');
}
