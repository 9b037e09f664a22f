// The fields of a form, one component for each shape of schema.
import { html } from 'htm/preact';
import { colorText, readColor } from './color.js';
import { NULL, draftOf, part } from './form-value.js';
import { write } from './json.js';
import { choices, described, innerOf, isOfType, kindOf, places, range } from './schema.js';
import { join, lengthWords, rangeWords } from './validate.js';

const LIKE = {
  'date-time': '2026-01-31T20:00:00Z', 'partial-date-time': '2026-01-31T20:00:00', date: '2026-01-31', 'partial-time': '20:00:00',
  uuid: '00000000-0000-0000-0000-000000000000', uri: 'https://…', ip: '127.0.0.1', ipv4: '127.0.0.1', ipv6: '::1',
};

/**
 * One field. `draft` is `undefined` while it is left out; `set` takes the next draft, or a function
 * of the draft before.
 */
export function Field({ schema, draft, set, path, label, required, context, remove }) {
  context.paths.add(path);
  const kind = kindOf(schema);
  // The payload itself is described by its action.
  const { prose, unit } = path ? described(schema) : { ...described(schema), prose: '' };
  const id = `${context.id}-${encodeURIComponent(path)}`;
  const error = context.errors.get(path);
  const hint = hintOf(schema, kind);
  const isNull = draft === NULL;
  const tools = html`
    ${!required && draft !== undefined && html`<${Tool} name="Leave out ${label}" text="Leave out" context=${context} act=${() => set(undefined)} />`}
    ${schema.nullable && !isNull && html`<${Tool} name="Null ${label}" text="Null" context=${context} act=${() => set(NULL)} />`}
    ${(isNull || draft === undefined) && html`<${Tool} name="Set ${label}" text="Set" context=${context} act=${() => set(draftOf(schema))} />`}
    ${remove && html`<${Tool} name="Remove ${label}" text="Remove" context=${context} act=${remove} />`}`;
  const notes = html`
    ${(prose || hint) && html`<p class="help" id="${id}-help">${prose} ${hint && html`<span class="hint">${hint}</span>`}</p>`}
    ${error && html`<p class="error" id="${id}-error">${error}</p>`}`;

  if (draft === undefined || isNull) {
    const said = isNull ? 'null' : `left out${'default' in schema ? `, default ${write(schema.default)}` : ''}`;
    return html`<div class="field absent"><div class="head"><span class="label">${label}</span><span class="dim">${said}</span>${tools}</div>${notes}</div>`;
  }
  const attributes = {
    id,
    disabled: context.isFixed,
    'aria-invalid': error ? 'true' : undefined,
    'aria-errormessage': error ? `${id}-error` : undefined,
    'aria-describedby': [(prose || hint) && `${id}-help`, error && `${id}-error`].filter(Boolean).join(' ') || undefined,
    'aria-required': required ? 'true' : undefined,
  };
  const own = { schema, kind, draft, set, path, label, context, unit, attributes };
  const Parts = GROUPS[kind];
  if (Parts) {
    const { disabled, 'aria-required': _, ...said } = attributes;
    return html`<fieldset class="field group" tabindex="-1" ...${said}>
      <legend>${label}</legend><div class="tools">${tools}</div>${notes}<${Parts} ...${own} />
    </fieldset>`;
  }
  const Input = LEAVES[kind];
  return html`<div class="field"><div class="head"><label class="label" for=${id}>${label}</label>${tools}</div><${Input} ...${own} />${notes}</div>`;
}

function Tool({ name, text, act, context: { isFixed } }) {
  return html`<button type="button" class="quiet" aria-label=${name} disabled=${isFixed} onClick=${act}>${text}</button>`;
}

const count = (from, to, what) => lengthWords(from, to, what).replace(' of ', '');

function hintOf(schema, kind) {
  switch (kind) {
    case 'integer':
    case 'number':
      return isOfType(schema) ? '' : rangeWords(schema).trim().replace(/^of /, '');
    case 'string':
      return [count(schema.minLength, schema.maxLength, 'character'), schema.pattern && `like ${schema.pattern}`].filter(Boolean).join(', ');
    case 'array':
      return count(schema.minItems, schema.maxItems, 'item');
    case 'json':
      return 'JSON';
    default:
      return '';
  }
}

// --- what is one input ---

