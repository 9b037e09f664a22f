// The plots of the pinned numbers: one below the other, with one axis of time.
import { html } from 'htm/preact';
import { useEffect, useReducer, useRef } from 'preact/hooks';
import { draw, indexAt, inks, timeAt } from './chart.js';
import { clock, number } from './format.js';
import { pin, plots } from './pins.js';
import { store, useStore } from './store.js';

const EACH = 50;
const SMALLEST = 200;

/** What of the time is shown: the newest `span`, or from where to where somebody looks. */
const view = { span: 30000, fixed: null, cursor: null, drag: null };
const charts = new Set();

/** The core's time. It goes on between pulses, unless it stands still as in a recording. */
function now() {
  return store.timeline && !store.timeline.playing ? plots.last : plots.last + Date.now() - plots.arrived;
}

function shown() {
  return view.fixed ?? [now() - view.span, now()];
}

function drawAll() {
  if (document.hidden) return;
  const ink = inks();
  charts.forEach((chart) => chart(ink));
}

export function Plots() {
  useStore('plots');
  const [, again] = useReducer((n) => n + 1, 0);
  const isThere = plots.pins.length > 0;
  useEffect(() => {
    if (!isThere) return undefined;
    const timer = setInterval(drawAll, EACH);
    return () => clearInterval(timer);
  }, [isThere]);

  const look = (fixed) => {
    view.fixed = fixed;
    again();
  };
  const choose = (event) => {
    view.span = Number(event.target.value);
    look(null);
  };
  if (!isThere) return null;
  return html`<section class="plots" role="region" aria-label="Plots">
    <header>
      <h2>Plots</h2>
      <button type="button" aria-label="Pause plots" aria-pressed=${view.fixed !== null} onClick=${() => look(view.fixed ? null : shown())}>
        ${view.fixed ? 'Follow' : 'Pause'}
      </button>
      <select aria-label="Time shown" value=${view.span} onChange=${choose}>
        <option value="10000">10 s</option><option value="30000">30 s</option><option value="120000">2 min</option><option value="600000">10 min</option>
      </select>
      <span class="help">Drag or turn the wheel to zoom, double click to follow again.</span>
    </header>
    ${plots.pins.map((one) => html`<${Plot} key=${`${one.ek} ${one.path}`} pin=${one} look=${look} />`)}
  </section>`;
}

function Plot({ pin: one, look }) {
  const place = useRef(null);
  const value = useRef(null);
  useEffect(() => {
    const [canvas, output] = [place.current, value.current];
    const chart = (ink) => {
      draw(canvas, { times: plots.times, ...one }, shown(), now(), view, ink);
      // What was at a time is what came last before it.
      const at = view.cursor === null ? one.last.length - 1 : Math.max(indexAt(plots.times, view.cursor) - 1, 0);
      const read = one.last[at];
      const when = view.cursor !== null && plots.times[at] ? ` at ${clock(plots.times[at])}` : '';
      output.textContent = read === null || read === undefined ? '' : number(read) + when;
    };
    charts.add(chart);
    const wheel = (event) => {
      event.preventDefault();
      const [from, to] = shown();
      const middle = timeAt(canvas, event.offsetX, [from, to]);
      const by = event.deltaY > 0 ? 1.25 : 0.8;
      if ((to - from) * by > SMALLEST) look([middle - (middle - from) * by, middle + (to - middle) * by]);
    };
    // Preact's listeners are passive here, and the page would scroll as well.
    canvas.addEventListener('wheel', wheel, { passive: false });
    return () => {
      charts.delete(chart);
      canvas.removeEventListener('wheel', wheel);
    };
  }, []);

  const timeOf = (event) => timeAt(place.current, event.offsetX, shown());
  const down = (event) => {
    place.current.setPointerCapture(event.pointerId);
    // Time stands still while somebody points at it.
    look(shown());
    view.drag = [timeOf(event), timeOf(event)];
  };
  const move = (event) => {
    view.cursor = timeOf(event);
    if (view.drag) view.drag[1] = view.cursor;
  };
  const up = () => {
    const [from, to] = [...(view.drag ?? [])].sort((one, other) => one - other);
    view.drag = null;
    if (to - from > SMALLEST) look([from, to]);
  };
  const leave = () => {
    view.cursor = null;
  };
  return html`<figure class="chart">
    <figcaption>
      <strong>${one.name}</strong><output ref=${value}></output>
      <button type="button" aria-label="Unpin ${one.name}" onClick=${() => pin(one.ek, one.path)}>✕</button>
    </figcaption>
    <canvas ref=${place} role="img" aria-label="${one.name} over time" onPointerDown=${down} onPointerMove=${move}
      onPointerUp=${up} onPointerLeave=${leave} onDblClick=${() => look(null)}></canvas>
  </figure>`;
}
