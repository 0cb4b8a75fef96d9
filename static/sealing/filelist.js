/**
 * The files that are about to be sealed: names, sizes, pages, and what looks wrong with them.
 */

import { inspect } from "./inspect.js";
import { STATEMENT_NAME } from "./statement.js";
import { byId, bytesText, element, shape, sizeText, t } from "./words.js";

const cell = (label, ...content) => (
  element("td", { "data-label": label }, element("span", {}, ...content))
);

export class FileList {
  #chosen = [];
  #statement = null;
  #maxBytes;
  #onChange;

  constructor(maxBytes, onChange) {
    this.#maxBytes = maxBytes;
    this.#onChange = onChange;
    byId("sealing-files").addEventListener("change", (event) => this.#add(event.target));
  }

  get files() {
    return this.#chosen.map(({ file }) => file);
  }

  /** All that is sealed: the chosen files and, last, the statement made from the form. */
  get sealed() {
    return this.#statement === null ? this.files : [...this.files, this.#statement];
  }

  /** The statement as a file, or null; shown among the chosen ones. */
  set statement(file) {
    this.#statement = file;
    this.#show();
  }

  /** Whether a chosen file bears the statement's name: a bid may hold only one. */
  get reserved() {
    return this.files.some(({ name }) => name === STATEMENT_NAME);
  }

  get #bytes() {
    return this.sealed.reduce((sum, { size }) => sum + size, 0);
  }

  get tooLarge() {
    return this.#bytes > this.#maxBytes;
  }

  get inspecting() {
    return this.#chosen.some(({ facts }) => facts === null);
  }

  #add(input) {
    for (const file of input.files) {
      const known = this.files.some(({ name, size, lastModified }) => (
        name === file.name && size === file.size && lastModified === file.lastModified
      ));
      if (!known) this.#inspect({ file, facts: null });
    }
    input.value = "";
    this.#show();
  }

  async #inspect(chosen) {
    this.#chosen.push(chosen);
    try {
      chosen.facts = await inspect(chosen.file);
    } catch {
      chosen.facts = { pages: null, warnings: ["file_unreadable"] };
    }
    this.#show();
  }

  #remove(chosen) {
    this.#chosen = this.#chosen.filter((one) => one !== chosen);
    this.#show();
    byId("sealing-files").focus();
  }

  #remarks({ file, facts }) {
    if (facts === null) return [shape("wait"), ` ${t("file_reading")}`];
    const codes = [...facts.warnings];
    if (this.files.filter(({ name }) => name === file.name).length > 1) codes.push("file_twice");
    if (file.name === STATEMENT_NAME) codes.push("file_reserved");
    if (codes.length === 0) return [shape("good"), ` ${t("file_good")}`];
    return [shape("bad"), ` ${codes.map((code) => t(code)).join(" ")}`];
  }

  #row(chosen) {
    const { file, facts } = chosen;
    const button = element("button", { type: "button", class: "button secondary" }, t("remove"));
    button.setAttribute("aria-label", t("remove_named", { name: file.name }));
    button.addEventListener("click", () => this.#remove(chosen));
    return element(
      "tr", {},
      cell(t("name"), element("strong", {}, file.name)),
      cell(t("size"), sizeText(file.size)),
      cell(t("pages"), facts?.pages ? String(facts.pages) : "–"),
      cell(t("remarks"), ...this.#remarks(chosen)),
      element("td", {}, button),
    );
  }

  #statementRow() {
    return element(
      "tr", {},
      cell(t("name"), element("strong", {}, t("statement")), ` ${STATEMENT_NAME}`),
      cell(t("size"), sizeText(this.#statement.size)),
      cell(t("pages"), "–"),
      cell(t("remarks"), t("statement_made")),
      element("td", {}),
    );
  }

  #show() {
    const place = byId("sealing-file-list");
    if (this.sealed.length === 0) {
      place.replaceChildren(element("p", { class: "hint" }, t("no_files")));
    } else {
      const heads = ["name", "size", "pages", "remarks"].map((key) => (
        element("th", { scope: "col" }, t(key))
      ));
      const table = element(
        "table", { class: "cards" },
        element("thead", {}, element("tr", {}, ...heads, element("td", {}))),
        element("tbody", {}, ...this.#chosen.map((chosen) => this.#row(chosen)),
          ...(this.#statement === null ? [] : [this.#statementRow()])),
      );
      const key = this.tooLarge ? "files_too_large" : "files_total";
      const total = element("p", { class: this.tooLarge ? "error" : "hint" }, t(key, {
        n: this.sealed.length, size: bytesText(this.#bytes), max: bytesText(this.#maxBytes),
      }));
      place.replaceChildren(table, total);
    }
    this.#onChange();
  }
}
