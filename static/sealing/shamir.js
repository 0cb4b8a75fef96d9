/**
 * Shamir's secret sharing over GF(2^8) with the AES polynomial 0x11b, byte by byte.
 *
 * Any `threshold` shares give the secret; fewer say nothing about it, however much is computed.
 */

function multiply(a, b) {
  let product = 0;
  for (let bit = 0; bit < 8; bit++) {
    product ^= -(b & 1) & a;
    a = (a << 1) ^ (-(a >> 7) & 0x11b);
    b >>= 1;
  }
  return product;
}

function inverse(a) {
  let result = 1;
  for (let i = 0; i < 254; i++) result = multiply(result, a);
  return result;
}

/** The share for x = 1..255: secret + c1*x + c2*x^2 + ..., by Horner's rule. */
export function share(secret, coefficients, x) {
  return secret.map((byte, i) => {
    let value = 0;
    for (let k = coefficients.length - 1; k >= 0; k--) {
      value = multiply(value ^ coefficients[k][i], x);
    }
    return value ^ byte;
  });
}

/** The secret from exactly `threshold` pairs of x and share, all x distinct and not zero. */
export function combine(shares) {
  const secret = new Uint8Array(shares[0].share.length);
  for (const { x, share: bytes } of shares) {
    let weight = 1;
    for (const other of shares) {
      if (other.x !== x) weight = multiply(weight, multiply(other.x, inverse(other.x ^ x)));
    }
    bytes.forEach((byte, i) => { secret[i] ^= multiply(byte, weight); });
  }
  return secret;
}
