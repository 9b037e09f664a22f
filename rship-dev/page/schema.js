// What a JSON Schema asks for, in the few shapes that forms know. The shapes are those of the schema
// profile; what other executors announce ($ref, anyOf with null, prefixItems) is brought to them.

import { write } from './json.js';

const DEEPEST = 8;
const known = new WeakMap();

/** A schema as forms read it: references in place, null as `nullable`. `null` where there is none. */
export function simple(schema) {
  // A 2023 server holds a schema as its text.
  if (typeof schema === 'string') {
    try {
      schema = JSON.parse(schema);
    } catch {
      return null;
    }
  }
  if (schema === true) return {};
  if (!schema || typeof schema !== 'object') return null;
  if (!known.has(schema)) known.set(schema, walk(schema, schema, 0));
  return known.get(schema);
}

function walk(schema, root, depth) {
  if (!schema || typeof schema !== 'object' || depth > DEEPEST) return {};
  let out = { ...schema };
  if (typeof out.$ref === 'string') {
    const { $ref, ...rest } = out;
    const found = $ref.split('/').slice(1).reduce((at, key) => at?.[key], root);
    out = { ...walk(found, root, depth + 1), ...rest };
  }
  for (const part of out.allOf ?? []) out = { ...walk(part, root, depth + 1), ...out };
  for (const key of ['oneOf', 'anyOf']) {
    if (!out[key]) continue;
    const members = out[key].filter((member) => member.type !== 'null');
    const nullable = out.nullable || members.length < out[key].length;
    const parts = members.map((member) => walk(member, root, depth + 1));
    const { [key]: _, ...rest } = out;
    if (parts.length === 1 && !('const' in parts[0])) out = { ...parts[0], ...rest, nullable };
    else out = { ...rest, oneOf: parts, nullable };
  }
  if (Array.isArray(out.type)) {
    const types = out.type.filter((type) => type !== 'null');
    out.nullable ||= types.length < out.type.length;
    out.type = types.length === 1 ? types[0] : undefined;
  }
  const inside = (part) => walk(part, root, depth + 1);
  if (out.properties) out.properties = mapped(out.properties, inside);
  if (out.items) out.items = inside(out.items);
  if (out.prefixItems) out.prefixItems = out.prefixItems.map(inside);
  if (typeof out.additionalProperties === 'object') {
    out.additionalProperties = inside(out.additionalProperties);
  }
  return out;
}

const mapped = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

const COLORS = ['r g b', 'r g b a', 'red green blue', 'red green blue alpha', 'h s l', 'h s l a', 'h s v', 'h s v a'].map(
  (names) => names.split(' ').sort().join(),
);

/** The shape of a schema's form. */
export function kindOf(schema) {
  if (choices(schema)) return 'choice';
  if (schema.format === 'exec-tick' || schema.type === 'null') return 'trigger';
  if (schema.oneOf) return schema.oneOf.every((member) => member.properties) ? 'variants' : 'json';
  const fields = Object.entries(schema.properties ?? {});
  switch (schema.type) {
    case 'boolean':
    case 'integer':
    case 'number':
    case 'string':
      return schema.type;
    case 'array':
      if (schema.prefixItems || isFixed(schema)) return 'tuple';
      return 'array';
    case 'object':
      if (isColor(fields)) return 'color';
      if (fields.length) return 'object';
      return schema.additionalProperties ? 'map' : 'empty';
    default:
      return fields.length ? 'either' : 'json';
  }
}

const isFixed = ({ items, minItems, maxItems }) =>
  items && minItems !== undefined && minItems === maxItems && maxItems <= 64;

/** Whether these fields are those of a colour: their names say so. */
export function isColor(fields) {
  const names = fields.map(([name]) => name.toLowerCase()).sort().join();
  return COLORS.includes(names) && fields.every(([, { type }]) => type === 'number' || type === 'integer');
}

/** What can be chosen, `null` where anything goes. */
export function choices(schema) {
  const titled = schema.oneOf?.every((member) => 'const' in member) ? schema.oneOf : null;
  const values = schema.enum ?? titled?.map((member) => member.const) ?? ('const' in schema ? [schema.const] : null);
  return values?.map((value) => {
    const { title, description } = titled?.find((member) => member.const === value) ?? {};
    return { value, title: title ?? (typeof value === 'string' ? value : write(value)), description };
  });
}

/** The schemas of a tuple's places. */
export function places(schema) {
  return schema.prefixItems ?? Array.from({ length: schema.minItems }, () => schema.items);
}

/** The schema of a list's items, or of a map's values. */
export function innerOf({ type, items, additionalProperties }) {
  const inner = type === 'array' ? items : additionalProperties;
  return typeof inner === 'object' ? inner : {};
}

/** The lower and the upper bound of numbers, with whether they are outside themselves. */
export function range({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
  return {
    from: exclusiveMinimum ?? minimum,
    to: exclusiveMaximum ?? maximum,
    above: exclusiveMinimum !== undefined,
    below: exclusiveMaximum !== undefined,
  };
}

/** Whether the bounds are only those of a wide integer type, which tell a person nothing. */
export function isOfType({ format = '', minimum, maximum }) {
  return /int/.test(format) && (maximum ?? 2 ** 31) > 2 ** 31 - 2 && (minimum ?? 0) <= 0 && (minimum === 0 || minimum === undefined || minimum <= -(2 ** 31));
}

/** A description's prose and its unit, which the executor writes as its last sentence. */
export function described({ description = '', unit }) {
  const [, prose, said] = description.match(/^([\s\S]*?)\s*Unit: (.+?)\.?$/) ?? [, description];
  return { prose: prose.trim(), unit: unit ?? said };
}

/** The root's fields in the order, with the labels and under the headings that the layout says. */
export function laidOut(schema, layout = []) {
  const names = Object.keys(schema.properties ?? {});
  const said = layout.filter(({ path }) => names.includes(path));
  const rest = names.filter((name) => !said.some(({ path }) => path === name)).map((path) => ({ path }));
  return [...said, ...rest];
}
