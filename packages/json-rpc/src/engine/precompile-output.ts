import type { Fork, Precompile } from '@basalt/evm';

/** Length of what a precompiled contract returns, in bytes, where that does not need a run. */
const OUTPUT_BYTES: ReadonlyMap<number, number> = new Map([
  [0x02, 32],
  [0x03, 32],
  [0x06, 64],
  [0x07, 64],
  [0x08, 32],
  [0x09, 64],
  [0x0a, 64],
  [0x0b, 128],
  [0x0c, 128],
  [0x0d, 256],
  [0x0e, 256],
  [0x0f, 32],
  [0x10, 128],
  [0x11, 256],
]);

const IDENTITY = 0x04;
const MODEXP = 0x05;

/** Length of what it returns for this input if it does not fail. */
export function outputBytes(precompile: Precompile, input: Uint8Array, fork: Fork): number {
  const { address } = precompile;
  if (address === IDENTITY) return input.length;
  if (address === MODEXP) return modulusBytes(input);
  // Those left, ecrecover and P256VERIFY, answer with a word or nothing and are cheap.
  return OUTPUT_BYTES.get(address) ?? precompile.run(input, fork)?.length ?? 0;
}

/** Third of three words of lengths (EIP-198); lengths that nobody can pay for count as none. */
function modulusBytes(input: Uint8Array): number {
  let length = 0;
  for (let at = 64; at < 96; at++) length = length * 256 + (input[at] ?? 0);
  return length < 2 ** 24 ? length : 0;
}
