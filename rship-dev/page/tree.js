// The tree of instances, targets and emitters: a list of which only what is in view is there.
import { html } from 'htm/preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { short } from './format.js';
import { flash, show, useLive } from './live.js';
import { around, go, useStore } from './store.js';
import { rowsOf, words } from './tree-rows.js';

const ROW = 32;
const BEYOND = 8;
/** Up to so many targets the tree begins unfolded. */
const UNFOLDED = 40;
const TYPED_TOGETHER = 600;

const idOf = (key) => `row-${encodeURIComponent(key)}`;

export function Tree() {
  const store = useStore('tree', 'route');
  const [query, setQuery] = useState('');
  const [folds, setFolds] = useState(() => new Map());
  const [view, setView] = useState({ top: 0, height: 600 });
  const [cursor, setCursor] = useState(store.route.key);
  const box = useRef(null);
  const typed = useRef({ text: '', at: 0 });
  const opening = useRef(0);

  const isOpen = (key) => folds.get(key) ?? (store.instances.has(key) || store.targets.size <= UNFOLDED);
  const rows = useMemo(() => rowsOf(store, isOpen, query), [store.version, folds, query]);
  const at = rows.findIndex((row) => row.key === cursor);

  // What an address names is unfolded and scrolled to.
  const revealed = useRef(null);
  useEffect(() => {
    setCursor(store.route.key);
    const folded = around(store.route.key).filter((key) => !isOpen(key));
    if (folded.length) setFolds(new Map([...folds, ...folded.map((key) => [key, true])]));
  }, [store.route.key, store.complete]);
  useEffect(() => {
    const index = rows.findIndex((row) => row.key === store.route.key);
    if (index < 0 || revealed.current === store.route.key) return;
    revealed.current = store.route.key;
    reveal(box.current, index);
  });
  useEffect(() => () => show('tree', { targets: [], emitters: [] }), []);
  useEffect(() => {
    const place = box.current;
    const observer = new ResizeObserver(() => setView({ top: place.scrollTop, height: place.clientHeight }));
    observer.observe(place);
    return () => observer.disconnect();
  }, []);

  const from = Math.max(0, Math.floor(view.top / ROW) - BEYOND);
  const visible = rows.slice(from, Math.ceil((view.top + view.height) / ROW) + BEYOND);
  const seen = visible.map((row) => row.key).join('\n');
  useEffect(() => {
    const keys = (kind) => visible.filter((row) => row.kind === kind).map((row) => row.key);
    show('tree', { targets: keys('target'), emitters: keys('emitter') });
  }, [seen]);

  const search = (text) => {
    setQuery(text);
    box.current.scrollTop = 0;
  };
  const fold = (key, open) => setFolds(new Map(folds).set(key, open));
  const move = (index) => {
    const next = Math.min(Math.max(index, 0), rows.length - 1);
    if (next < 0) return;
    setCursor(rows[next].key);
    reveal(box.current, next);
    // What is passed by is not opened.
    clearTimeout(opening.current);
    opening.current = setTimeout(() => matchMedia('(min-width: 761px)').matches && go('show', rows[next].key), 120);
  };
  const up = (index) => rows.findLastIndex((row, before) => before < index && row.level < rows[index].level);

  const keys = {
    ArrowDown: () => move(at + 1),
    ArrowUp: () => move(at < 0 ? 0 : at - 1),
    Home: () => move(0),
    End: () => move(rows.length - 1),
    PageDown: () => move(at + Math.floor(view.height / ROW)),
    PageUp: () => move(at - Math.floor(view.height / ROW)),
    ArrowRight: () => at >= 0 && (rows[at].open === false ? fold(cursor, true) : rows[at].open && move(at + 1)),
    ArrowLeft: () => at >= 0 && (rows[at].open && !query ? fold(cursor, false) : move(up(at))),
    Enter: () => at >= 0 && go('show', cursor),
    ' ': () => at >= 0 && rows[at].open !== undefined && fold(cursor, !rows[at].open),
    Escape: () => search(''),
    '*': () => at >= 0 && setFolds(new Map([...folds, ...rows.filter((row) => row.level === rows[at].level).map((row) => [row.key, true])])),
  };
  const onKeyDown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (keys[event.key]) {
      keys[event.key]();
      event.preventDefault();
    } else if (event.key.length === 1 && event.key !== '/') {
      const now = performance.now();
      typed.current = { text: (now - typed.current.at < TYPED_TOGETHER ? typed.current.text : '') + event.key.toLowerCase(), at: now };
      const { text } = typed.current;
      // One letter goes on to the next, more stay where they fit.
      const start = text.length > 1 ? at : at + 1;
      const order = [...rows.keys()].map((index) => (index + Math.max(start, 0)) % rows.length);
      const found = order.find((index) => rows[index].node.name.toLowerCase().startsWith(text));
      if (found !== undefined) move(found);
    }
  };
  const onSearchKey = (event) => {
    if (event.key === 'Escape') search('');
    if (event.key === 'Escape' || event.key === 'ArrowDown' || event.key === 'Enter') {
      box.current.focus();
      if (event.key !== 'Escape') move(Math.max(rows.findIndex((row) => row.kind !== 'instance'), 0));
      event.preventDefault();
    }
  };

  return html`<aside class="side">
    <div class="search">
      <input id="search" type="search" aria-label="Search" placeholder="Search names and ids" autocomplete="off" spellcheck=${false}
        value=${query} onInput=${(event) => search(event.target.value)} onKeyDown=${onSearchKey} aria-keyshortcuts="/" />
      <kbd aria-hidden="true">/</kbd>
    </div>
    <div class="tree" role="tree" aria-label="Targets" tabindex="0" ref=${box} aria-activedescendant=${at >= 0 ? idOf(cursor) : undefined}
      onKeyDown=${onKeyDown} onScroll=${(event) => setView({ top: event.target.scrollTop, height: event.target.clientHeight })}>
      <div role="none" style=${{ height: `${rows.length * ROW}px` }}>
        ${visible.map((row, index) => html`<${Row} key=${row.key} ...${row} top=${(from + index) * ROW} isCursor=${row.key === cursor}
          isOpened=${row.key === store.route.key} searched=${query} fold=${() => fold(row.key, !row.open)} />`)}
      </div>
      ${rows.length === 0 && html`<p class="empty">${emptyWords(store, query)}</p>`}
    </div>
    <p class="count" role="status">${query
      ? `${rows.filter((row) => row.kind !== 'instance').length} found`
      : `${store.targets.size} targets, ${store.emitters.size} emitters`}</p>
  </aside>`;
}

