// The tree as the list of its rows: what is open, or what a search finds.

/** The words of a search, all of which have to be in a name or id. */
export const words = (query) => query.toLowerCase().split(/\s+/).filter(Boolean);

const hay = new WeakMap();
function has(node, searched) {
  if (!hay.has(node)) hay.set(node, `${node.name}\n${node.id}`.toLowerCase());
  const text = hay.get(node);
  return searched.every((word) => text.includes(word));
}

/**
 * The rows from top to bottom: `{key, kind, node, level, at, of, open}`. `open` is `undefined` for
 * what has nothing inside. `isOpen` says which keys are, unless something is searched for.
 */
export function rowsOf({ instances, roots, targets }, isOpen, query) {
  const searched = words(query);
  const rows = [];

  // Leaves out what holds nothing that was found, and opens what does. The rows of what is inside
  // are appended before it is known whether the search finds them, and taken off again if not.
  function add(kind, key, node, level, children) {
    const row = { key, kind, node, level, at: 0, of: 0, open: undefined };
    const found = searched.length > 0 && has(node, searched);
    const from = rows.length;
    rows.push(row);
    const descend = searched.length ? true : isOpen(key);
    const siblings = [];
    if (descend) {
      for (const child of children) {
        const at = rows.length;
        if (child()) siblings.push(rows[at]);
      }
      siblings.forEach((sibling, index) => Object.assign(sibling, { at: index + 1, of: siblings.length }));
    }
    if (searched.length && !found && !siblings.length) {
      rows.length = from;
      return false;
    }
    if (children.length) row.open = searched.length ? siblings.length > 0 : descend;
    return true;
  }

  function target(key, level) {
    const node = targets.get(key);
    if (!node) return false;
    const emitters = node.emitters.map((emitter) => () => add('emitter', emitter.k, emitter, level + 1, []));
    const inner = node.children.map((child) => () => target(child, level + 1));
    return add('target', key, node, level, [...emitters, ...inner]);
  }

  const tops = [];
  for (const [key, node] of instances) {
    const at = rows.length;
    const inner = (roots.get(key) ?? []).map((child) => () => target(child, 2));
    if (add('instance', key, node, 1, inner)) tops.push(rows[at]);
  }
  tops.forEach((row, index) => Object.assign(row, { at: index + 1, of: tops.length }));
  return rows;
}
