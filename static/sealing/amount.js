/**
 * Amounts of money: integer fen inside, yuan for people, capitals (大写) to check them by.
 */

const DIGITS = "零壹贰叁肆伍陆柒捌玖";
const PLACES = ["", "拾", "佰", "仟"];
const UNITS = [[10 ** 8, "亿"], [10 ** 4, "万"], [1, ""]];
const LIMIT = 10n ** 15n;

/** Integer fen of what a person typed in yuan, or null if it is no exact amount. */
export function parseYuan(text) {
  const plain = text.normalize("NFKC").trim().replace(/^\u00a5/, "").replaceAll(",", "");
  const found = /^(\d{1,13})(?:\.(\d{1,2}))?$/.exec(plain);
  if (!found) return null;
  const fen = BigInt(found[1]) * 100n + BigInt((found[2] ?? "").padEnd(2, "0"));
  return fen < LIMIT ? Number(fen) : null;
}

/** 1,234,567.89 for 123456789 fen. */
export function formatFen(fen) {
  const digits = String(fen).padStart(3, "0");
  const yuan = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${yuan}.${digits.slice(-2)}`;
}

function groupInCapitals(group) {
  let text = "";
  let gap = false;
  [...String(group).padStart(4, "0")].forEach((digit, i) => {
    if (digit === "0") {
      gap = text !== "";
    } else {
      text += (gap ? "零" : "") + DIGITS[digit] + PLACES[3 - i];
      gap = false;
    }
  });
  return text;
}

/** Yuan below 10^16: what stands above 亿 is itself counted in 万. */
function yuanInCapitals(yuan) {
  let text = "";
  let rest = yuan;
  for (const [unit, name] of UNITS) {
    const count = Math.floor(rest / unit);
    rest %= unit;
    if (count === 0) {
      if (text !== "" && !text.endsWith("零") && rest > 0) text += "零";
    } else {
      if (text !== "" && count < 1000 && !text.endsWith("零")) text += "零";
      text += (count < 10000 ? groupInCapitals(count) : yuanInCapitals(count)) + name;
    }
  }
  return text;
}

/** 人民币大写 of integer fen, as cheques and bids write it. */
export function capitals(fen) {
  const yuan = Math.floor(fen / 100);
  const jiao = Math.floor(fen / 10) % 10;
  const cent = fen % 10;
  if (fen === 0) return "零元整";
  let text = yuan > 0 ? `${yuanInCapitals(yuan)}元` : "";
  if (jiao === 0 && cent === 0) return `${text}整`;
  if (jiao > 0) text += `${DIGITS[jiao]}角`;
  else if (yuan > 0) text += "零";
  return cent > 0 ? `${text}${DIGITS[cent]}分` : `${text}整`;
}
