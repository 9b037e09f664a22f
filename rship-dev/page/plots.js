// The plots of the pinned numbers: one below the other, with one axis of time.
import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { clock, number } from './format.js';
import { pin, plots } from './pins.js';
import { useStore } from './store.js';

const HEIGHT = 130;
const EACH = 60;
let loading = null;

/** The library is read when something is plotted for the first time. */
function load() {
  loading ??= new Promise((done, failed) => {
    const style = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: '/page/vendor/uplot.css' });
    const script = Object.assign(document.createElement('script'), { src: '/page/vendor/uplot.js', onload: () => done(globalThis.uPlot), onerror: failed });
    document.head.append(style, script);
  });
  return loading;
}

/** What of the time is shown: the newest `span`, or from where to where somebody looks. */
const view = { span: 30000, fixed: null };

function shown() {
  if (view.fixed) return view.fixed;
  // Goes on between pulses, too, unless time itself stands still.
  const now = plots.last + Math.min(Date.now() - plots.arrived, view.span);
  return [now - view.span, now];
}

export function Plots() {
  useStore('plots');
  const [Chart, setChart] = useState(null);
  const [, again] = useState(0);
  const [theme, setTheme] = useState('');
  const charts = useRef(new Set());
  const isThere = plots.pins.length > 0;

  useEffect(() => {
    if (isThere) load().then((loaded) => setChart(() => loaded));
  }, [isThere]);
  useEffect(() => {
    const changed = () => setTheme(document.documentElement.dataset.theme);
    changed();
    addEventListener('themechange', changed);
    return () => removeEventListener('themechange', changed);
  }, []);
  useEffect(() => {
    if (!isThere) return undefined;
    const timer = setInterval(() => document.hidden || charts.current.forEach((draw) => draw()), EACH);
    return () => clearInterval(timer);
  }, [isThere]);

  const look = (fixed) => {
    view.fixed = fixed;
    again((n) => n + 1);
  };
  if (!isThere) return null;
  return html`<section class="plots" role="region" aria-label="Plots">
    <header>
      <h2>Plots</h2>
      <button type="button" aria-label="Pause plots" aria-pressed=${view.fixed !== null} onClick=${() => look(view.fixed ? null : shown())}>${view.fixed ? 'Follow' : 'Pause'}</button>
      <select aria-label="Time shown" value=${view.span} onChange=${(event) => { view.span = Number(event.target.value); look(null); }}>
        <option value="10000">10 s</option><option value="30000">30 s</option><option value="120000">2 min</option><option value="600000">10 min</option>
      </select>
      <span class="help">Drag to zoom, double click to follow again.</span>
    </header>
    ${Chart && plots.pins.map((one) => html`<${Plot} key=${`${one.ek} ${one.path} ${theme}`} pin=${one} Chart=${Chart} charts=${charts.current} look=${look} />`)}
  </section>`;
}

function Plot({ pin: one, Chart, charts, look }) {
  const host = useRef(null);
  const value = useRef(null);
  useEffect(() => {
    const place = host.current;
    const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);
    const axis = { stroke: ink('--dim'), grid: { stroke: ink('--line'), width: 1 }, ticks: { show: false }, font: '12px system-ui' };
    const edge = { points: { show: false }, width: 0, stroke: 'transparent' };
    const chart = new Chart({
      width: place.clientWidth, height: HEIGHT, ms: 1, legend: { show: false },
      cursor: { sync: { key: 'plots' }, drag: { x: true, y: false, setScale: false }, bind: { dblclick: () => () => look(null) } },
      scales: { x: { range: shown }, y: { range: (_, low, high) => padded(low, high) } },
      axes: [{ ...axis, size: 28, space: 80, values: (_, ticks) => ticks.map((tick) => clock(tick, false)) }, { ...axis, size: 64, values: (_, ticks) => ticks.map((tick) => number(Number(tick.toPrecision(6)))) }],
      series: [{}, edge, edge, { stroke: ink('--accent'), width: 2, points: { show: false } }],
      bands: [{ series: [2, 1], fill: ink('--accent-soft') }],
      hooks: {
        setSelect: [({ select: { left, width } }) => {
          if (width < 4) return;
          look([chart.posToVal(left, 'x'), chart.posToVal(left + width, 'x')]);
          chart.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        }],
      },
    }, [[], [], [], []], place);
    const draw = () => {
      chart.setData([plots.times, one.min, one.max, one.last]);
      const at = chart.cursor.idx;
      const read = at === null || at === undefined ? one.last.at(-1) : one.last[at];
      value.current.textContent = read === null || read === undefined ? '' : number(read);
    };
    charts.add(draw);
    draw();
    const observer = new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: HEIGHT }));
    observer.observe(place);
    return () => {
      observer.disconnect();
      charts.delete(draw);
      chart.destroy();
    };
  }, []);
  return html`<figure class="chart">
    <figcaption><strong>${one.name}</strong><output ref=${value}></output><button type="button" aria-label="Unpin ${one.name}" onClick=${() => pin(one.ek, one.path)}>✕</button></figcaption>
    <div ref=${host}></div>
  </figure>`;
}

function padded(low, high) {
  if (low === null || high === null) return [0, 1];
  const pad = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return [low - pad, high + pad];
}
