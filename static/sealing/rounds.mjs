/**
 * Writes the SHA-256 block function as a module, for the build.
 *
 * WebCrypto has no running SHA-256, and a file of 2 GiB cannot be hashed from memory. Unrolled,
 * with every word in a local variable, JavaScript reaches twice the speed of a loop over arrays;
 * 64 rounds are no text for a person to write or read, so the build writes them from this rule.
 * The strict content security policy forbids both WebAssembly and code made in the browser.
 */

const rotate = (x, n) => `(${x}>>>${n}|${x}<<${32 - n})`;

function constants() {
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  return primes.map((p) => Math.trunc((Math.cbrt(p) % 1) * 2 ** 32) | 0);
}

function schedule(i) {
  const [x, y] = [`w${(i + 1) % 16}`, `w${(i + 14) % 16}`];
  const small0 = `(${rotate(x, 7)}^${rotate(x, 18)}^${x}>>>3)`;
  const small1 = `(${rotate(y, 17)}^${rotate(y, 19)}^${y}>>>10)`;
  return `w${i % 16}=w${i % 16}+${small0}+w${(i + 9) % 16}+${small1}|0;\n`;
}

function round(i, constant) {
  const [a, b, c, d, e, f, g, h] = Array.from({ length: 8 }, (_, k) => "abcdefgh"[(k - i + 64) % 8]);
  const big1 = `(${rotate(e, 6)}^${rotate(e, 11)}^${rotate(e, 25)})`;
  const big0 = `(${rotate(a, 2)}^${rotate(a, 13)}^${rotate(a, 22)})`;
  return `t=${h}+${big1}+(${g}^${e}&(${f}^${g}))+(${constant})+w${i % 16}|0;${d}=${d}+t|0;`
    + `${h}=t+${big0}+(${a}&${b}|${c}&(${a}|${b}))|0;\n`;
}

/** Source of `compress(state, view, offset, blocks)`: an Int32Array(8) and whole blocks. */
export function roundsModule() {
  const words = Array.from({ length: 16 }, (_, i) => `let w${i}=view.getInt32(at+${4 * i});\n`);
  const rounds = constants().map((k, i) => (i < 16 ? "" : schedule(i)) + round(i, k));
  return [
    "export function compress(state, view, at, blocks) {\n",
    "let [s0,s1,s2,s3,s4,s5,s6,s7]=state,t;\n",
    "for(;blocks>0;blocks--,at+=64){\n",
    "let a=s0,b=s1,c=s2,d=s3,e=s4,f=s5,g=s6,h=s7;\n",
    ...words,
    ...rounds,
    ..."abcdefgh".split("").map((name, i) => `s${i}=s${i}+${name}|0;`),
    "\n}\nstate.set([s0,s1,s2,s3,s4,s5,s6,s7]);\n}\n",
  ].join("");
}