function emptyWords(store, query) {
  if (query) return 'Nothing has such a name or id.';
  return store.complete ? 'No executor is connected yet. Start one, and it shows up here.' : 'Reading the show …';
}

function reveal(box, index) {
  const top = index * ROW;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
}

function paintRow(element, live) {
  const value = element.querySelector('.last');
  if (value) {
    const text = short(live.value, 40);
    if (value.textContent !== text) value.textContent = text;
    live.spark.draw(element.querySelector('canvas'));
  }
  if (live.fresh) flash(element);
}

function Row({ kind, node, level, at, of, open, top, isCursor, isOpened, searched, fold }) {
  const own = node.k;
  const ref = useLive(own, paintRow);
  const id = idOf(own);
  const isAway = node.online === false;
  const onClick = (event) => (event.target.closest('.fold') ? fold() : go('show', own));
  // Values stand beside their item, not in it: an item's name is what is in it.
  const classes = ['row', kind, isCursor && 'cursor', isOpened && 'opened-row', isAway && 'away'].filter(Boolean).join(' ');
  return html`<div role="none" ref=${ref} class=${classes} style=${{ transform: `translateY(${top}px)`, paddingLeft: `${level * 16}px` }}
    onClick=${onClick} onDblClick=${() => open !== undefined && fold()}>
    <div role="treeitem" id=${id} aria-level=${level} aria-posinset=${at} aria-setsize=${of}
      aria-expanded=${open} aria-selected=${isOpened} aria-describedby="${id}-value">
      <span class="fold ${open === undefined ? '' : open ? 'open' : 'closed'}" aria-hidden="true"></span>
      ${kind !== 'emitter' && html`<${Chip} node=${node} />`}
      <span class="name">${marked(node.name, searched)}</span>
    </div>
    ${kind === 'emitter'
      ? html`<canvas class="spark" aria-hidden="true" hidden></canvas><span class="last" id="${id}-value"></span>`
      : html`<span class="note" id="${id}-value">${isAway ? '○ offline' : kind === 'instance' ? node.service : ''}</span>`}
  </div>`;
}

/** A target's two colours, or an instance's. */
export function Chip({ node }) {
  const style = { background: node.bg ?? '', color: node.fg ?? (node.bg ? '#fff' : '') };
  return html`<span class="chip" style=${style} data-letter=${[...node.name][0]?.toUpperCase()} aria-hidden="true"></span>`;
}

/** The name with what was searched for in it. */
function marked(name, query) {
  const lower = name.toLowerCase();
  const out = [];
  let from = 0;
  while (from < name.length) {
    const next = words(query).map((word) => [lower.indexOf(word, from), word.length]).filter(([at]) => at >= 0).sort(([one], [other]) => one - other)[0];
    if (!next) break;
    const [at, length] = next;
    out.push(name.slice(from, at), html`<mark>${name.slice(at, at + length)}</mark>`);
    from = at + length;
  }
  return [...out, name.slice(from)];
}
