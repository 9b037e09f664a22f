// The tree as the list of its rows: what is open, or what a search finds.

/** The words of a search, all of which have to be in a name or id. */
export const words = (query) => query.toLowerCase().split(/\s+/).filter(Boolean);

function has(node, searched) {
  node.hay ??= `${node.name}\n${node.id}`.toLowerCase();
  return searched.every((word) => node.hay.includes(word));
}

/**
 * The rows from top to bottom: `{key, kind, node, level, at, of, open}`. `open` is `undefined` for
 * what has nothing inside. `isOpen` says which keys are, unless something is searched for.
 */
export function rowsOf({ instances, roots, targets }, isOpen, query) {
  const searched = words(query);
  const isSearch = searched.length > 0;
  const rows = [];

  // The row of what has something inside is there before it is known whether the search finds
  // that, and is taken off again if not.
  function branch(kind, node, level, emitters, inner) {
    const row = { key: node.k, kind, node, level, at: 0, of: 0, open: undefined };
    const before = rows.length;
    rows.push(row);
    const isUnfolded = isSearch || isOpen(node.k);
    const children = [];
    if (isUnfolded) {
      for (const emitter of emitters) {
        if (isSearch && !has(emitter, searched)) continue;
        const leaf = { key: emitter.k, kind: 'emitter', node: emitter, level: level + 1, at: 0, of: 0, open: undefined };
        rows.push(leaf);
        children.push(leaf);
      }
      for (const key of inner) {
        const target = targets.get(key);
        const child = target && branch('target', target, level + 1, target.emitters, target.children);
        if (child) children.push(child);
      }
      number(children);
    }
    if (isSearch && !children.length && !has(node, searched)) {
      rows.length = before;
      return null;
    }
    if (isSearch ? children.length : emitters.length + inner.length) row.open = isUnfolded;
    return row;
  }

  const tops = [];
  for (const [key, instance] of instances) {
    const row = branch('instance', instance, 1, [], roots.get(key) ?? []);
    if (row) tops.push(row);
  }
  number(tops);
  return rows;
}

/** Each sibling's place among all. */
function number(siblings) {
  siblings.forEach((row, index) => {
    row.at = index + 1;
    row.of = siblings.length;
  });
}
