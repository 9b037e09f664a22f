// Who is connected, what happened to the sessions, and what the executor counts itself.
import { html } from 'htm/preact';
import { bytes, clock, number } from './format.js';
import { useStore } from './store.js';

const COLUMNS = {
  instance: ({ instance }) => instance ?? '—',
  since: ({ since }) => clock(since, false),
  encoding: ({ encoding }) => encoding,
  'round trip': ({ rtt }) => (rtt == null ? '—' : `${rtt.toFixed(1)} ms`),
  in: (one) => bytes(one.in),
  out: ({ out }) => bytes(out),
  pulses: ({ pulses }) => pulses,
  waiting: ({ waiting }) => bytes(waiting),
};

export function Sessions() {
  const { sessions: { sessions, events, metrics }, welcome } = useStore('sessions', 'welcome');
  const about = welcome && `${welcome.from || location.host}, generation ${welcome.generation}, version ${welcome.version}`;
  return html`<section class="board" aria-label="Sessions">
    <header><h1>Sessions</h1><span class="dim">${about}</span></header>
    ${sessions.length === 0 ? html`<p class="empty">Nobody is connected.</p>` : html`<${Table} sessions=${sessions} />`}
    ${metrics && html`<h2>What the executor counts</h2><${Metrics} metrics=${metrics} />`}
    <h2>Events</h2>
    <ol class="events" aria-label="Events">
      ${[...events].reverse().map((event) => html`<li><time>${clock(event.at)}</time> ${event.text}</li>`)}
    </ol>
    ${events.length === 0 && html`<p class="empty">Nothing happened yet.</p>`}
  </section>`;
}

function Table({ sessions }) {
  return html`<div class="tables" tabindex="0"><table aria-label="Connected">
    <thead><tr><th scope="col">client</th>${Object.keys(COLUMNS).map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${sessions.map((one) => html`<tr key=${one.client}>
      <th scope="row">${one.client}</th>${Object.values(COLUMNS).map((column) => html`<td>${column(one)}</td>`)}
    </tr>`)}</tbody>
  </table></div>`;
}

function Metrics({ metrics }) {
  return html`<dl class="facts">${Object.entries(metrics).map(([name, value]) => html`<div key=${name}>
    <dt>${name}</dt><dd>${number(value)}</dd>
  </div>`)}</dl>`;
}
