/** Small dense symmetric systems, row-major in Float64Array; every inner loop runs along a row. Source: Golub & Van Loan, chapter 4. */

/** Cholesky's factor L (lower) of a positive definite n x n matrix, in its place. False where it is not positive definite. */
export function factorise(matrix: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j <= i; j++) {
      const other = j * n;
      let sum = matrix[row + j] as number;
      for (let k = 0; k < j; k++) sum -= (matrix[row + k] as number) * (matrix[other + k] as number);
      if (i === j) {
        if (!(sum > 0)) return false;
        matrix[row + i] = Math.sqrt(sum);
      } else matrix[row + j] = sum / (matrix[other + j] as number);
    }
  }
  return true;
}

/** Solves L L' x = b for x, in the place of b. */
export function solveFactorised(factor: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = b[i] as number;
    for (let k = 0; k < i; k++) sum -= (factor[i * n + k] as number) * (b[k] as number);
    b[i] = sum / (factor[i * n + i] as number);
  }
  for (let i = n - 1; i >= 0; i--) {
    const value = (b[i] as number) / (factor[i * n + i] as number);
    b[i] = value;
    for (let k = 0; k < i; k++) b[k] = (b[k] as number) - (factor[i * n + k] as number) * value;
  }
}

/** The inverse of L L', full and symmetric. */
export function invertFactorised(factor: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = i * n;
    const pivot = 1 / (factor[row + i] as number);
    for (let k = 0; k < i; k++) {
      const by = -(factor[row + k] as number) * pivot;
      for (let j = 0; j <= k; j++) lower[row + j] = (lower[row + j] as number) + by * (lower[k * n + j] as number);
    }
    lower[row + i] = pivot;
  }
  const out = new Float64Array(n * n);
  for (let k = 0; k < n; k++)
    for (let i = 0; i <= k; i++) {
      const by = lower[k * n + i] as number;
      for (let j = 0; j <= i; j++) out[i * n + j] = (out[i * n + j] as number) + by * (lower[k * n + j] as number);
    }
  mirror(out, n);
  return out;
}

/** Copies the lower triangle to the upper one. */
export function mirror(matrix: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) matrix[j * n + i] = matrix[i * n + j] as number;
}

/** G M G for symmetric G and M. */
export function sandwich(outer: Float64Array, inner: Float64Array, n: number): Float64Array {
  const half = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const by = outer[i * n + k] as number;
      if (by === 0) continue;
      for (let j = 0; j < n; j++) half[i * n + j] = (half[i * n + j] as number) + by * (inner[k * n + j] as number);
    }
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += (half[i * n + k] as number) * (outer[j * n + k] as number);
      out[i * n + j] = sum;
    }
  mirror(out, n);
  return out;
}
