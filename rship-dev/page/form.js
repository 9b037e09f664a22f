// An action as a form: filled, checked, sent, answered, and sent again.
import { html } from 'htm/preact';
import { useRef, useState } from 'preact/hooks';
import { callLine, rustLine, toClipboard } from './copy.js';
import { Field, applied } from './form-fields.js';
import { draftOf, read } from './form-value.js';
import { clock, cut } from './format.js';
import { write } from './json.js';
import { described, kindOf, laidOut, simple } from './schema.js';
import { call } from './socket.js';
import { useStore } from './store.js';
import { namedIn, shownAt, validate } from './validate.js';

/** Only where the value itself is the payload, it begins as what it sets is now. */
function beginning(schema, kind, now) {
  return draftOf(schema, kind === 'object' || kind === 'empty' ? undefined : (now ?? schema.default));
}

export function ActionForm({ action, instance, begin }) {
  const store = useStore('calls', 'link', 'welcome');
  const schema = simple(action.schema) ?? { type: 'object' };
  const kind = kindOf(schema);
  const [draft, setDraft] = useState(() => beginning(schema, kind, begin()));
  const [isTried, setTried] = useState(false);
  const [forgiven, setForgiven] = useState(null);
  const [copied, setCopied] = useState('');
  const form = useRef(null);
  const paths = useRef(new Set());

  const calls = store.calls.get(action.k) ?? [];
  const [newest] = calls;
  const data = kind === 'empty' ? undefined : read(schema, draft);
  const wrong = kind === 'empty' ? [] : validate(schema, data);
  const errors = new Map();
  if (isTried) for (const { path, text } of wrong) errors.set(shownAt(path, [...paths.current]), text);
  // What the executor refused is shown at its field until something is changed.
  const refused = newest?.answer?.ok === false && newest !== forgiven ? newest.answer.error : null;
  const refusedAt = refused && namedIn(refused, [...paths.current]);
  if (typeof refusedAt === 'string' && !errors.size) errors.set(refusedAt, refused.replace(/^action `[^`]*`: /, ''));

  const change = (next) => {
    setDraft(next);
    setForgiven(newest);
    setCopied('');
  };
  const ready = () => {
    setTried(true);
    if (!wrong.length) return true;
    // The errors are there after the next render.
    setTimeout(() => form.current.querySelector('[aria-invalid=true]')?.focus());
    return false;
  };
  const onSubmit = (event) => {
    event.preventDefault();
    if (ready()) call(action, data);
  };
  const copy = async (line, what) => {
    if (!ready()) return;
    await toClipboard(line(action.id, data, instance));
    setCopied(`${what} copied`);
  };

  const reason = store.welcome?.readOnly ?? (store.link.status !== 'open' ? 'not connected' : action.online === false ? 'nobody who runs it is online' : null);
  const isFixed = store.welcome?.readOnly != null;
  const context = { errors, paths: paths.current, id: `f-${encodeURIComponent(action.k)}`, isFixed };
  const { prose } = described({ description: action.description || schema.description });

  return html`<form class="action" aria-label=${action.name} ref=${form} onSubmit=${onSubmit} noValidate>
    <h3>${action.name}</h3>
    <p class="id">${action.id}</p>
    ${prose && html`<p class="help">${prose}</p>`}
    <${Body} ...${{ schema, kind, draft, change, layout: action.layout, context }} />
    <div class="buttons">
      <button type="submit" class="primary" disabled=${reason !== null}>Send</button>
      <button type="button" class="quiet" onClick=${() => copy(callLine, 'Call')}>Copy as rship-dev call</button>
      <button type="button" class="quiet" onClick=${() => copy(rustLine, 'Rust')}>Copy as Rust</button>
      <span class="help" role="note">${copied || (reason !== null && `Cannot be sent: ${reason}.`)}</span>
    </div>
    <div role="status" class="answer" aria-label="Answer of ${action.name}">${newest && html`<${Answer} call=${newest} />`}</div>
    ${calls.length > 0 && html`<ol class="history" aria-label="History">${calls.map((made) => html`<li key=${made.n}>
      <time>${clock(made.at, false)}</time>
      <code class="sent">${made.data === undefined ? 'no arguments' : cut(write(made.data), 120)}</code>
      <span class=${made.answer?.ok === false ? 'bad' : 'good'}>${made.answer ? (made.answer.ok ? '✓' : '✗ refused') : '…'}</span>
      <button type="button" class="quiet" disabled=${reason !== null} onClick=${() => call(action, made.data)}>Send again</button>
    </li>`)}</ol>`}
  </form>`;
}

function Body({ schema, kind, draft, change, layout, context }) {
  if (kind === 'empty') return null;
  if (kind !== 'object') {
    return html`<${Field} schema=${schema} draft=${draft} set=${change} path="" label=${schema.title ?? 'Value'} required=${true} context=${context} />`;
  }
  let heading;
  return laidOut(schema, layout).map(({ path, label, section }) => {
    const isNew = section !== heading;
    heading = section;
    const field = schema.properties[path];
    return html`${isNew && section && html`<h4>${section}</h4>`}<${Field} key=${path} schema=${field} draft=${draft.fields[path]} path=${path}
      label=${label ?? field.title ?? path} required=${schema.required?.includes(path)} context=${context}
      set=${(next) => change((now) => ({ ...now, fields: { ...now.fields, [path]: applied(next, now.fields[path]) } }))} />`;
  });
}

function Answer({ call: { answer } }) {
  if (!answer) return html`<p class="dim">Waiting for the answer …</p>`;
  const took = answer.ms < 10 ? answer.ms?.toFixed(1) : Math.round(answer.ms);
  const ms = answer.ms != null && html`<span class="dim">${took} ms</span>`;
  if (!answer.ok) return html`<p class="bad">✗ ${answer.error} ${ms}</p>`;
  const line = write(answer.result ?? null);
  const text = line.length > 80 ? write(answer.result, '  ') : line;
  return html`<p class="good">✓ ${text === 'null' ? 'Done' : html`<code>${text}</code>`} ${ms}</p>`;
}
