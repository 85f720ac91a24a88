/**
 * Student's t distribution, for differences of means of few values: with five on each side the
 * normal one promises too much.
 */

/** Steps of the continued fraction at most; it needs far fewer. */
const STEPS = 300;
const CLOSE = 1e-13;

/**
 * With so many degrees it is the normal distribution, and with far more the gamma function's digits
 * would not do.
 */
const MOST_DEGREES = 1e8;

/**
 * The probability that |t| is at least this large by chance. `degrees` of freedom may be a
 * fraction.
 */
export function twoSided(t: number, degrees: number): number {
  if (Number.isNaN(t)) return Number.NaN;
  const known = Math.min(degrees, MOST_DEGREES);
  return incompleteBeta(known / 2, 0.5, known / (known + t * t));
}

/** The t that |t| reaches by chance with this probability: 2.306 for 0.05 and 8 degrees. */
export function criticalT(probability: number, degrees: number): number {
  let low = 0;
  let high = 1;
  while (twoSided(high, degrees) > probability) high *= 2;
  while (high - low > high * 1e-9) {
    const middle = (low + high) / 2;
    if (twoSided(middle, degrees) > probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The regularized incomplete beta function. */
function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  // Each side of the mean has the fraction that converges quickly there.
  return x < (a + 1) / (a + b + 2)
    ? (front * fraction(a, b, x)) / a
    : 1 - (front * fraction(b, a, 1 - x)) / b;
}

/** The continued fraction of the incomplete beta function, by Lentz's method. */
function fraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let step = 1; step <= STEPS; step += 1) {
    const even = (step * (b - step) * x) / ((a + 2 * step - 1) * (a + 2 * step));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    value *= d * c;
    const odd = (-(a + step) * (a + b + step) * x) / ((a + 2 * step) * (a + 2 * step + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    value *= d * c;
    if (Math.abs(d * c - 1) < CLOSE) break;
  }
  return value;
}

/**
 * The logarithm of the gamma function, by Stirling's series after shifting the argument to where it
 * is exact.
 */
function logGamma(x: number): number {
  let shifted = x;
  let product = 1;
  while (shifted < 10) {
    product *= shifted;
    shifted += 1;
  }
  const square = 1 / (shifted * shifted);
  const series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / shifted;
  return (
    (shifted - 0.5) * Math.log(shifted) - shifted + Math.log(2 * Math.PI) / 2 + series - Math.log(product)
  );
}
