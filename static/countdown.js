/**
 * Countdowns by the server's clock: the device's own clock may be wrong, only its pace is used.
 *
 * The page works without this script: it shows the time left as it was when it was made.
 * Elements: [data-until] holds a moment; with data-units ("d|h|min|s") it counts to the second,
 * without, it fades out when its time is over. [data-clock] shows the server's time.
 */
const script = document.querySelector("script[data-now]");
const page = performance.getEntriesByType("navigation")[0];
const age = page ? performance.now() - page.responseStart : 0;
const offset = Date.parse(script.dataset.now) + age - Date.now();
const serverNow = () => Date.now() + offset;
const two = (number) => String(number).padStart(2, "0");

const clockFormat = new Intl.DateTimeFormat("sv-SE", {
  timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "medium",
});

/** "3 d 04 h 07 min 09 s", leaving out leading units that are zero. */
export function counted(seconds, units) {
  const values = [
    Math.floor(seconds / 86400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  const first = Math.min(values.findIndex((value) => value > 0) >>> 0, 3);
  return values.slice(first)
    .map((value, at) => `${at ? two(value) : value} ${units[first + at]}`).join(" ");
}

function show() {
  const now = serverNow();
  for (const element of document.querySelectorAll("[data-until]")) {
    const seconds = Math.floor((Date.parse(element.dataset.until) - now) / 1000);
    if (seconds <= 0) {
      if (element.dataset.over) element.textContent = element.dataset.over;
      else element.classList.add("over");
      continue;
    }
    element.classList.toggle("soon", seconds < 86400);
    const units = element.dataset.units;
    if (units) element.textContent = counted(seconds, units.split("|"));
  }
  for (const element of document.querySelectorAll("[data-clock]")) {
    element.textContent = clockFormat.format(now);
  }
}

show();
setInterval(show, 1000);
