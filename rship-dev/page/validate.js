// The checks of the executor, in its words, so that a form refuses what it would refuse.
import { choices, isOfType, places, range } from './schema.js';
import { write } from './json.js';

/** Text in a form that is not JSON. */
export class Unreadable {
  constructor(reason) {
    this.reason = reason;
  }
}

/** All that is wrong with a value: `[{path, text}]`. The path is as in `points[2].x`. */
export function validate(schema, value, path = '', required = true, errors = []) {
  const wrong = (text) => (errors.push({ path, text }), errors);
  if (value === undefined) return required ? wrong(`is missing: expected ${expected(schema)}`) : errors;
  if (value instanceof Unreadable) return wrong(value.reason);
  const options = choices(schema);
  if (options) {
    if (options.some((option) => same(option.value, value))) return errors;
    if (value === null && (schema.nullable || !required)) return errors;
    return wrong(`expected ${expected(schema)}, got ${describe(value)}`);
  }
  if (value === null) {
    if (!schema.type || schema.nullable || schema.type === 'null' || !required) return errors;
    return wrong(`is null: expected ${expected(schema)}`);
  }
  if (schema.type && !isOf(schema.type, value)) return wrong(`expected ${expected(schema)}, got ${describe(value)}`);
  if (schema.oneOf) return variants(schema, value, path, errors);
  if (isOf('number', value) && !inRange(schema, value)) {
    return wrong(`expected ${expected(schema, true)}, got ${describe(value)}`);
  }
  if (typeof value === 'string' && !inLength([...value].length, schema.minLength, schema.maxLength)) {
    return wrong(`expected ${expected(schema)}, got ${describe(value)}`);
  }
  if (Array.isArray(value)) {
    if (!inLength(value.length, schema.minItems, schema.maxItems)) {
      return wrong(`expected ${expected(schema)}, got ${describe(value)}`);
    }
    const each = schema.prefixItems ? places(schema) : value.map(() => schema.items ?? {});
    value.forEach((item, index) => validate(each[index] ?? {}, item, `${path}[${index}]`, true, errors));
  } else if (isOf('object', value)) {
    fields(schema, value, path, errors);
  }
  return errors;
}

function fields(schema, value, path, errors) {
  const named = schema.properties ?? {};
  for (const [name, field] of Object.entries(named)) {
    const isRequired = (schema.required ?? []).includes(name);
    validate(field, Object.hasOwn(value, name) ? value[name] : undefined, join(path, name), isRequired, errors);
  }
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(named, name)) continue;
    if (typeof schema.additionalProperties === 'object') {
      validate(schema.additionalProperties, value[name], join(path, name), true, errors);
    } else if (schema.additionalProperties === false) {
      errors.push({ path: join(path, name), text: `is unknown: expected ${knownNames(Object.keys(named))}` });
    }
  }
}

/** Of variants the one is checked whose constants the value has. */
function variants({ oneOf }, value, path, errors) {
  const fits = oneOf.map((variant) => validate(variant, value, path));
  if (fits.some((found) => !found.length)) return errors;
  const tagged = oneOf.findIndex((variant) =>
    Object.entries(variant.properties ?? {}).some(([name, field]) => 'const' in field && value?.[name] === field.const),
  );
  errors.push(...(fits[tagged] ?? [{ path, text: 'fits none of the variants' }]));
  return errors;
}

export const join = (path, name) => (path ? `${path}.${name}` : name);

function isOf(type, value) {
  switch (type) {
    case 'integer':
      return typeof value === 'bigint' || Number.isInteger(value);
    case 'number':
      return typeof value === 'bigint' || typeof value === 'number';
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'null':
      return value === null;
    default:
      return typeof value === type;
  }
}

function inRange(schema, value) {
  const { from, to, above, below } = range(schema);
  // As an f32 holds it: 0.1 and the f64 next to it are the same there.
  const held = schema.format === 'float' ? Math.fround : (number) => number;
  const [at, low, high] = [value, from, to].map((it) => (typeof it === 'number' ? held(it) : it));
  return (low === undefined || (above ? at > low : at >= low)) && (high === undefined || (below ? at < high : at <= high));
}

const inLength = (length, from = 0, to = Infinity) => length >= from && length <= to;
const same = (one, other) => one === other || write(one) === write(other);

/** What is taken, to be read after "expected". */
export function expected(schema, withRange = !isOfType(schema)) {
  const options = choices(schema);
  if (options) {
    const words = options.slice(0, 12).map(({ value }) => describeChoice(value));
    if (options.length > 12) words.push('…');
    return options.length === 1 ? words[0] : `one of ${words.join(', ')}`;
  }
  const bounds = withRange ? rangeWords(schema) : '';
  switch (schema.type) {
    case 'integer':
      return `an integer${bounds}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return `a string${lengthWords(schema.minLength, schema.maxLength, 'character')}`;
    case 'array':
      return `an array${lengthWords(schema.minItems, schema.maxItems, 'item')}`;
    case 'object':
      return 'an object';
    case 'number':
      return `a number${bounds}`;
    default:
      return bounds ? `a number${bounds}` : 'a value';
  }
}

/** The bounds in words, with a space before them. */
export function rangeWords(schema) {
  const { from, to, above, below } = range(schema);
  if (from === undefined && to === undefined) return '';
  if (to === undefined) return above ? ` above ${from}` : ` of at least ${from}`;
  if (from === undefined) return below ? ` below ${to}` : ` of at most ${to}`;
  const [first, second] = above ? ['above', below ? 'and below' : 'up to'] : ['from', below ? 'to below' : 'to'];
  return ` ${first} ${from} ${second} ${to}`;
}

/** A length in words, with a space before them. */
export function lengthWords(from, to, what) {
  const count = (n) => `${n} ${what}${n === 1 ? '' : 's'}`;
  if (to === undefined) return from ? ` of at least ${count(from)}` : '';
  if (!from) return ` of at most ${count(to)}`;
  return from === to ? ` of ${count(to)}` : ` of ${from} to ${count(to)}`;
}

const quote = (text) => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
const describeChoice = (value) => (typeof value === 'string' ? quote(value) : describe(value));

function describe(value) {
  if (typeof value === 'string') return `the string ${quote(value)}`;
  if (Array.isArray(value)) return value.length ? `an array of ${value.length} item${value.length === 1 ? '' : 's'}` : 'an empty array';
  if (isOf('object', value)) return Object.keys(value).length ? 'an object' : 'an empty object';
  return write(value);
}

function knownNames(names) {
  const words = names.map((name) => `\`${name}\``);
  return words.length > 1 ? `one of ${words.join(', ')}` : (words[0] ?? 'no arguments here');
}

/** The field that shows what is wrong at a path: its own, or the one that holds it as one text. */
export function shownAt(path, paths) {
  while (path && !paths.includes(path)) path = path.slice(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('['), 0));
  return path;
}

/** Which of a form's paths an executor's error names in backticks; `undefined` where none. */
export function namedIn(text, paths) {
  for (const [, said] of text.matchAll(/`([^`]+)`/g)) {
    // What is inside of a value that the form holds as one text is shown at that text.
    const path = shownAt(said, paths);
    if (path) return path;
  }
  return /^(the payload|argument)\b/.test(text.replace(/^action `[^`]*`: /, '')) && paths.includes('') ? '' : undefined;
}
