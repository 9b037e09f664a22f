// A form's draft: what its fields hold while they are edited, how it begins, and the value it stands for.
//
// A draft is `undefined` where a field is left out, `NULL` for null, text for numbers, strings and JSON
// (so that nothing typed is lost or rounded), an index for a choice, and an object for what has parts.
import { integer, parse, write } from './json.js';
import { choices, innerOf, kindOf, places } from './schema.js';
import { Unreadable } from './validate.js';

/** Null as a draft. */
export const NULL = Symbol('null');

let lastId = 0;
/** A part of a list or map, with an identity that outlives the removal of others. */
export const part = (draft, name = '') => ({ id: ++lastId, name, draft });

/** The draft of a value, or where there is none what a form begins with. */
export function draftOf(schema, value = schema.default) {
  if (value === null && kindOf(schema) !== 'json' && kindOf(schema) !== 'trigger') {
    const at = choices(schema)?.findIndex((option) => option.value === null) ?? -1;
    return at >= 0 ? at : NULL;
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  switch (kindOf(schema)) {
    case 'choice': {
      const options = choices(schema);
      if (value === undefined) return options.length === 1 ? 0 : '';
      return options.findIndex((option) => write(option.value) === write(value));
    }
    case 'boolean':
      return value === true;
    case 'integer':
    case 'number':
      return value === undefined ? '' : write(value);
    case 'string':
      return typeof value === 'string' ? value : '';
    case 'color':
    case 'object':
      return { fields: fieldsOf(schema, isObject ? value : {}) };
    case 'map':
      return { parts: Object.entries(isObject ? value : {}).map(([name, item]) => part(draftOf(innerOf(schema), item), name)) };
    case 'array': {
      const items = Array.isArray(value) ? value : Array.from({ length: schema.minItems ?? 0 });
      return { parts: items.map((item) => part(draftOf(innerOf(schema), item))) };
    }
    case 'tuple':
      return { parts: places(schema).map((place, index) => part(draftOf(place, value?.[index]))) };
    case 'variants': {
      const fits = (variant) => Object.entries(variant.properties).every(([name, field]) => !('const' in field) || value?.[name] === field.const);
      const at = Math.max(0, isObject ? schema.oneOf.findIndex(fits) : 0);
      return { at, fields: fieldsOf(schema.oneOf[at], isObject ? value : {}) };
    }
    case 'either':
      return { asText: value !== undefined && !isObject, text: value === undefined ? '' : write(value), fields: fieldsOf(schema, isObject ? value : {}) };
    case 'json':
      return value === undefined ? write(schema.examples?.[0] ?? null) : write(value, '  ');
    default:
      return {};
  }
}

function fieldsOf(schema, value) {
  return Object.fromEntries(
    Object.entries(schema.properties).map(([name, field]) => {
      const isThere = Object.hasOwn(value, name) || schema.required?.includes(name);
      return [name, isThere ? draftOf(field, value[name]) : undefined];
    }),
  );
}

/** The value of a draft; `undefined` where there is none. */
export function read(schema, draft) {
  if (draft === undefined) return undefined;
  if (draft === NULL) return null;
  switch (kindOf(schema)) {
    case 'choice':
      return choices(schema)[draft]?.value;
    case 'integer':
    case 'number':
      return number(draft);
    case 'array':
      return draft.parts.map(({ draft }) => read(innerOf(schema), draft));
    case 'tuple':
      return places(schema).map((place, index) => read(place, draft.parts[index].draft));
    case 'map':
      return readMap(innerOf(schema), draft.parts);
    case 'color':
    case 'object':
      return readFields(schema, draft.fields);
    case 'variants':
      return readFields(schema.oneOf[draft.at], draft.fields);
    case 'either':
      return draft.asText ? json(draft.text) : readFields(schema, draft.fields);
    case 'json':
      return json(draft);
    case 'trigger':
      return null;
    case 'empty':
      return {};
    default:
      return draft;
  }
}

function number(text) {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (/^[+-]?\d+$/.test(trimmed)) return integer(trimmed);
  const read = Number(trimmed);
  // What is not a number goes to the check as it is, which says so in the executor's words.
  return Number.isFinite(read) ? read : trimmed;
}

function json(text) {
  if (text.trim() === '') return undefined;
  try {
    return parse(text);
  } catch (error) {
    return new Unreadable(`is not JSON: ${error.message}`);
  }
}

const readFields = (schema, fields) =>
  Object.fromEntries(
    Object.entries(schema.properties)
      .map(([name, field]) => [name, read(field, fields[name])])
      .filter(([, value]) => value !== undefined),
  );

function readMap(schema, parts) {
  const twice = parts.find(({ name }, index) => parts.findIndex((other) => other.name === name) < index);
  if (twice) return new Unreadable(`has the name ${JSON.stringify(twice.name)} twice`);
  return Object.fromEntries(parts.map(({ name, draft }) => [name, read(schema, draft)]));
}
