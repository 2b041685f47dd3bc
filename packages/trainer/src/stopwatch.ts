/** Seconds since it was made. A step's phases are timed apart. */
export function stopwatch(): () => number {
  const start = performance.now();
  return () => (performance.now() - start) / 1000;
}
