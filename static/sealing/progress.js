/**
 * Progress of a sealing: what happens now, how fast, how long still.
 */

import { byId, bytesText, durationText, status, t } from "./words.js";

const WINDOW = 15_000;

export class Progress {
  #length = 0;
  #samples = [];
  #said = -1;
  #paused = false;

  #deadline;
  #ahead;

  /** `tell` is given "pause" and "resume"; the context's deadline and server time are compared. */
  constructor({ deadline, server_time: serverTime }, tell) {
    this.#deadline = deadline ? Date.parse(deadline) : Infinity;
    this.#ahead = Date.parse(serverTime) - Date.now();
    byId("sealing-pause").addEventListener("click", () => {
      this.#paused = !this.#paused;
      byId("sealing-pause").textContent = t(this.#paused ? "resume" : "pause");
      this.#samples = [];
      tell(this.#paused ? "pause" : "resume");
    });
  }

  /** Hears every state of a Submission. */
  update(event) {
    if (event.type === "step") this.#step(event);
    else if (event.type === "upload") this.#upload(event);
    else if (event.type === "signer") status(byId("sealing-identity"), "good", t("key_good"));
  }

  #step({ step, length = 0 }) {
    this.#length = length;
    this.#samples = [];
    this.#said = -1;
    byId("sealing-progress").hidden = false;
    byId("sealing-bar").hidden = length === 0;
    byId("sealing-pause").hidden = length === 0;
    byId("sealing-pause").textContent = t("pause");
    byId("sealing-rate").textContent = "";
    status(byId("sealing-step"), "wait", t(`step_${step}`));
  }

  #upload({ state, sent, wait }) {
    if (state === "waiting") {
      const seconds = durationText(wait / 1000);
      byId("sealing-rate").textContent = t("line_broken", { seconds });
    } else if (state === "paused") {
      byId("sealing-rate").textContent = t("paused");
    } else if (!this.#paused) {
      this.#measure(sent);
    }
  }

  #measure(sent) {
    const now = performance.now();
    this.#samples.push({ now, sent });
    while (this.#samples[0].now < now - WINDOW) this.#samples.shift();
    const { now: then, sent: before } = this.#samples[0];
    const rate = now > then ? ((sent - before) * 1000) / (now - then) : 0;
    const percent = Math.floor((100 * sent) / this.#length);
    byId("sealing-bar").value = percent;
    byId("sealing-rate").textContent = rate > 0 ? this.#outlook(sent, rate) : "";
    if (percent >= this.#said + 10) {
      this.#said = percent;
      status(byId("sealing-step"), "wait", t("step_percent", { percent }));
    }
  }

  #outlook(sent, rate) {
    const left = (this.#length - sent) / rate;
    const text = t("rate", {
      sent: bytesText(sent),
      total: bytesText(this.#length),
      rate: `${bytesText(rate)}/s`,
      left: durationText(left),
    });
    const late = Date.now() + this.#ahead + left * 1000 > this.#deadline;
    return late ? `${text} ${t("too_slow")}` : text;
  }
}
