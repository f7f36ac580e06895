/** Photographs by personnel number, as the command `menshen people enrol-folder` reads a folder. */

const PICTURES = /\.(jpe?g|png|webp|bmp|tiff?)$/i;
const SEVERAL = /^(.+?)(?:_\d{1,2}| ?\(\d{1,2}\))$/;

/**
 * The number that a picture's name below the chosen folder says.
 * @param {string} name
 */
export function numberOf(name) {
  const parts = name.split("/");
  if (parts.length > 1) return parts[parts.length - 2];
  const stem = name.replace(/\.[^.]*$/, "");
  return SEVERAL.exec(stem)?.[1] ?? stem;
}

/**
 * Pictures by number, in the order of their names.
 * @param {readonly File[]} files
 * @returns {Map<string, {name: string, file: File}[]>}
 */
export function byNumber(files) {
  const found = new Map();
  const named = files.map((file) => ({ file, name: file.webkitRelativePath.split("/").slice(1).join("/") || file.name }));
  for (const { file, name } of named.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!PICTURES.test(name)) continue;
    const number = numberOf(name);
    found.set(number, [...(found.get(number) ?? []), { name, file }]);
  }
  return found;
}
