// What is open: a target with its emitters and actions, or an instance.
import { html } from 'htm/preact';
import { useEffect } from 'preact/hooks';
import { ActionForm } from './form.js';
import { ago, difference, rate } from './format.js';
import { write } from './json.js';
import { flash, liveOf, show, useLive } from './live.js';
import { pin } from './pins.js';
import { described } from './schema.js';
import { openTarget } from './socket.js';
import { go, store as all, targetOf, useStore } from './store.js';
import { Chip } from './tree.js';
import { paintValue } from './value.js';

export function Opened() {
  const store = useStore('tree', 'details', 'route', 'welcome');
  const { key } = store.route;
  const target = targetOf(key);
  useEffect(() => openTarget(key), [key, target?.k]);
  const details = store.details?.k === target?.k ? store.details : null;
  const emitters = details?.emitters ?? target?.emitters ?? [];
  const keys = emitters.map((emitter) => emitter.k);
  useEffect(() => {
    show('details', { targets: [], emitters: keys });
    return () => show('details', { targets: [], emitters: [] });
  }, [keys.join('\n')]);

  if (target) return html`<${TargetView} key=${target.k} target=${target} details=${details} emitters=${emitters} focused=${key} />`;
  const instance = store.instances.get(key);
  if (instance) return html`<${Instance} instance=${instance} />`;
  const isLost = key && store.complete;
  return html`<p class="empty">${isLost ? 'What this address names is not here (any more).' : 'Choose a target to see what it does, and to do something with it.'}</p>`;
}

const Back = () => html`<button type="button" class="back" onClick=${() => go('show', null)}>‹ Targets</button>`;

function Instance({ instance }) {
  const facts = { id: instance.id, service: instance.service, status: instance.status, machine: instance.machine };
  return html`<header class="title">
      <${Back} />
      <h1><${Chip} node=${instance} />${instance.name}</h1>
    </header>
    <dl class="facts">${Object.entries(facts).map(([name, fact]) => fact && html`<div><dt>${name}</dt><dd>${fact}</dd></div>`)}</dl>`;
}

function TargetView({ target, details, emitters, focused }) {
  const big = emitters.find((emitter) => emitter.k === focused);
  const actions = details?.actions ?? [];
  // What is written to where nobody else in the show has the same target needs no instance.
  const ids = [...all.targets.values()].filter((other) => other.id === target.id);
  const instance = ids.length > 1 ? all.instances.get(target.ik)?.id : undefined;
  return html`<header class="title">
      <${Back} />
      <p class="path">${(details?.path ?? []).join(' › ')}</p>
      <h1><${Chip} node=${target} />${target.name}<span class="state">${target.online ? '● online' : '○ offline'}</span></h1>
      <p class="id">${target.id}</p>
      ${details?.description && html`<p>${details.description}</p>`}
    </header>
    ${big && html`<${Emitter} key=${`${big.k} big`} emitter=${big} isBig=${true} />`}
    ${emitters.length > 0 && html`<section aria-label="Emitters"><h2>Emitters</h2>
      <div class="meters">${emitters.filter((emitter) => emitter !== big).map((emitter) => html`<${Emitter} key=${emitter.k} emitter=${emitter} />`)}</div>
    </section>`}
    ${actions.length > 0 && html`<section aria-label="Actions"><h2>Actions</h2>
      ${actions.map((action) => html`<${ActionForm} key=${action.k + write(action.schema)} action=${action} instance=${instance}
        begin=${() => liveOf(emitters.find((emitter) => emitter.set_by === action.k)?.k).value} />`)}
    </section>`}
    ${details && html`<details class="raw"><summary>As announced</summary><pre>${write(details.entity, '  ')}</pre></details>`}`;
}

function Emitter({ emitter, isBig }) {
  const { prose, unit } = described({ description: emitter.description ?? emitter.schema?.description, unit: emitter.unit });
  const ref = useLive(emitter.k, (element, live) => {
    const part = (name) => element.querySelector(`.${name}`);
    paintValue(part('now').firstChild, live.value, emitter.name, (pointer, name) => pin(emitter.k, pointer, name));
    part('change').textContent = difference(live.before, live.value);
    live.spark.draw(part('spark'));
    paintAge(element, live);
    if (live.fresh) flash(element);
  });
  useEffect(() => {
    const timer = setInterval(() => paintAge(ref.current, liveOf(emitter.k)), 1000);
    return () => clearInterval(timer);
  }, [emitter.k]);
  return html`<article class="meter ${isBig ? 'big' : ''}" ref=${ref} aria-label=${emitter.name}>
    <h3><button type="button" class="plain" onClick=${() => go('show', emitter.k)}>${emitter.name}</button></h3>
    <div class="now"><div></div>${unit && html`<span class="unit">${unit}</span>`}</div>
    <canvas class="spark" aria-hidden="true"></canvas>
    <p class="figures">
      <span class="change" title="difference to the value before"></span>
      <span class="rate" title="pulses a second"></span>
      <span class="age" title="the last pulse"></span>
    </p>
    ${prose && html`<p class="help">${prose}</p>`}
  </article>`;
}

/** A rate of the last second, past which nothing says that it is over. */
const RATE_HOLDS = 2000;

function paintAge(element, { value, at, rate: last }) {
  const age = all.timeline ? 0 : Date.now() + (all.clock ?? 0) - at;
  // When a value came that was there before anybody looked, the core does not know.
  element.querySelector('.age').textContent = at ? ago(age) : value === undefined ? 'no pulse yet' : '';
  element.querySelector('.rate').textContent = age < RATE_HOLDS ? rate(last) : '';
}
