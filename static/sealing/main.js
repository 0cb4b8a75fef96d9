/**
 * The one bundle: in a page it serves sealing and withdrawal, in a worker it seals.
 */

import { startPage } from "./page.js";
import { startWithdrawal } from "./withdraw.js";
import { serve } from "./worker.js";

if (globalThis.document === undefined) {
  serve();
} else {
  const start = () => {
    if (document.getElementById("sealing-context")) startPage();
    if (document.getElementById("withdrawal-context")) startWithdrawal();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
}
