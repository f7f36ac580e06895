/** Words by key, in the language of the person. A page never mixes two languages. */

/** @typedef {"zh-CN" | "en"} Language */

/** @type {Record<string, string>} */
let words = {};

/** @type {Set<() => void>} */
const listeners = new Set();

/** @returns {Language} */
export function language() {
  return document.documentElement.lang === "zh-CN" ? "zh-CN" : "en";
}

/** @type {Set<string>} sections whose words are here */
const sections = new Set();

/** Load the dictionary of this page's language; nothing may be translated before. */
export async function loadWords() {
  words = await dictionaries(language());
}

/** @param {Language} of @returns {Promise<Record<string, string>>} of the page and of every section that is here */
async function dictionaries(of) {
  const all = await Promise.all(["", ...[...sections].map((name) => `${name}/`)].map((below) => dictionary(below, of)));
  return Object.assign({}, ...all.reverse());
}

/**
 * Load the words of a section, of the pages that leave them out at first; harmless when they are there.
 * @param {string} name of its module
 */
export async function loadSection(name) {
  if (sections.has(name)) return;
  const asked = language();
  const found = await dictionary(`${name}/`, asked);
  if (asked !== language()) return loadSection(name);
  sections.add(name);
  words = { ...found, ...words };
}

/** @param {string} below where the page's words are @param {Language} of @returns {Promise<Record<string, string>>} */
async function dictionary(below, of) {
  const place = document.documentElement.dataset.words ?? import.meta.url;
  const reply = await fetch(new URL(`${below}${of}.json`, new URL(place, location.href)));
  if (!reply.ok) throw new Error(`dictionary: ${reply.status}`);
  return reply.json();
}

/** @type {Language | null} of which the words of refusals are known */
let refusals = null;

/** Fetch the words of what central refuses; harmless when they are there. @param {string} place that ends with `/` */
export async function loadRefusals(place) {
  if (refusals === language()) return;
  const asked = language();
  const reply = await fetch(`${place}${asked}.json`).catch(() => null);
  // Central may be restarting: its answer can be cut off half way.
  const found = reply?.ok ? await reply.json().catch(() => null) : null;
  if (!found || asked !== language()) return;
  words = { ...found, ...words };
  refusals = asked;
}

/** @type {Language | null} asked for last, while its words are on the way */
let coming = null;

/**
 * Change the language of the page, for this browser, when its words are here: until then the page is in the language
 * that it was, since what is drawn in between would mix the two. Of several wishes the last one counts.
 * @param {Language} wanted
 */
export async function setLanguage(wanted) {
  if (wanted === (coming ?? language())) return;
  remember("menshen.language", wanted);
  coming = wanted;
  const known = sections.size;
  /** @type {Record<string, string>} */
  let found;
  try {
    found = await dictionaries(wanted);
  } catch (error) {
    if (coming === wanted) coming = null;
    throw error;
  }
  if (coming !== wanted) return;
  coming = null;
  if (known !== sections.size) return setLanguage(wanted);
  words = found;
  document.documentElement.lang = wanted;
  translate(document);
  for (const listener of listeners) listener();
}

/** @param {() => void} listener called after the language has changed */
export function onLanguage(listener) {
  listeners.add(listener);
}

/**
 * The words of a key.
 * @param {string} key
 * @param {Record<string, string | number>} [values] for the `{name}` places in the words
 */
export function t(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}

/** Whether there are words of a key. @param {string} key */
export function hasWords(key) {
  return key in words;
}

/**
 * The words for a value from the contract, such as a reason; the value itself when it is newer than
 * this page.
 * @param {string} group
 * @param {string} value
 */
export function term(group, value) {
  return words[`${group}.${value}`] ?? value;
}

/** Every key of a group, in the dictionary's order, without the group's name.
 * @param {string} group */
export function termsOf(group) {
  const prefix = `${group}.`;
  return Object.keys(words)
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
}

/**
 * A name that the site file gives by language.
 * @param {string | Record<string, string> | null | undefined} name
 * @param {string} otherwise
 */
export function localName(name, otherwise) {
  if (typeof name === "string") return name || otherwise;
  return name?.[language()] ?? otherwise;
}

/**
 * Fill in everything below `root` that carries a key.
 * @param {ParentNode} root
 */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-t]")) {
    element.textContent = t(/** @type {HTMLElement} */ (element).dataset.t ?? "");
  }
  for (const attribute of ["placeholder", "title", "aria-label"]) {
    for (const element of root.querySelectorAll(`[data-t-${attribute}]`)) {
      element.setAttribute(attribute, t(element.getAttribute(`data-t-${attribute}`) ?? ""));
    }
  }
}

/** What this browser remembers; null where that is nothing. @param {string} name */
export function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/**
 * Remember a choice in this browser, where that is allowed.
 * @param {string} name
 * @param {string} value
 */
export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // A browser that forbids storage shows the choice until the page is left.
  }
}
