/**
 * What drivers, lines and tests say, in the language of the page. They say it in English, each with
 * one sentence for one thing; a sentence that is not known here is shown as it came.
 */

import { h } from "/web/dom.js";
import { language, t, term } from "/web/i18n.js";

/** @type {[RegExp, string][]} named groups become the places in the words */
const SENTENCES = [
  [/^unit (?<unit>\S+) on \S+: no reply in (?<n>[\d.]+) s$/, "said.no_reply"],
  [/^there is no port (?<port>.+): is the adapter plugged in\?$/, "said.no_port"],
  [/^port (?<port>.+) is used by another program: close it$/, "said.port_used"],
  [/^no permission to use port (?<port>\S+):/, "said.no_permission"],
  [/^port (?<port>\S+) is gone: /, "said.port_gone"],
  [/^(?<port>\S+) does not answer: /, "said.no_answer_at"],
  [/^(?<port>\S+) is open with (?<how>.+): close its devices first$/, "said.open_otherwise"],
  [/^(?<device>\S+) is being tested already$/, "said.tested_already"],
  [/^a test needs its line alone: close the other devices on (?<port>\S+)$/, "said.line_shared"],
  [/^there are (?<n>\d+) simulators: /, "said.too_many_simulators"],
  [/^there are (?<n>\d+) devices: /, "said.too_many_devices"],
  [/^a device needs a port$/, "said.needs_port"],
  [/^(?<driver>\S+) needs the setting (?<name>.+)$/, "said.needs_setting"],
  [/^\S+: (?<name>\S+) is (?<what>.+), not (?<value>.+)$/, "said.not_that"],
  [/^(?<name>\S+) is (?<what>.+ \(for example .+\)), not (?<value>.+)$/, "said.not_that"],
  [/^the device answers and is set up$/, "step.answers"],
  [/^an idle device reports nothing$/, "step.idle"],
  [/^one person is let in$/, "step.let_in"],
  [/^one person is let out$/, "step.let_out"],
  [/^a relay is pulsed$/, "step.pulse"],
  [/^a door is opened$/, "step.door"],
  [/^a text is shown$/, "step.text"],
  [/^the head moves and stops$/, "step.head"],
  [/^a pulled cable is noticed$/, "step.pulled"],
  [/^the device comes back$/, "step.back"],
  [/^after (?<n>[\d.]+) s$/, "step.after"],
  [/^it took (?<n>\d+) tries$/, "step.tries"],
  [/^not asked for: it moves something$/, "step.not_asked"],
  [/^over this transport nobody can tell a silent device from an absent one$/, "step.untold"],
  [/^the device did nothing: /, "step.did_nothing"],
  [/^what the driver knew before is taken for current: /, "step.not_forgotten"],
  [/^\w+: .*; the simulated line did that (?<n>\d+) times, and the driver lived with it$/, "said.lived_with"],
  [/^\w+: .*; the simulated line did that (?<n>\d+) times$/, "said.struck"],
  [/^\w+: it struck nothing: .*--fault (?<fault>\w+:1) is surer$/, "said.struck_nothing"],
  [/^mute: nothing came back to (?<n>\d+) requests; check power, the network/, "said.mute_network"],
  [/^unplug: nobody took the connection (?<n>\d+) times/, "said.unplug_network"],
  [/^(?<port>\S+) is no serial port: /, "said.no_serial_port"],
];

/**
 * A sentence in the language of the page.
 * @param {string} text
 */
export function said(text) {
  for (const [pattern, key] of SENTENCES) {
    const found = pattern.exec(text);
    if (found) return fault(text, t(key, found.groups ?? {}));
  }
  const stimulus = /^(\w+)(?: \((.*)\))? is reported$/.exec(text);
  if (stimulus) return t("step.reported", { what: deed(stimulus[1], stimulus[2] ?? "") });
  return parts(text);
}

/**
 * What a simulated line did, with the fault's name before it.
 * @param {string} text as it came
 * @param {string} words in the language of the page
 */
function fault(text, words) {
  const kind = /^(\w+): .*(?:the simulated line did that|it struck nothing: )/.exec(text)?.[1];
  return kind ? t("said.of_fault", { fault: term("bench_fault", kind), words }) : words;
}

/**
 * What a hand did.
 * @param {string} action
 * @param {string} words its arguments, `name value, ...`
 */
function deed(action, words) {
  const how = words.split(", ").filter(Boolean).map((word) => {
    const [name, ...value] = word.split(" ");
    const text = value.join(" ");
    if (text === "True" || text === "False") return t(text === "True" ? "value.on" : "value.off");
    return `${term("hand_argument", name)} ${text}`;
  });
  const what = term("hand", action);
  return how.length ? t("step.deed", { what, how: how.join(t("list.comma")) }) : what;
}

/** @param {string} text a finding of several parts, each a sentence of its own */
function parts(text) {
  const [, kinds, rest] = /^the first poll reports ([\w, ]+?)(?:; (.*))?$/.exec(text) ?? [];
  if (kinds) {
    const names = kinds.split(", ").map((kind) => (kind === "nothing" ? t("step.nothing") : term("observed", kind)));
    return [t("step.first_poll", { kinds: names.join(t("list.comma")) }), rest && said(rest)].filter(Boolean).join(t("list.semicolon"));
  }
  const polls = /^(\d+) of (\d+) polls failed(?:: (.*))?$/.exec(text);
  if (polls) return joined(t("step.polls_failed", { n: polls[1], of: polls[2] }), polls[3]);
  const missed = /^no (\w+) was reported in (\d+) s(?:; last error: (.*))?$/.exec(text);
  if (missed) return joined(t("step.not_reported", { what: term("observed", missed[1]), n: missed[2] }), missed[3]);
  const hint = /^(?:(.*?); )?(\w+): (.*)$/.exec(text);
  if (!hint || term("bench_hint", hint[2]) === hint[2]) return text;
  const words = language() === "en" ? hint[3] : term("bench_hint", hint[2]);
  return hint[1] ? joined(said(hint[1]), words) : words;
}

/** @param {string} words @param {string | undefined} next another sentence */
function joined(words, next) {
  return next ? `${words}${t("list.semicolon")}${said(next)}` : words;
}

/**
 * A sentence as an element: one that stayed English says so to screen readers and fonts.
 * @param {string} text
 * @param {string} [kind] class
 */
export function quote(text, kind = "") {
  const words = said(text);
  return h("span", { class: kind, lang: words === text ? "en" : null, title: words === text ? null : text }, words);
}