function Numeric({ schema, kind, draft, set, label, unit, attributes }) {
  const { from, to } = range(schema);
  const isSlider = from !== undefined && to !== undefined && !isOfType(schema);
  const step = kind === 'integer' ? 1 : 10 ** Math.floor(Math.log10((Number(to) - Number(from)) / 200));
  const slid = (event) => set(String(Number(Number(event.target.value).toFixed(10))));
  const nudge = (event) => {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    // An integer that a number would round is left to be typed.
    if (!by || !Number.isSafeInteger(Math.trunc(Number(draft)))) return;
    event.preventDefault();
    const next = Number((Number(draft) + by * (isSlider ? step : 1)).toFixed(10));
    set(String(Math.min(Math.max(next, Number(from ?? -Infinity)), Number(to ?? Infinity))));
  };
  return html`<div class="numeric">
    ${isSlider && html`<input type="range" aria-label=${label} min=${from} max=${to} step=${step} value=${draft === '' ? from : draft}
      disabled=${attributes.disabled} onInput=${slid} />`}
    <input type="text" role="spinbutton" inputmode=${kind === 'integer' ? 'numeric' : 'decimal'} autocomplete="off" ...${attributes} value=${draft}
      aria-valuenow=${Number.isFinite(Number(draft)) && draft !== '' ? draft : undefined} aria-valuetext=${draft} aria-valuemin=${from} aria-valuemax=${to}
      onInput=${(event) => set(event.target.value)} onKeyDown=${nudge} />
    ${unit && html`<span class="unit">${unit}</span>`}
  </div>`;
}

function Text({ schema, draft, set, label, attributes }) {
  const onInput = (event) => set(event.target.value);
  if (schema.format === 'color') {
    return html`<div class="numeric"><input type="color" aria-label="Pick ${label}" value=${draft} disabled=${attributes.disabled} onInput=${onInput} />
      <input type="text" ...${attributes} value=${draft} onInput=${onInput} /></div>`;
  }
  if (schema.maxLength > 200) return html`<textarea rows="3" ...${attributes} value=${draft} onInput=${onInput} />`;
  const like = LIKE[schema.format] ?? '';
  return html`<input type="text" autocomplete="off" spellcheck=${false} placeholder=${like} ...${attributes} value=${draft} onInput=${onInput} />`;
}

function Json({ draft, set, attributes }) {
  const rows = Math.min(8, draft.split('\n').length + 1);
  const onInput = (event) => set(event.target.value);
  return html`<textarea class="code" rows=${rows} spellcheck=${false} ...${attributes} value=${draft} onInput=${onInput} />`;
}

function Check({ draft, set, attributes }) {
  return html`<input type="checkbox" ...${attributes} checked=${draft} onChange=${(event) => set(event.target.checked)} />`;
}

function Choice({ schema, draft, set, attributes }) {
  const options = choices(schema);
  const onChange = (event) => set(event.target.value === '' ? '' : Number(event.target.value));
  return html`<select ...${attributes} value=${draft} onChange=${onChange}>
      ${options[draft] === undefined && html`<option value="">Choose …</option>`}
      ${options.map((option, index) => html`<option value=${index}>${option.title}</option>`)}
    </select>
    ${options[draft]?.description && html`<p class="help">${options[draft].description}</p>`}`;
}

const Trigger = ({ attributes }) => html`<p class="help" id=${attributes.id}>Nothing to fill in: it is there when it is sent.</p>`;

const LEAVES = { integer: Numeric, number: Numeric, string: Text, boolean: Check, choice: Choice, json: Json, trigger: Trigger };

// --- what has parts ---

function Fields({ schema, draft, set, path, context, shown = Object.keys(schema.properties) }) {
  return shown.map((name) => html`<${Field} key=${name} schema=${schema.properties[name]} draft=${draft.fields[name]} path=${join(path, name)}
    label=${schema.properties[name].title ?? name} required=${schema.required?.includes(name)} context=${context}
    set=${(next) => set((now) => ({ ...now, fields: { ...now.fields, [name]: applied(next, now.fields[name]) } }))} />`);
}

export const applied = (next, now) => (typeof next === 'function' ? next(now) : next);

function Color(own) {
  const { schema, draft, set, label, context } = own;
  const pick = (event) => set({ ...draft, fields: { ...draft.fields, ...readColor(schema, draft.fields, event.target.value) } });
  return html`<input type="color" aria-label=${label} value=${colorText(schema, draft.fields)} disabled=${context.isFixed} onInput=${pick} />
    <div class="beside"><${Fields} ...${own} shown=${colorOrder(schema)} /></div>`;
}

