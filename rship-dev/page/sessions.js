// Who is connected, what happened to the sessions, and what the executor counts itself.
import { html } from 'htm/preact';
import { bytes, clock, number } from './format.js';
import { useStore } from './store.js';

export function Sessions() {
  const { sessions: { sessions, events, metrics }, welcome } = useStore('sessions', 'welcome');
  return html`<section class="board" aria-label="Sessions">
    <header><h1>Sessions</h1>${welcome && html`<span class="dim">${welcome.from || location.host}, generation ${welcome.generation}, version ${welcome.version}</span>`}</header>
    ${sessions.length === 0 && html`<p class="empty">Nobody is connected.</p>`}
    <div class="tables"><table aria-label="Connected"><thead><tr>${['client', 'instance', 'since', 'encoding', 'round trip', 'in', 'out', 'pulses', 'waiting'].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${sessions.map((one) => html`<tr key=${one.client}><th scope="row">${one.client}</th><td>${one.instance ?? '—'}</td><td>${clock(one.since, false)}</td><td>${one.encoding}</td>
        <td>${one.rtt === null || one.rtt === undefined ? '—' : `${one.rtt.toFixed(1)} ms`}</td><td>${bytes(one.in)}</td><td>${bytes(one.out)}</td><td>${one.pulses}</td><td>${bytes(one.waiting)}</td></tr>`)}</tbody></table></div>
    ${metrics && html`<h2>What the executor counts</h2><dl class="facts">${Object.entries(metrics).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${number(value)}</dd></div>`)}</dl>`}
    <h2>Events</h2>
    <ol class="events" aria-label="Events">${[...events].reverse().map((event) => html`<li><time>${clock(event.at)}</time> ${event.text}</li>`)}</ol>
    ${events.length === 0 && html`<p class="empty">Nothing happened yet.</p>`}
  </section>`;
}
