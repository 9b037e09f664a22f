// The inspector: what a Rocketship shows of the executors of this core, and what it would not.
import { html, render } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { Diagnosis } from './diagnosis.js';
import { Plots } from './plots.js';
import { Sessions } from './sessions.js';
import { connect, follow, offerToken } from './socket.js';
import { newInk } from './sparkline.js';
import { TABS, go, readRoute, useStore } from './store.js';
import { Opened } from './target.js';
import { Timeline } from './timeline.js';
import { Tree } from './tree.js';
import { Wire } from './wire.js';

function Page() {
  const store = useStore('route', 'link', 'welcome', 'diagnosis');
  const { tab, key } = store.route;
  const { link, welcome } = store;
  useEffect(() => {
    document.title = welcome ? `rship · ${welcome.from || location.host}` : 'rship';
  }, [welcome]);
  if (link.status === 'denied') return html`<${TokenForm} reason=${link.why} />`;
  return html`<div class="page ${key ? 'has-open' : ''}">
    <header class="top">
      <strong class="brand">rship</strong>
      <nav role="tablist" aria-label="Views">${Object.entries(TABS).map(([id, name]) => {
        const count = id === 'diagnosis' ? store.explained.size : 0;
        return html`<${Tab} key=${id} id=${id} name=${name} isOn=${tab === id} count=${count} />`;
      })}</nav>
      <span class="from">${welcome && html`<span class="tag">${welcome.source}</span> ${welcome.from || location.host} · ${welcome.generation}`}</span>
      <${Theme} />
    </header>
    <${Banner} link=${link} welcome=${welcome} />
    <main><div role="tabpanel" id="panel" aria-labelledby="tab-${tab}" class=${tab}>${views[tab]()}</div></main>
    <${Timeline} />
  </div>`;
}

const views = {
  show: () => html`<${Tree} /><div class="main"><div class="opened"><${Opened} /></div><${Plots} /></div>`,
  diagnosis: () => html`<${Diagnosis} />`,
  wire: () => html`<${Wire} />`,
  sessions: () => html`<${Sessions} />`,
};

function Tab({ id, name, isOn, count }) {
  const names = Object.keys(TABS);
  const onKeyDown = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = names[(names.indexOf(id) + by + names.length) % names.length];
    go(next);
    document.getElementById(`tab-${next}`).focus();
  };
  return html`<button type="button" role="tab" id="tab-${id}" aria-label=${name} aria-selected=${isOn} aria-controls="panel" tabindex=${isOn ? 0 : -1}
    onClick=${() => go(id)} onKeyDown=${onKeyDown}>${name}${count > 0 && html`<span class="badge" data-count=${count} aria-hidden="true"></span>`}</button>`;
}

function Banner({ link, welcome }) {
  const text = link.status === 'away' ? `${link.why}. What is shown is what was there last; the page connects again by itself.`
    : link.status === 'connecting' && !welcome ? 'Connecting …'
      : welcome?.readOnly ? `Read only: ${welcome.readOnly}` : '';
  return html`<div role="status" aria-label="Connection" class="banner ${link.status}">${text}</div>`;
}

function TokenForm({ reason }) {
  const [text, setText] = useState('');
  const onSubmit = (event) => {
    event.preventDefault();
    offerToken(text);
  };
  return html`<main><form class="token" aria-label="Token" onSubmit=${onSubmit}>
    <strong class="brand">rship</strong>
    <h1>This core asks for its token</h1>
    <p class="error" id="token-error" role="alert">${reason}</p>
    <label class="label" for="token">Token</label>
    <input id="token" type="password" autocomplete="off" autofocus value=${text}
      onInput=${(event) => setText(event.target.value)} aria-describedby="token-error" />
    <p class="help">The one that it was started with: --token, or RSHIP_TOKEN.</p>
    <button type="submit" class="primary">Look in</button>
  </form></main>`;
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  newInk();
}

function Theme() {
  const [theme, choose] = useState(document.documentElement.dataset.theme);
  const other = theme === 'dark' ? 'light' : 'dark';
  const onClick = () => {
    localStorage.setItem('rship-theme', other);
    setTheme(other);
    choose(other);
  };
  return html`<button type="button" class="theme" onClick=${onClick}>${other === 'dark' ? 'Dark' : 'Light'}</button>`;
}

/** A token comes once in the address, and does not stay there. */
function takeToken() {
  const [all, token] = location.hash.match(/[#&]token=([^&]*)/) ?? [];
  if (!all) return;
  sessionStorage.setItem('rship-token', decodeURIComponent(token));
  const rest = location.hash.replace(all, '');
  history.replaceState(null, '', rest.length > 1 ? rest : location.pathname);
}

addEventListener('hashchange', readRoute);
addEventListener('popstate', readRoute);
addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.target.closest('input, textarea, select')) return;
  event.preventDefault();
  go('show');
  requestAnimationFrame(() => document.getElementById('search')?.focus());
});

setTheme(localStorage.getItem('rship-theme') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'));
takeToken();
readRoute();
follow();
connect();
render(html`<${Page} />`, document.getElementById('page'));
