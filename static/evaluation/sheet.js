// The score sheet by keyboard: every entry is saved as it is made, arrows and Enter move on.
// Without this module the same form is sent as a whole; nothing here is needed to score.

const form = document.querySelector("#sheet");
const state = document.querySelector("#saved");
const missing = document.querySelector("#missing");
const help = document.querySelector("#keys-help");
const helpButton = document.querySelector("#keys");
const waiting = new Map();

function say(word) {
  state.dataset.state = word;
  state.textContent = word ? state.dataset[word] : "";
}

function valuesOf(cell) {
  const body = new FormData();
  body.set("csrf_token", form.elements.csrf_token.value);
  body.set("bid", cell.dataset.bid);
  body.set("criterion", cell.dataset.criterion);
  const score = cell.querySelector("input[inputmode]");
  if (score) body.set("score", score.value);
  const passed = cell.querySelector("input[type=radio]:checked");
  if (passed) body.set("passed", passed.value);
  const reason = cell.querySelector("input[id^=r-]");
  if (reason) body.set("reason", reason.value);
  return body;
}

function showFault(cell, text) {
  cell.classList.toggle("wrong", Boolean(text));
  let line = cell.querySelector(".error");
  if (!line && text) {
    line = document.createElement("p");
    line.className = "error";
    line.setAttribute("role", "alert");
    cell.append(line);
  }
  if (line) line.textContent = text;
  const score = cell.querySelector("input[inputmode]");
  if (score) score.setAttribute("aria-invalid", text ? "true" : "false");
}

async function send(cell) {
  say("saving");
  try {
    const answer = await fetch(form.dataset.mark, {
      method: "POST",
      body: valuesOf(cell),
      headers: { Accept: "application/json" },
    });
    const told = await answer.json();
    if (!answer.ok) {
      showFault(cell, told.error.message);
      say("failed");
      return;
    }
    showFault(cell, "");
    for (const [bid, sum] of Object.entries(told.subtotals)) {
      const shown = form.querySelector(`output[data-sum="${CSS.escape(bid)}"]`);
      if (shown) shown.textContent = sum;
    }
    missing.textContent = told.missing;
    say("saved");
  } catch {
    say("failed");
  }
}

// One request at a time and in order, so that an older value can never overwrite a newer one.
let chain = Promise.resolve();
function save(cell) {
  clearTimeout(waiting.get(cell));
  waiting.delete(cell);
  chain = chain.then(() => send(cell));
  return chain;
}

function saveSoon(cell) {
  clearTimeout(waiting.get(cell));
  waiting.set(cell, setTimeout(() => save(cell), 800));
}

function fieldOf(cell) {
  return cell.querySelector("input[type=radio]:checked") ?? cell.querySelector("input");
}

function rows() {
  return [...form.querySelectorAll("fieldset.bid")].map((bid) => [...bid.querySelectorAll(".cell")]);
}

function move(cell, down, right) {
  const grid = rows();
  const row = grid.findIndex((cells) => cells.includes(cell));
  const column = grid[row].indexOf(cell);
  const target = grid[row + down]?.[column + right];
  if (target) {
    const field = fieldOf(target);
    field.focus();
    field.select?.();
  }
  return Boolean(target);
}

// Enter goes through all bids of one criterion, because that is how a criterion is judged fairly.
function next(cell) {
  if (move(cell, 1, 0)) return;
  const grid = rows();
  const column = grid[grid.length - 1].indexOf(cell);
  const target = grid[0][column + 1];
  if (target) fieldOf(target).focus();
  else form.elements.confirm.focus();
}

function toggleHelp() {
  help.hidden = !help.hidden;
  helpButton.setAttribute("aria-expanded", String(!help.hidden));
}

function judge(cell, value) {
  const choice = cell.querySelector(`input[type=radio][value=${value}]`);
  if (!choice) return false;
  choice.checked = true;
  choice.focus();
  save(cell);
  return true;
}

form.addEventListener("input", (event) => {
  const cell = event.target.closest(".cell");
  if (cell) saveSoon(cell);
});
form.addEventListener("change", (event) => {
  const cell = event.target.closest(".cell");
  if (cell) save(cell);
});

form.addEventListener("keydown", (event) => {
  const cell = event.target.closest(".cell");
  if (!cell || event.ctrlKey || event.altKey || event.metaKey) return;
  const reason = event.target.id.startsWith("r-");
  const steps = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  if (event.key === "Enter") {
    event.preventDefault();
    next(cell);
  } else if (!reason && event.key in steps) {
    const inText = event.target.type === "text";
    const [down, right] = steps[event.key];
    const inside = inText && down !== 0 && event.target.value && !atEdge(event.target, down);
    if (!inside && move(cell, down, right)) event.preventDefault();
  } else if (!reason && /^[pf]$/i.test(event.key) && judge(cell, /p/i.test(event.key) ? "yes" : "no")) {
    event.preventDefault();
  }
});

function atEdge(field, direction) {
  const whole = field.selectionStart === 0 && field.selectionEnd === field.value.length;
  return whole || (direction < 0 ? field.selectionStart === 0 : field.selectionEnd === field.value.length);
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.id?.startsWith("r-");
  if (event.key === "?" && !typing) {
    event.preventDefault();
    toggleHelp();
  } else if (event.key === "Escape" && !help.hidden) {
    toggleHelp();
  }
});
helpButton.hidden = false;
helpButton.addEventListener("click", toggleHelp);

// Leaving with an unsaved entry sends it first; the browser asks if that fails.
form.addEventListener("submit", () => {
  for (const cell of waiting.keys()) clearTimeout(waiting.get(cell));
  waiting.clear();
});
window.addEventListener("beforeunload", (event) => {
  if (waiting.size || state.dataset.state === "saving") event.preventDefault();
});
