// What the page knows, by topic. Whoever shows a topic is rendered again when it is told.
// Values of emitters are not here: they change too often for that, see live.js.
import { useEffect, useReducer } from 'preact/hooks';

export const store = {
  link: { status: 'connecting', why: '' },
  welcome: null,
  instances: new Map(),
  targets: new Map(),
  /** Emitters by key, each with its target's key. */
  emitters: new Map(),
  /** Keys of the targets without a parent, by their instance's key. */
  roots: new Map(),
  complete: false,
  /** Counts the changes of the tree. */
  version: 0,
  /** The open target's details. */
  details: null,
  /** Calls by their action's key, newest first. */
  calls: new Map(),
  explained: new Map(),
  sessions: { sessions: [], events: [], metrics: null },
  timeline: null,
  route: { tab: 'show', key: null },
};

const listeners = new Map();

export function on(topic, listener) {
  if (!listeners.has(topic)) listeners.set(topic, new Set());
  listeners.get(topic).add(listener);
  return () => listeners.get(topic).delete(listener);
}

export function tell(topic) {
  listeners.get(topic)?.forEach((listener) => listener());
}

/** The store, in a component that is rendered again whenever one of the topics is told. */
export function useStore(...topics) {
  const [, again] = useReducer((n) => n + 1, 0);
  useEffect(() => {
    const offs = topics.map((topic) => on(topic, () => again()));
    return () => offs.forEach((off) => off());
  }, []);
  return store;
}

/** Nobody serves these targets: they hang under an instance of the page's own. */
const NOBODY = { k: '', id: '', name: 'no instance', online: false, status: 'offline' };

/** Takes over a `tree` message. */
export function takeTree({ reset, instances = [], targets = [], gone = [], complete }) {
  if (reset) {
    for (const map of [store.instances, store.targets, store.emitters]) map.clear();
    store.complete = false;
  }
  for (const instance of instances) store.instances.set(instance.k, instance);
  for (const target of targets) {
    forget(target.k);
    store.targets.set(target.k, { ...target, children: [] });
    for (const emitter of target.emitters) store.emitters.set(emitter.k, { ...emitter, target: target.k });
  }
  for (const key of gone) {
    forget(key);
    store.instances.delete(key);
  }
  if (complete) store.complete = true;
  hang();
  store.version += 1;
  tell('tree');
}

function forget(key) {
  for (const emitter of store.targets.get(key)?.emitters ?? []) store.emitters.delete(emitter.k);
  store.targets.delete(key);
}

/** Hangs each target under its parent, or under its instance. */
function hang() {
  store.roots.clear();
  store.instances.delete('');
  for (const target of store.targets.values()) target.children = [];
  for (const target of store.targets.values()) {
    const parent = target.parent !== target.k && store.targets.get(target.parent);
    if (parent) {
      parent.children.push(target.k);
      continue;
    }
    const at = store.instances.has(target.ik) ? target.ik : '';
    if (at === '') store.instances.set('', NOBODY);
    if (!store.roots.has(at)) store.roots.set(at, []);
    store.roots.get(at).push(target.k);
  }
}

/** Everything that has to be unfolded for a key to be seen, from the inside out. */
export function around(key) {
  const target = targetOf(key);
  const found = [];
  for (let at = target?.k === key ? store.targets.get(target.parent) : target; at && !found.includes(at.k); at = store.targets.get(at.parent)) found.push(at.k);
  if (target) found.push(store.instances.has(target.ik) ? target.ik : '');
  return found;
}

/** The target that a key is of: its own, or its emitter's. */
export const targetOf = (key) => store.targets.get(key) ?? store.targets.get(store.emitters.get(key)?.target);

// --- what is open, which the URL says: `#/show/KEY` ---

export const TABS = { show: 'Show', diagnosis: 'Diagnosis', wire: 'Wire', sessions: 'Sessions' };

export function readRoute() {
  const [, tab, key] = location.hash.match(/^#\/(\w+)(?:\/(.*))?$/) ?? [];
  store.route = { tab: tab in TABS ? tab : 'show', key: key ? decodeURIComponent(key) : null };
  tell('route');
}

export function go(tab, key = store.route.key) {
  const hash = `#/${tab}${key ? `/${encodeURIComponent(key)}` : ''}`;
  if (hash === location.hash) return;
  // A step per place on a phone, where "back" leaves a target; else no trail of arrow keys.
  const isStep = tab !== store.route.tab || !store.route.key !== !key;
  history[isStep ? 'pushState' : 'replaceState'](null, '', hash);
  readRoute();
}
