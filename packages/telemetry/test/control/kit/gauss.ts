/** About normal with mean 0 and deviation 1: the sum of twelve uniforms. */
export function gauss(uniform: () => number): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += uniform();
  return sum;
}
