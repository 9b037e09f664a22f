// What a server dropped, or would have dropped, and why.
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { clock } from './format.js';
import { useStore } from './store.js';

const FINE = 'Everything that was announced was taken, and every generation of server would take it.';

export function Diagnosis() {
  const store = useStore('diagnosis', 'welcome');
  const [query, setQuery] = useState('');
  const text = ({ type, id, field, reason, mend, generation }) => [type, id, field, reason, mend, generation].join(' ').toLowerCase();
  const all = [...store.explained.values()].filter((one) => text(one).includes(query.toLowerCase()));
  // What is lost now comes first, then what other servers would not take; the newest above.
  const own = store.welcome?.generation;
  const isElsewhere = ({ generation }) => Boolean(generation) && generation !== own;
  const weight = (one) => (one.kind === 'dropped' ? 0 : 2) + (isElsewhere(one) ? 1 : 0);
  all.sort((one, other) => weight(one) - weight(other) || other.at - one.at);
  return html`<section class="board" aria-label="Diagnosis">
    <header>
      <h1>Diagnosis</h1>
      <input type="search" aria-label="Filter diagnosis" placeholder="Filter" value=${query} onInput=${(event) => setQuery(event.target.value)} />
    </header>
    <p class="help">What this server dropped, and what servers of other generations would drop of what is announced now.</p>
    ${all.length === 0 && html`<p class="empty">${query ? 'Nothing has these words.' : FINE}</p>`}
    <ul class="cards">${all.map((one) => html`<li key=${one.key} class="card ${one.kind}">
      <p class="heads"><strong>${one.kind === 'dropped' ? (isElsewhere(one) ? '✗ would be dropped' : '✗ dropped') : '! warning'}</strong>
        <span class="tag">${one.type}</span>${one.generation && html`<span class="tag">server of ${one.generation}</span>`}
        <span class="dim">${one.count > 1 ? `${one.count} times, ` : ''}${one.at ? `last at ${clock(one.at, false)}` : ''}</span></p>
      <p class="what"><code>${one.id}</code>${one.field && html` · field <code>${one.field}</code>`}</p>
      <p>${one.reason}</p>
      ${one.mend && html`<p class="mend">→ ${one.mend}</p>`}
    </li>`)}</ul>
  </section>`;
}
