/** 0 to 8: how strongly a cell is coloured; 0 only for nothing, the largest is 8. */
export function heatLevel(value: number, most: number): number {
  if (!(value > 0) || !(most > 0)) return 0;
  // Square root: a cell with a tenth of the largest is still seen.
  return Math.max(1, Math.min(8, Math.round(8 * Math.sqrt(value / most))));
}
