/**
 * statement/v1: the bid statement, made from the form's rows and sealed as a file of the bid.
 *
 * It names people by identity numbers, so it is a file and not a part of the manifest, which
 * everybody may open after the opening; the salt keeps its public hash from being tried against
 * guesses. The same rows give the same bytes, so that an interrupted submission can go on.
 */

import { b64u, canonical, parse } from "./encoding.js";
import { element, t } from "./words.js";

export const STATEMENT_NAME = "bid-statement.json";
const LIMIT = 64 * 1024;
const LISTS = {
  team: { most: 200, columns: ["name", "id_number", "certificate", "role"] },
  consortium: { most: 50, columns: ["name", "code", "work"] },
  subcontracts: { most: 50, columns: ["name", "code", "work"] },
};
const CODE_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/** Whether a text has the form of an identity number: 17 digits and the right check digit. */
export function isIdNumber(text) {
  if (!/^\d{17}[\dX]$/.test(text)) return false;
  const sum = [...text].slice(0, 17).reduce((total, digit, i) => total + digit * (2 ** (17 - i) % 11), 0);
  return "10X98765432"[sum % 11] === text[17];
}

/** Whether a text has the form of a unified social credit code with the right check character. */
export function isCreditCode(text) {
  const places = [...text].map((letter) => CODE_LETTERS.indexOf(letter));
  if (places.length !== 18 || places.includes(-1)) return false;
  const sum = places.slice(0, 17).reduce((total, place, i) => total + place * (3 ** i % 31), 0);
  return (31 - (sum % 31)) % 31 === places[17];
}

const CHECKS = { id_number: [isIdNumber, "statement_id_odd"], code: [isCreditCode, "statement_code_odd"] };

/** A field's text as the format takes it: nothing invisible, no space at its ends. */
function textOf(input) {
  const text = input.value.replace(/[\p{Cc}\p{Cf}]/gu, "").trim();
  return input.dataset.column in CHECKS ? text.replace(/\s/g, "").toUpperCase() : text;
}

/** One list of the form: rows that are added, removed and filled by keyboard alone. */
class Rows {
  #place;
  #list;
  #onChange;
  #count = 0;

  constructor(place, onChange) {
    this.#place = place;
    this.#list = place.querySelector("ol");
    this.#onChange = onChange;
    this.name = place.dataset.list;
    this.#button.addEventListener("click", () => {
      this.add().querySelector("input").focus();
      onChange();
    });
  }

  get #button() {
    return this.#place.querySelector("[data-add]");
  }

  get #rows() {
    return [...this.#list.children];
  }

  /** Adds a row with the given values and returns it. */
  add(values = {}) {
    const row = this.#place.querySelector("template").content.firstElementChild.cloneNode(true);
    this.#count += 1;
    for (const input of row.querySelectorAll("input")) {
      const { column } = input.dataset;
      const field = input.parentElement;
      input.id = `statement-${this.name}-${this.#count}-${column}`;
      input.value = values[column] ?? "";
      field.querySelector("label").htmlFor = input.id;
      const remark = element("p", { class: "hint", id: `${input.id}-remark`, "aria-live": "polite" });
      input.setAttribute("aria-describedby", remark.id);
      field.append(remark);
      input.addEventListener("input", this.#onChange);
      input.addEventListener("change", () => this.#remark(row, input, remark));
    }
    row.querySelector("[data-remove]").addEventListener("click", () => this.#remove(row));
    this.#list.append(row);
    this.#renumber();
    return row;
  }

  #remove(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    this.#renumber();
    (next?.querySelector("input") ?? this.#button).focus();
    this.#onChange();
  }

  #renumber() {
    this.#rows.forEach((row, i) => {
      row.setAttribute("aria-label", t("statement_row", { n: i + 1 }));
      row.querySelector("[data-remove]").setAttribute("aria-label", t("statement_remove", { n: i + 1 }));
    });
    this.#button.disabled = this.#rows.length >= LISTS[this.name].most;
  }

  /** Odd numbers are the bidder's to look at again, never refused; a row needs its name. */
  #remark(row, input, remark) {
    const [fits, key] = CHECKS[input.dataset.column] ?? [];
    const text = textOf(input);
    remark.textContent = fits && text !== "" && !fits(text) ? t(key) : "";
    remark.classList.toggle("error", remark.textContent !== "");
    row.querySelector("[data-column=name]").setAttribute("aria-invalid", String(this.#nameless(row)));
  }

  #values(row) {
    return Object.fromEntries(
      [...row.querySelectorAll("input")].map((input) => [input.dataset.column, textOf(input)]),
    );
  }

  #nameless(row) {
    const values = this.#values(row);
    return values.name === "" && Object.values(values).some((text) => text !== "");
  }

  /** The rows that say something, as the format has them. */
  get values() {
    return this.#rows.map((row) => this.#values(row)).filter(({ name }) => name !== "");
  }

  /** The name field of a row that says something without naming anybody; undefined if none does. */
  get nameless() {
    const row = this.#rows.find((each) => this.#nameless(each));
    return row?.querySelector("[data-column=name]");
  }
}

export class StatementForm {
  #lists;
  #salt = b64u(crypto.getRandomValues(new Uint8Array(32)));

  constructor(onChange) {
    this.#lists = [...document.querySelectorAll("[data-list]")].map((place) => new Rows(place, onChange));
  }

  /** Fills the rows with what an interrupted submission was sealing. */
  fill(bytes) {
    const statement = parse(bytes);
    this.#salt = statement.salt;
    this.#lists.forEach((list) => statement[list.name].forEach((row) => list.add(row)));
  }

  /** The name field that is missing, if one is. */
  get nameless() {
    return this.#lists.map((list) => list.nameless).find(Boolean);
  }

  /** The statement as a file, or null if nothing is stated. */
  get file() {
    const stated = Object.fromEntries(Object.keys(LISTS).map((name) => [name, []]));
    this.#lists.forEach((list) => { stated[list.name] = list.values; });
    if (Object.values(stated).every((rows) => rows.length === 0)) return null;
    const bytes = canonical({ v: "statement/v1", salt: this.#salt, ...stated, computer: null });
    return new File([bytes], STATEMENT_NAME, { type: "application/json", lastModified: 0 });
  }

  static tooLarge(file) {
    return file !== null && file.size > LIMIT;
  }
}
