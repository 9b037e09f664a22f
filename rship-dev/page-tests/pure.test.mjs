// What of the page needs no browser: `node --test rship-dev/page-tests/*.mjs`.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse, write } from '../page/json.js';
import { kindOf, simple } from '../page/schema.js';
import { namedIn, validate } from '../page/validate.js';
import { NULL, draftOf, read } from '../page/form-value.js';
import { callLine, rustLine, shellQuote } from '../page/copy.js';
import { diff, difference } from '../page/format.js';
import { colorText, cssColor, readColor } from '../page/color.js';
import { indexAt, roundStep } from '../page/chart.js';
import { rowsOf } from '../page/tree-rows.js';

const golden = readFileSync(new URL('../../tests/src/corpus/golden.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => {
    const at = line.indexOf(': {');
    return [line.slice(0, at), parse(line.slice(at + 2))];
  });

test('an integer beyond 2^53 is read and written digit for digit', () => {
  const text = '{"a":18446744073709551615,"b":[-9007199254740993,0.1234567890123456],"c":"12345678901234567890"}';
  assert.equal(write(parse(text)), text);
  assert.equal(parse('18446744073709551615'), 18446744073709551615n);
});

test('what is left out is not written', () => {
  assert.equal(write({ a: undefined, b: null, c: [] }, '  '), '{\n  "b": null,\n  "c": []\n}');
});

test('each type of the corpus has a form, and what it begins with reads back as a value', () => {
  assert.ok(golden.length > 150);
  for (const [name, schema] of golden) {
    const value = read(simple(schema), draftOf(simple(schema)));
    assert.doesNotThrow(() => validate(simple(schema), value), name);
  }
});

test('a value fills the form of its type and comes out as it was', () => {
  const values = {
    u64: 18446744073709551615n,
    i64: -9223372036854775808n,
    f64: 0.25,
    bool: true,
    char: 'ü',
    'Option<Curve>': 'Smooth',
    Slot: 2,
    'show::Rgb': { b: 0.5, g: 0, r: 1 },
    'Vec<Cue>': [{ label: 'a', number: 1 }, { label: 'b', number: 2 }],
    '(f64, f64)': [1, 2.5],
    '(f64, String)': [1, 'x'],
    'HashMap<String, f64>': { a: 1.5 },
    External: { Square: 2 },
    ExternalMixed: 'Off',
    Internal: { path: 'a.mov', type: 'media-file' },
    'Vec<Option<f64>>': [1, null],
    AllOptional: { curve: 'Linear' },
  };
  for (const [name, value] of Object.entries(values)) {
    const schema = simple(golden.find(([of]) => of === name)[1]);
    const back = read(schema, draftOf(schema, value));
    assert.equal(write(back), write(value), name);
    assert.deepEqual(validate(schema, back), [], name);
  }
});

test('an optional enum is absent, null or a value', () => {
  const schema = simple({ properties: { mode: { anyOf: [{ enum: ['a', 'b'] }, { type: 'null' }] } }, type: 'object' });
  const sent = (mode) => write(read(schema, { fields: { mode } }));
  assert.equal(sent(undefined), '{}');
  assert.equal(sent(NULL), '{"mode":null}');
  assert.equal(sent(1), '{"mode":"b"}');
  assert.deepEqual(validate(schema, { mode: null }), []);
});

test('the checks say what the executor says', () => {
  const said = (schema, value) => validate(simple(schema), value).map(({ path, text }) => `${path}: ${text}`);
  const count = { type: 'object', required: ['count'], properties: { count: { type: 'integer', minimum: 1, maximum: 12 } } };
  assert.deepEqual(said(count, { count: 13 }), ['count: expected an integer from 1 to 12, got 13']);
  assert.deepEqual(said(count, { count: 3.5 }), ['count: expected an integer from 1 to 12, got 3.5']);
  assert.deepEqual(said(count, {}), ['count: is missing: expected an integer from 1 to 12']);
  assert.deepEqual(said({ type: 'string', minLength: 1, maxLength: 2 }, ''), [': expected a string of 1 to 2 characters, got the string ""']);
  assert.deepEqual(said({ type: 'array', minItems: 3, maxItems: 3, items: { type: 'number' } }, []), [': expected an array of 3 items, got an empty array']);
  assert.deepEqual(said({ type: 'array', items: { type: 'number' } }, [1, 'x']), ['[1]: expected a number, got the string "x"']);
  assert.deepEqual(said({ enum: ['a', 'b'] }, 'c'), [': expected one of "a", "b", got the string "c"']);
  assert.deepEqual(said({ type: 'integer', format: 'uint64', minimum: 0, maximum: 18446744073709551615n }, 18446744073709551616n).length, 1);
  assert.deepEqual(said({ type: 'object', additionalProperties: false, properties: { a: {} } }, { c: 1 }), ['c: is unknown: expected `a`']);
  assert.deepEqual(said({ type: 'number', format: 'float', maximum: 0.1 }, 0.10000000149011612), []);
});

