/**
 * The one bundle: in a page it serves the sealing and enrolment pages, in a worker the sealing.
 */

import { startEnrolment } from "./enrol.js";
import { startPage } from "./page.js";
import { serve } from "./worker.js";

if (globalThis.document === undefined) {
  serve();
} else {
  const start = () => {
    if (document.getElementById("sealing-context")) startPage();
    if (document.getElementById("enrolment-form")) startEnrolment();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
}
