// The frames of the wire: a list of which only what is in view is there, and one of them in full.
import { html } from 'htm/preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { toClipboard } from './copy.js';
import { bytes, clock, cut } from './format.js';
import { parse, write } from './json.js';
import { want } from './socket.js';
import { useStore } from './store.js';
import { clear, log, pause } from './wire-log.js';

const ROW = 28;
const REST = 250;

export function Wire() {
  useStore('frames');
  const [filter, setFilter] = useState('');
  const [opened, setOpened] = useState(null);
  const [isPretty, setPretty] = useState(true);
  const [view, setView] = useState({ top: 0, height: 600 });
  const box = useRef(null);
  const isAtEnd = useRef(true);

  useEffect(() => {
    // The core keeps what was before: it is sent again with each filter.
    const timer = setTimeout(() => {
      clear();
      want({ t: 'wire', on: true, filter: filter || undefined });
    }, filter ? REST : 0);
    return () => clearTimeout(timer);
  }, [filter]);
  useEffect(() => () => want({ t: 'wire', on: false }), []);
  useLayoutEffect(() => {
    if (isAtEnd.current) box.current.scrollTop = box.current.scrollHeight;
  });

  const onScroll = ({ target }) => {
    isAtEnd.current = target.scrollHeight - target.scrollTop - target.clientHeight < ROW;
    setView({ top: target.scrollTop, height: target.clientHeight });
  };
  const from = Math.max(0, Math.floor(view.top / ROW) - 5);
  const rows = log.frames.slice(from, from + Math.ceil(view.height / ROW) + 10);
  return html`<section class="board wire" aria-label="Wire">
    <header>
      <h1>Wire</h1>
      <input type="search" aria-label="Filter frames" placeholder="Filter" value=${filter} onInput=${(event) => setFilter(event.target.value)} />
      <button type="button" aria-label="Pause wire" aria-pressed=${log.paused} onClick=${() => pause(!log.paused)}>
        ${log.paused ? `Go on (${log.waiting.length})` : 'Pause'}
      </button>
      <button type="button" aria-label="Clear wire" onClick=${clear}>Clear</button>
      <span class="dim">${log.frames.length} frames${log.missed > 0 ? `, ${log.missed} missed` : ''}</span>
    </header>
    <div class="frames" ref=${box} onScroll=${onScroll} tabindex="0" role="list" aria-label="Frames">
      <div role="none" style=${{ height: `${log.frames.length * ROW}px` }}>${rows.map((frame, index) => html`<div role="listitem"
        class="frame-place" key=${frame.no} style=${{ transform: `translateY(${(from + index) * ROW}px)` }}>
        <button type="button" class="frame ${opened === frame ? 'cursor' : ''}" onClick=${() => setOpened(frame)}>
          <time>${clock(frame.at)}</time><span class=${frame.dir}>${frame.dir === 'in' ? '→ in' : '← out'}</span><span>${frame.client}</span>
          <span class="size">${bytes(frame.bytes)}</span><span class="kind">${frame.kind}</span><code>${cut(frame.text, 200)}</code>
        </button></div>`)}</div>
      ${log.frames.length === 0 && html`<p class="empty">${filter ? 'No frame has this text.' : 'No frames yet.'}</p>`}
    </div>
    ${opened && html`<article class="one-frame" aria-label="Frame ${opened.no}">
      <header><strong>${opened.kind}</strong><span class="dim">${about(opened)}</span>
        <button type="button" aria-pressed=${isPretty} onClick=${() => setPretty(!isPretty)}>Pretty</button>
        <button type="button" onClick=${() => toClipboard(isPretty ? pretty(opened) : opened.text)}>Copy</button>
        <button type="button" aria-label="Close frame" onClick=${() => setOpened(null)}>✕</button></header>
      <pre tabindex="0">${isPretty ? pretty(opened) : opened.text}</pre>
    </article>`}
  </section>`;
}

function about({ dir, bytes: size, at, cut }) {
  const way = dir === 'in' ? 'executor to server' : 'server to executor';
  return [way, bytes(size), clock(at), cut && 'cut'].filter(Boolean).join(', ');
}

/** What is cut is not JSON any more, and stays as it is. */
function pretty({ text }) {
  try {
    return write(parse(text), '  ');
  } catch {
    return text;
  }
}
