/** What the page asks the terminal for. The screen that the terminal sends says what became of it. */

/**
 * @typedef {{do: string, [argument: string]: unknown}} Command
 * @typedef {"none" | "waiting" | "silent" | "not_now" | "sign_in" | "not_allowed"} Answer
 */

/** After so long without an answer the page says so. */
const SILENCE_MS = 2000;
/** How long a hint stands. */
const HINT_MS = 2500;
/** What is asked for once the cashier has signed in. */
const CASHIERS = new Set(["void_last", "mode", "open", "close"]);

export class Commands {
  #place;
  #changed;
  #token = "";
  #line = Promise.resolve();
  #sent = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Command | null} that waits for somebody to sign in */
  wanted = null;
  /** @type {Answer} */
  answer = "none";
  /** Of whoever has signed in. */
  operator = "";

  /** @param {string} place of the till @param {() => void} changed draws the page again */
  constructor(place, changed) {
    this.#place = place;
    this.#changed = changed;
  }

  get isSignedIn() {
    return this.#token !== "";
  }

  /** Ask, after what was asked before: digits arrive in the order in which they were typed. @param {Command} command */
  send(command) {
    if (CASHIERS.has(command.do) && !this.#token) {
      this.#ask(command);
      return;
    }
    // Nothing is kept for a terminal that is silent: nobody remembers what they pressed then.
    if (this.#sent > 0 && this.answer === "silent") return;
    this.#sent += 1;
    this.#line = this.#line
      .then(() => this.#post(command))
      .catch(() => this.#say("silent"))
      .finally(() => (this.#sent -= 1));
  }

  /** Nobody is asked to sign in any more. */
  forget() {
    this.wanted = null;
    this.#say("none");
  }

  /** @param {string} number of a card @param {string} pin @returns {Promise<"" | "not_known" | "silent">} */
  async signIn(number, pin) {
    const reply = await post(`${this.#place}/sessions`, { number, pin });
    if (!reply) return "silent";
    if (!reply.ok) return "not_known";
    const session = await reply.json();
    this.#token = session.token;
    this.operator = session.name;
    const command = this.wanted;
    this.wanted = null;
    this.#say("none");
    if (command) this.send(command);
    return "";
  }

  signOut() {
    // Nobody else knows the token; the terminal ends an idle session by itself.
    this.#token = "";
    this.operator = "";
    this.#changed();
  }

  /** @param {Command} command */
  async #post(command) {
    const waiting = setTimeout(() => this.#say("silent"), SILENCE_MS);
    const reply = await post(`${this.#place}/commands`, command, this.#token);
    clearTimeout(waiting);
    if (!reply || reply.status >= 500) this.#say("silent");
    else if (reply.status === 401) this.#ask(command);
    else if (reply.status === 403) this.#say("not_allowed", HINT_MS);
    else if (!reply.ok || !(await reply.json()).is_taken) this.#say("not_now", HINT_MS);
    else this.#say("none");
  }

  /** @param {Command} command */
  #ask(command) {
    this.#token = "";
    this.operator = "";
    this.wanted = command;
    this.#say("sign_in");
  }

  /** @param {Answer} answer @param {number} [forMs] */
  #say(answer, forMs) {
    clearTimeout(this.#timer);
    if (forMs) this.#timer = setTimeout(() => this.#say("none"), forMs);
    if (answer === this.answer) return;
    this.answer = answer;
    this.#changed();
  }
}

/** @param {string} url @param {unknown} body @param {string} [token] @returns {Promise<Response | null>} null is no answer */
async function post(url, body, token) {
  /** @type {Record<string, string>} */
  const headers = { "Content-Type": "application/json" };
  if (token) headers["Operator-Session"] = token;
  return fetch(url, { method: "POST", headers, body: JSON.stringify(body), signal: AbortSignal.timeout(8000) }).catch(() => null);
}
