/** A file on its way to central, with how much of it is there: what `fetch` does not tell. */

import { ApiError } from "./api.js";
import { loadRefusals } from "/web/i18n.js";

const NAME_LENGTH_MAX = 120;

/**
 * @param {string} path below `/api/v1`
 * @param {File} file
 * @param {(share: number) => void} onProgress 0..1
 * @returns {Promise<any>} the answer's JSON
 */
export function sendFile(path, file, onProgress) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", `/api/v1${path}?name=${encodeURIComponent(file.name.slice(0, NAME_LENGTH_MAX))}`);
    call.setRequestHeader("Content-Type", "application/octet-stream");
    call.responseType = "json";
    call.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
    call.addEventListener("error", () => reject(new ApiError(0, "no_connection", null)));
    call.addEventListener("load", async () => {
      if (call.status < 400) return resolve(call.response);
      await loadRefusals("/words/error/");
      reject(new ApiError(call.status, call.response?.code ?? `http_${call.status}`, call.response));
    });
    call.send(file);
  });
}