function colorOrder({ properties }) {
  const at = (name) => 'rghsbvla'.indexOf(name[0].toLowerCase());
  return Object.keys(properties).sort((one, other) => at(one) - at(other));
}

function Parts({ schema, kind, draft, set, path, label, context }) {
  const { parts } = draft;
  const isMap = kind === 'map';
  const inner = (index) => (kind === 'tuple' ? places(schema)[index] : innerOf(schema));
  const change = (id, by) => set((now) => ({ ...now, parts: now.parts.map((it) => (it.id === id ? { ...it, ...by(it) } : it)) }));
  const isGrowing = kind !== 'tuple' && parts.length < (schema.maxItems ?? schema.maxProperties ?? Infinity);
  const isShrinking = kind !== 'tuple' && parts.length > (schema.minItems ?? 0);
  return html`${parts.map((it, index) => html`<div class="part" key=${it.id}>
      ${isMap && html`<input type="text" class="mapkey" aria-label="Key ${index + 1} of ${label}" value=${it.name} disabled=${context.isFixed}
        onInput=${(event) => change(it.id, () => ({ name: event.target.value }))} />`}
      <${Field} schema=${inner(index)} draft=${it.draft} label="${label} ${index + 1}" required=${true} context=${context}
        path=${isMap ? join(path, it.name) : `${path}[${index}]`} set=${(next) => change(it.id, (now) => ({ draft: applied(next, now.draft) }))}
        remove=${isShrinking && (() => set((now) => ({ ...now, parts: now.parts.filter((other) => other !== it) })))} />
    </div>`)}
    ${isGrowing && html`<button type="button" class="quiet add" disabled=${context.isFixed} aria-label="Add to ${label}"
      onClick=${() => set((now) => ({ ...now, parts: [...now.parts, part(draftOf(inner(now.parts.length)))] }))}>+ Add</button>`}`;
}

function Variants(own) {
  const { schema, draft, set, label, context } = own;
  const tag = Object.keys(schema.oneOf[0].properties).find((name) => schema.oneOf.every((variant) => 'const' in (variant.properties[name] ?? {})));
  const title = ({ title, properties }, index) => {
    const names = Object.keys(properties);
    const said = tag ? (properties[tag].title ?? String(properties[tag].const)) : names.length === 1 ? names[0] : `variant ${index + 1}`;
    return title ?? said;
  };
  const at = schema.oneOf[draft.at];
  // What several variants have is kept from one to the next.
  const choose = (event) => {
    const chosen = schema.oneOf[event.target.value];
    const isSame = (name) => name !== tag && name in chosen.properties && kindOf(at.properties[name]) === kindOf(chosen.properties[name]);
    const kept = Object.entries(draft.fields).filter(([name, held]) => held !== undefined && isSame(name));
    set({ at: Number(event.target.value), fields: { ...draftOf({ oneOf: [chosen] }).fields, ...Object.fromEntries(kept) } });
  };
  return html`<div class="field"><div class="head"><label class="label" for="${own.attributes.id}-tag">${tag ?? `Kind of ${label}`}</label></div>
      <select id="${own.attributes.id}-tag" value=${draft.at} disabled=${context.isFixed} onChange=${choose}>
        ${schema.oneOf.map((variant, index) => html`<option value=${index}>${title(variant, index)}</option>`)}
      </select></div>
    <${Fields} ...${own} schema=${at} shown=${Object.keys(at.properties).filter((name) => name !== tag)} />`;
}

function Either(own) {
  const { draft, set, label, attributes, context } = own;
  const named = { ...attributes, id: `${attributes.id}-text`, 'aria-label': label };
  const onChange = (event) => set((now) => ({ ...now, asText: event.target.value === 'json' }));
  return html`<div class="field">
      <select aria-label="Kind of ${label}" value=${draft.asText ? 'json' : 'fields'} disabled=${context.isFixed} onChange=${onChange}>
        <option value="fields">with fields</option><option value="json">as JSON</option>
      </select>
    </div>
    ${draft.asText
      ? html`<${Json} draft=${draft.text} attributes=${named} set=${(text) => set((now) => ({ ...now, text }))} />`
      : html`<${Fields} ...${own} />`}`;
}

const GROUPS = { object: Fields, color: Color, array: Parts, tuple: Parts, map: Parts, variants: Variants, either: Either, empty: () => null };
