/**
 * Words, numbers and elements for people. All words come from the server, already translated.
 */

let messages = {};

export function setMessages(given) {
  messages = given;
}

/** The message of a key with its `{places}` filled; an unknown key shows itself. */
export function t(key, places = {}) {
  const text = messages[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => places[name] ?? whole);
}

/** Words for an error code; codes that the page does not know share one message. */
export const problem = (code) => t(`problem_${code}` in messages ? `problem_${code}` : "problem_internal");

const locale = () => document.documentElement.lang || "zh-CN";

export function bytesText(bytes) {
  const units = ["B", "KB", "MB", "GB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  const digits = unit > 0 && value < 100 ? 1 : 0;
  const number = new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);
  return `${number} ${units[unit]}`;
}

/** A file's size for comparing by eye: rounded, and exact where rounding hid something. */
export function sizeText(bytes) {
  const exact = `${new Intl.NumberFormat(locale()).format(bytes)} B`;
  return bytes < 1000 ? exact : `${bytesText(bytes)} (${exact})`;
}

export function durationText(seconds) {
  if (seconds < 60) return t("seconds", { n: Math.max(1, Math.round(seconds)) });
  if (seconds < 5400) return t("minutes", { n: Math.round(seconds / 60) });
  return t("hours", { n: Math.round(seconds / 3600) });
}

/** A point in time (ISO text) in the county's own zone, to the second. */
export function timeText(iso) {
  return new Intl.DateTimeFormat(locale(), {
    dateStyle: "medium", timeStyle: "medium", timeZone: "Asia/Shanghai",
  }).format(new Date(iso));
}

export const byId = (id) => document.getElementById(id);

/** An element with text or children; attributes by name. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.append(...children);
  return made;
}

/** A list of facts: [[term, text or element], ...]. */
export function facts(pairs) {
  const rows = pairs.map(([term, value]) => (
    element("div", {}, element("dt", {}, term), element("dd", {}, value))
  ));
  return element("dl", { class: "facts" }, ...rows);
}

/** Hex in groups of eight, as the printed notice shows it. */
export const grouped = (text) => text.match(/.{1,8}/g).join(" ");

/** Offers bytes or a JSON value as a download; the click is the person's. */
export function downloadLink(label, name, content, type) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  return element("a", { class: "button secondary", href: url, download: name }, label);
}

const SHAPES = { wait: ["wait", "◷"], good: ["ok", "✓"], bad: ["late", "!"] };

/** A coloured shape; the words stand beside it. State: wait, good or bad. */
export function shape(state) {
  const [kind, sign] = SHAPES[state];
  return element("span", { class: `status ${kind}`, "aria-hidden": "true" }, sign);
}

/** Writes a shape and words into a status line. */
export function status(place, state, text) {
  place.dataset.state = state;
  place.replaceChildren(shape(state), ` ${text}`);
}
