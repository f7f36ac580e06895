/** Refusals at a lane, forgiven after a question: nobody is asked for a second credential there any more. */

import { post } from "./api.js";
import { actionForm, openDialog } from "./forms.js";
import { h } from "/web/dom.js";
import { t } from "/web/i18n.js";

/** @param {string} point its identifier @param {string} name */
export function askToForgiveRefusals(point, name) {
  const form = actionForm("forgive.now", [h("p", {}, t("forgive.hint"))], async () => {
    await post("/forgiven", { access_point: point });
    dialog.close();
  });
  const dialog = openDialog(t("forgive.sure", { name }), form);
}
