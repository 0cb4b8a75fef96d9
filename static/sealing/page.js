/**
 * The sealing page: takes a server-rendered form from checks to a verified receipt.
 *
 * Every word comes from the page's JSON, every step works by keyboard, and a failure says what
 * to do next. The form is shown only when sealing can succeed.
 */

import { capitals, formatFen, parseYuan } from "./amount.js";
import { checkEverything } from "./checks.js";
import { Stopped } from "./crew.js";
import { FileList } from "./filelist.js";
import { Submission } from "./flow.js";
import { Progress } from "./progress.js";
import { StatementForm } from "./statement.js";
import { showReceipt } from "./success.js";
import { Refused } from "./upload.js";
import { byId, element, problem, setMessages, status, t } from "./words.js";

function showProblem(error) {
  const place = byId("sealing-problem");
  const known = error instanceof Stopped || error instanceof Refused;
  const code = known ? error.code : "internal";
  const said = error instanceof Refused && error.message !== "";
  const text = said ? error.message : problem(code);
  const detail = said || error.message === "" ? [] : [
    element("p", { class: "hint" }, t("detail", { text: error.message })),
  ];
  place.replaceChildren(element("p", {}, text), ...detail);
  place.dataset.code = code;
  place.hidden = false;
  place.focus();
}

const hideProblem = () => { byId("sealing-problem").hidden = true; };

class Page {
  #context;
  #submission;
  #list;
  #statement;
  #busy = false;

  constructor(context, trusted) {
    this.#context = context;
    const progress = new Progress(context, (order) => this.#submission.tell(order));
    this.#submission = new Submission(context, trusted, (event) => progress.update(event));
    this.#list = new FileList(context.max_bytes, () => this.#refresh());
    this.#statement = new StatementForm(() => this.#restate());
    byId("sealing-price")?.addEventListener("input", () => this.#showPrice());
    byId("sealing-confirm").addEventListener("change", () => this.#refresh());
    byId("sealing-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    addEventListener("online", () => this.#submission.tell("wake"));
    addEventListener("beforeunload", (event) => { if (this.#busy) event.preventDefault(); });
  }

  async start() {
    // Asked before anybody can submit: what is handed in meanwhile is not left from before.
    const unfinished = await this.#submission.unfinished();
    byId("sealing-form").hidden = false;
    this.#showPrice();
    if (unfinished?.phase === "seal") {
      await this.#run(() => this.#submission.deliver());
    } else if (unfinished) {
      if (unfinished.statement) {
        this.#statement.fill(unfinished.statement);
        this.#restate();
      }
      const place = byId("sealing-unfinished");
      const names = unfinished.names.join(", ");
      const again = names === "" ? t("unfinished_stated") : t("unfinished", { names });
      place.textContent = again;
      place.hidden = false;
    }
  }

  #fen() {
    const input = byId("sealing-price");
    return input ? parseYuan(input.value) : null;
  }

  #showPrice() {
    const place = byId("sealing-price-capitals");
    if (place) {
      const fen = this.#fen();
      const empty = byId("sealing-price").value.trim() === "";
      place.textContent = fen === null
        ? t(empty ? "price_hint" : "price_bad")
        : [`¥${formatFen(fen)}`, capitals(fen), this.#limitText(fen)].join(" ");
      byId("sealing-price").setAttribute("aria-invalid", String(fen === null && !empty));
    }
    this.#refresh();
  }

  /** A price beyond the published limit is the bidder's to decide, but never unnoticed. */
  #limitText(fen) {
    const { fen: limit, floor } = this.#context.limit ?? {};
    if (limit === undefined || (floor ? fen >= limit : fen <= limit)) return "";
    return t(floor ? "price_below" : "price_above", { limit: formatFen(limit) });
  }

  #restate() {
    this.#list.statement = this.#statement.file;
  }

  #missing() {
    if (byId("sealing-price") && this.#fen() === null) return "missing_price";
    if (this.#list.inspecting) return "file_reading";
    if (this.#list.tooLarge) return "missing_smaller";
    if (this.#list.reserved) return "missing_rename";
    if (this.#statement.nameless) return "missing_name";
    if (StatementForm.tooLarge(this.#statement.file)) return "missing_shorter";
    if (this.#list.files.length === 0 && !byId("sealing-price")) return "missing_files";
    return byId("sealing-confirm").checked ? null : "missing_confirm";
  }

  #refresh() {
    if (!this.#statement) return;
    const missing = this.#missing();
    byId("sealing-submit").setAttribute("aria-disabled", String(missing !== null));
    byId("sealing-missing").textContent = missing ? t(missing) : "";
  }

  async #submit() {
    const missing = this.#missing();
    if (missing) {
      byId("sealing-missing").textContent = t(missing);
      const field = { missing_price: "sealing-price", missing_confirm: "sealing-confirm" }[missing];
      const place = missing === "missing_name" ? this.#statement.nameless : null;
      (place ?? byId(field ?? "sealing-files")).focus();
      return;
    }
    const fen = this.#fen();
    const prices = fen === null ? {} : { [this.#context.record.lot]: fen };
    const fields = [...document.querySelectorAll("#sealing-form [data-term]")];
    const terms = Object.fromEntries(fields.map((field) => [field.dataset.term, field.value.trim()]));
    const files = this.#list.sealed;
    const statement = this.#statement.file;
    await this.#run(() => this.#submission.submit({ files, statement, prices, terms }));
  }

  /** Runs one submission; only one window of a browser may work at the same bid. */
  async #run(act) {
    if (this.#busy) return;
    const lock = `sealing ${this.#context.bidder} ${this.#context.record.tender}`;
    await navigator.locks.request(lock, { ifAvailable: true }, async (held) => {
      if (!held) {
        showProblem(new Stopped("other_window"));
        return;
      }
      this.#setBusy(true);
      const awake = await navigator.wakeLock?.request("screen").catch(() => null);
      try {
        await this.#finish(await act());
      } catch (error) {
        byId("sealing-progress").hidden = true;
        showProblem(error);
      } finally {
        this.#setBusy(false);
        awake?.release();
      }
    });
  }

  async #finish(result) {
    byId("sealing-form").hidden = true;
    byId("sealing-unfinished").hidden = true;
    status(byId("sealing-step"), "wait", t("step_proving"));
    const proven = await this.#submission.proven(result);
    byId("sealing-progress").hidden = true;
    showReceipt(proven ?? result, this.#context.verify_url);
  }

  #setBusy(busy) {
    this.#busy = busy;
    if (busy) hideProblem();
    byId("sealing-fields").disabled = busy;
    byId("sealing-submit").hidden = busy;
  }
}

/** Starts the page; everything that goes wrong is shown on it. */
export async function startPage() {
  const context = JSON.parse(byId("sealing-context").textContent);
  setMessages(context.messages);
  try {
    const trusted = await checkEverything(context);
    await new Page(context, trusted).start();
  } catch (error) {
    showProblem(error);
  }
}
