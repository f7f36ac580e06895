/** Elements without HTML strings: data becomes text, never markup. */

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, any>} [properties] `class`, `data`, `on*` handlers; others are attributes
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...present(children));
  return element;
}

/**
 * Replace what an element contains, unless it already says exactly that.
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  const wanted = present(children);
  const isText = wanted.every((child) => typeof child === "string");
  if (isText && element.children.length === 0 && element.textContent === wanted.join("")) return;
  element.replaceChildren(...wanted);
}

/** @param {Child[]} children @returns {(Node | string)[]} */
function present(children) {
  return children
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}

/**
 * Show items as rows, one element per key, moving as little as possible.
 * @template T
 * @param {Element} container
 * @param {readonly T[]} items
 * @param {{key: (item: T) => string, create: (item: T) => HTMLElement,
 *          update: (row: HTMLElement, item: T) => void}} row
 */
export function renderRows(container, items, row) {
  const known = new Map();
  for (const child of /** @type {HTMLElement[]} */ ([...container.children])) {
    known.set(child.dataset.key, child);
  }
  let place = container.firstElementChild;
  for (const item of items) {
    const key = row.key(item);
    let element = known.get(key);
    known.delete(key);
    if (!element) {
      element = row.create(item);
      element.dataset.key = key;
    }
    row.update(element, item);
    if (element === place) place = place.nextElementSibling;
    else container.insertBefore(element, place);
  }
  for (const element of known.values()) element.remove();
}
