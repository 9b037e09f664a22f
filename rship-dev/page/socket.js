// The page's socket: speaks first, takes over what comes, and comes back by itself.
import { parse, write } from './json.js';
import { store, takeTree, targetOf, tell } from './store.js';
import { seen, takeValues } from './live.js';
import { clear, takeFrames } from './wire-log.js';

const FIRST_WAIT = 400;
const LONGEST_WAIT = 5000;
const HISTORY = 20;

let socket = null;
let wait = FIRST_WAIT;
let timer = 0;
let lastCall = 0;
let said = {};

const token = () => sessionStorage.getItem('rship-token') ?? undefined;

/** Sends a message; `false` when there is nobody to take it. */
export function send(message) {
  if (store.link.status !== 'open') return false;
  socket.send(write(message));
  return true;
}

/** Says what the page wants from now on, also of every later connection. */
export function want(message) {
  said[message.t] = message;
  send(message);
}

export function connect() {
  clearTimeout(timer);
  const url = new URL('/page/socket', location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  const own = (socket = new WebSocket(url));
  own.onopen = () => own.send(write({ t: 'hello', token: token() }));
  own.onmessage = ({ data }) => take(parse(data));
  own.onclose = () => own === socket && away();
}

function away() {
  if (store.link.status !== 'denied') link('away', `${store.welcome?.from || location.host} is not reachable`);
  for (const call of [...store.calls.values()].flat()) {
    if (!call.answer) call.answer = { ok: false, error: 'the connection was lost before the answer came', ms: null };
  }
  tell('calls');
  timer = setTimeout(connect, wait);
  wait = Math.min(wait * 2, LONGEST_WAIT);
}

addEventListener('online', () => store.link.status === 'away' && connect());

function link(status, why = '') {
  store.link = { status, why };
  tell('link');
}

/** Another token, from the page's user. */
export function offerToken(text) {
  sessionStorage.setItem('rship-token', text);
  if (socket.readyState === WebSocket.OPEN) socket.send(write({ t: 'hello', token: text }));
  else connect();
}

/** Runs an action; the answer comes into its history. */
export function call(action, data) {
  const made = { n: ++lastCall, action, data, at: Date.now(), answer: null };
  if (!send({ t: 'call', n: made.n, action: action.k, data })) {
    made.answer = { ok: false, error: 'not connected', ms: null };
  }
  store.calls.set(action.k, [made, ...(store.calls.get(action.k) ?? [])].slice(0, HISTORY));
  tell('calls');
}

const takes = {
  welcome(message) {
    wait = FIRST_WAIT;
    store.welcome = message;
    store.clock = message.now - Date.now();
    // It comes again when an inspected server went away or came back.
    const isNew = store.link.status !== 'open';
    link('open');
    tell('welcome');
    if (!isNew) return;
    // What the core keeps of the wire comes once more.
    clear();
    Object.values(said).forEach(send);
  },
  denied({ reason }) {
    link('denied', reason);
  },
  tree: takeTree,
  values: (message) => takeValues(message),
  target(message) {
    // What was asked for before and comes late is not what is open now.
    if (said.open?.target !== message.k) return;
    store.details = message;
    tell('details');
  },
  answer({ n, ...answer }) {
    const made = [...store.calls.values()].flat().find((made) => made.n === n);
    if (made) made.answer = answer;
    tell('calls');
  },
  frames: takeFrames,
  diagnosis({ explained = [], gone = [], reset }) {
    if (reset) store.explained.clear();
    for (const one of explained) store.explained.set(one.key, one);
    for (const key of gone) store.explained.delete(key);
    tell('diagnosis');
  },
  sessions(message) {
    store.sessions = message;
    tell('sessions');
  },
  timeline(message) {
    store.timeline = message;
    tell('timeline');
  },
  problem: ({ text }) => console.warn(`the core could not use a message: ${text}`),
};

function take(message) {
  takes[message.t]?.(message);
}

/** Keeps the core informed of what is visible, once per change. */
export function follow() {
  seen((message) => want({ t: 'see', ...message }));
  want({ t: 'diagnosis', on: true });
}

/** Asks for the details of what is open. */
export function openTarget(key) {
  const target = targetOf(key)?.k ?? null;
  if (said.open?.target === target) return;
  store.details = null;
  want({ t: 'open', target });
  tell('details');
}