test('variants are told apart by their tag', () => {
  const variant = (tag, name) => ({ type: 'object', required: ['t', name], properties: { t: { const: tag }, [name]: { type: 'number' } } });
  const schema = simple({ oneOf: [variant('dot', 'size'), variant('box', 'width')] });
  assert.equal(kindOf(schema), 'variants');
  assert.equal(write(read(schema, draftOf(schema, { t: 'box', width: 2 }))), '{"t":"box","width":2}');
  assert.deepEqual(validate(schema, { t: 'box', width: 'x' }), [{ path: 'width', text: 'expected a number, got the string "x"' }]);
});

test('an error of the executor is shown at the field that it names', () => {
  assert.equal(namedIn('action `a:b`: argument `fader.level` is missing', ['fader', 'fader.level']), 'fader.level');
  assert.equal(namedIn('argument `points[2].x`: expected a number', ['points']), 'points');
  assert.equal(namedIn('action `a:set`: the payload: expected a number', ['']), '');
  assert.equal(namedIn('the lamp `x` is broken', ['level']), undefined);
  // A map's key may be empty, or have dots.
  assert.equal(namedIn('argument `levels.` is missing', ['levels']), 'levels');
  assert.equal(namedIn('argument `levels..a.` is missing', ['levels']), 'levels');
});

test('a copied call is what a shell and what Rust read', () => {
  assert.equal(shellQuote('desk-lamp:set'), 'desk-lamp:set');
  assert.equal(shellQuote("it's"), `'it'\\''s'`);
  assert.equal(callLine('a:b', { text: "it's", big: 2n ** 64n - 1n }), `rship-dev call a:b '{"text":"it'\\''s","big":18446744073709551615}'`);
  assert.equal(callLine('a:b', undefined, 'one'), 'rship-dev call a:b --instance one');
  assert.equal(rustLine('a:b', { n: 5000000000, t: 'a"\n\u0007', l: [-1, 0.5, null] }), 'core.exec(None, "a:b", json!({"n": 5000000000_u64, "t": "a\\"\\n\\u{7}", "l": [-1, 0.5, null]})).await?;');
});

test('a difference names what changed', () => {
  assert.equal(difference(1, 1.25), '+0.250');
  assert.equal(difference({ a: 1, b: 'x' }, { a: 0, b: 'x' }), 'a −1');
  assert.deepEqual(diff([1, 2], [1]), [{ path: '[1]', from: 2, to: undefined }]);
});

test('a picked colour becomes the parts of its schema, and is read back', () => {
  for (const name of ['Rgb', 'RgbBytes', 'RedGreenBlueAlpha', 'Hsl', 'Hsva', 'UpperRgb']) {
    const schema = simple(golden.find(([of]) => of === name)[1]);
    const draft = draftOf(schema).fields;
    for (const picked of ['#4080c0', '#ffffff', '#000000', '#ff0000']) {
      const fields = { ...draft, ...readColor(schema, draft, picked) };
      assert.equal(colorText(schema, fields), picked, name);
      assert.deepEqual(validate(schema, read(schema, { fields })), [], name);
    }
  }
  assert.equal(cssColor({ r: 1, g: 0.5, b: 0 }), '#ff8000');
  assert.equal(cssColor({ r: 255, g: 128, b: 0 }), '#ff8000');
  assert.equal(cssColor({ x: 1, y: 2 }), null);
});

test('a plot has round steps and finds its times', () => {
  assert.deepEqual([7, 0.09, 1000].map((span) => roundStep(span, 5)), [2, 0.02, 200]);
  assert.deepEqual([0, 2, 3, 9].map((at) => indexAt([1, 2, 4], at)), [0, 1, 2, 3]);
});

const show = () => {
  const target = (k, parent, children, emitters) => ({ k, ik: 'i', parent, id: k, name: k.toUpperCase(), children, emitters });
  const targets = [target('t', null, ['u'], [{ k: 't:level', id: 't:level', name: 'Level' }]), target('u', 't', [], [{ k: 'u:pan', id: 'u:pan', name: 'Pan' }])];
  return { instances: new Map([['i', { k: 'i', id: 'i', name: 'I' }]]), roots: new Map([['i', ['t']]]), targets: new Map(targets.map((t) => [t.k, t])) };
};

test('the tree shows what is open, with its place among its siblings', () => {
  const rows = rowsOf(show(), (key) => key === 'i' || key === 't', '');
  assert.deepEqual(rows.map((row) => `${row.level} ${row.key} ${row.at}/${row.of}`), ['1 i 1/1', '2 t 1/1', '3 t:level 1/2', '3 u 2/2']);
});

test('a search finds names and ids, with the way to them', () => {
  const found = (query) => rowsOf(show(), () => false, query).map((row) => row.key);
  assert.deepEqual(found('pan'), ['i', 't', 'u', 'u:pan']);
  assert.deepEqual(found('T LEV'), ['i', 't', 't:level']);
  assert.deepEqual(found('nothing'), []);
});
