/** Images that boards may run: taken in by file, each refusal beside the file that it is about. */

import "/web/data-table.js";
import { request } from "./api.js";
import { sendFile } from "./boards-upload.js";
import { formatSize, hwWords, natural, sign } from "./boards-words.js";
import { actionForm, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t } from "/web/i18n.js";

/**
 * @typedef {import("./boards-words.js").Image} Image
 * @typedef {import("./boards.js").Context} Context
 */

export class ImageList {
  #context;
  #input = /** @type {HTMLInputElement} */ (h("input", { type: "file", multiple: true, accept: ".bin,.img,.signed" }));
  #button = h("label", { class: "button" });
  #drop = h("div", { class: "drop" });
  #files = h("ul", { class: "files" });
  #table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "boards.none_such" }));
  #empty = h("div", { class: "empty first" });
  element = h("section", {}, this.#drop, this.#files, this.#table, this.#empty);

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    this.#drop.hidden = !context.mayManage;
    this.#table.rowKey = (image) => image.sha256;
    this.#table.columns = columns(context);
    this.#table.addEventListener("open", (event) => {
      const image = context.view.images.find(({ sha256 }) => sha256 === /** @type {CustomEvent} */ (event).detail);
      if (image) openImage(image, context);
    });
    this.#input.addEventListener("change", () => this.#take([...(this.#input.files ?? [])]));
    if (context.mayManage) this.#listen();
  }

  /** A file may be dropped anywhere: beside the list the browser would open it, and the page be gone. */
  #listen() {
    const hear = (/** @type {string} */ name, /** @type {(event: DragEvent) => void} */ run) =>
      document.addEventListener(name, (event) => {
        if (!this.element.isConnected) return;
        event.preventDefault();
        this.#drop.classList.toggle("is-over", name === "dragover");
        run(/** @type {DragEvent} */ (event));
      });
    hear("dragover", () => {});
    hear("dragleave", () => {});
    hear("drop", (event) => this.#take([...(event.dataTransfer?.files ?? [])]));
  }

  show() {
    const { images } = this.#context.view;
    fill(this.#button, h("kbd", {}, "u"), t("boards.upload"), this.#input);
    fill(this.#drop, this.#button, h("span", { class: "muted" }, t("boards.drop")));
    this.#table.hidden = images.length === 0;
    this.#empty.hidden = images.length > 0;
    const line = "imgtool sign --key k.pem --version 1.2.3+4 --align 4 --header-size 0x200 --pad-header\n  --slot-size 0x20000 --custom-tlv 0x00A0 0x0000002A board.bin board.signed.bin";
    fill(this.#empty, h("h2", {}, t("boards.no_images")), h("p", {}, t(this.#context.mayManage ? "boards.no_images_hint" : "boards.no_images_read")), this.#context.mayManage && h("pre", {}, line));
    this.#table.rows = images;
  }

  /** @param {1 | -1} by */
  move(by) {
    this.#table.move(by);
  }

  /** @param {string} key */
  press(key) {
    if (key === "u") this.#input.click();
  }

  /** One after another, so that what is said of each stands beside it. @param {File[]} files */
  async #take(files) {
    this.#input.value = "";
    // Whoever is in a field types: the page's keys would be dead until somebody clicks.
    this.#input.blur();
    const rows = files.map((file) => ({ file, row: fileRow(file) }));
    this.#files.prepend(...rows.map(({ row }) => row.element));
    for (const { file, row } of rows) await this.#send(file, row);
  }

  /** @param {File} file @param {ReturnType<typeof fileRow>} row */
  async #send(file, row) {
    try {
      const image = await sendFile("/firmware/images", file, row.progress);
      // Said when it can be rolled out.
      await this.#context.reload();
      row.say(null, t("boards.taken", { version: image.version, hw: hwWords(image.hw) }));
    } catch (/** @type {any} */ error) {
      row.say(2, error.sentence ?? t("error.other", { code: String(error) }));
    }
  }
}

/** @param {File} file */
function fileRow(file) {
  const bar = /** @type {HTMLProgressElement} */ (h("progress", { max: 1, value: 0, "aria-label": file.name }));
  const said = h("span", { role: "status" }, bar);
  const close = h("button", { type: "button", class: "quiet", "aria-label": t("action.close"), onclick: () => element.remove() }, "×");
  const element = h("li", {}, h("b", {}, file.name), h("span", { class: "muted" }, formatSize(file.size)), said, close);
  return {
    element,
    progress: (/** @type {number} */ share) => {
      bar.value = share;
    },
    say: (/** @type {2 | null} */ priority, /** @type {string} */ words) => fill(said, sign({ priority, words })),
  };
}

/** @param {Context} context @returns {import("/web/data-table.js").Column[]} */
function columns({ state, view }) {
  return [
    { title: "field.version", cell: (image) => [h("button", { class: "plain" }, image.version)], order: (image) => natural(image.version) },
    { title: "boards.file", cell: (image) => [image.name, h("small", { class: "below", title: image.sha256 }, h("code", {}, image.sha256.slice(0, 12)))], order: (image) => image.name },
    { title: "boards.hw", cell: (image) => [hwWords(image.hw)], order: (image) => image.hw },
    { title: "boards.counter", cell: (image) => [image.security_counter], isNumber: true, order: (image) => image.security_counter },
    { title: "boards.size", cell: (image) => [formatSize(image.size_bytes)], isNumber: true, order: (image) => image.size_bytes },
    { title: "boards.running_on", cell: (image) => [runningOn(image, view)], isNumber: true, order: (image) => runningOn(image, view) },
    { title: "boards.uploaded", cell: (image) => [formatTime(image.uploaded_at, state().zone), h("small", { class: "below" }, image.uploaded_by)], order: (image) => image.uploaded_at },
  ];
}

/** @param {Image} image @param {import("./boards.js").View} view */
function runningOn(image, view) {
  return view.boards.filter(({ identity }) => identity?.image === image.image).length;
}

/** @param {Image} image @param {Context} context */
function openImage(image, context) {
  /** @type {[string, import("/web/dom.js").Child][]} */
  const facts = [
    ["boards.file", image.name],
    ["boards.hw", hwWords(image.hw)],
    ["boards.counter", image.security_counter],
    ["boards.size", formatSize(image.size_bytes)],
    ["boards.sha256", h("code", { class: "hash" }, image.sha256)],
    ["boards.key", h("code", { class: "hash" }, image.key_hash)],
    ["boards.uploaded", `${formatTime(image.uploaded_at, context.state().zone)} · ${image.uploaded_by}`],
    ["boards.running_on", runningOn(image, context.view)],
  ];
  const dialog = openDialog(t("boards.image", { version: image.version }), h("dl", { class: "facts" }, ...facts.flatMap(([key, value]) => [h("dt", {}, t(key)), h("dd", {}, value)])));
  dialog.classList.add("board");
  if (!context.mayManage) return;
  const begin = async () => {
    dialog.close();
    (await import("./boards-new.js")).askForRollOut(context, null, image.sha256);
  };
  const removal = actionForm("boards.remove_image", [h("p", {}, t("boards.remove_hint"))], async () => {
    await request("DELETE", `/firmware/images/${image.sha256}`);
    dialog.close();
    await context.reload();
  });
  if (!image.is_used) dialog.append(h("details", {}, h("summary", {}, t("boards.remove_image")), removal));
  dialog.append(h("footer", {}, h("button", { type: "button", class: "primary", autofocus: true, onclick: begin }, t("boards.new_with"))));
}
