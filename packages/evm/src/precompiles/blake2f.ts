import { type Blake2f, loadBlake2f } from './load-blake2f-shell.ts';
import type { Precompile } from './types.ts';

/** EIP-152: rounds (4), h (64), m (128), t (16), the final flag (1). */
const INPUT_LENGTH = 213;
const ROUNDS_LENGTH = 4;
const STATE_LENGTH = 64;
const FLAG_OFFSET = 212;

let loaded: Blake2f | undefined;

/** EIP-152: the compression function of BLAKE2b with the caller's number of rounds. */
export const blake2f: Precompile = {
  name: 'blake2f',
  address: 9,
  since: 'istanbul',
  gas: (input) => (input.length === INPUT_LENGTH ? BigInt(readRounds(input)) : 0n),
  run(input) {
    const final = input[FLAG_OFFSET];
    if (input.length !== INPUT_LENGTH || (final !== 0 && final !== 1)) return undefined;
    loaded ??= loadBlake2f();
    const { memory, compress } = loaded;
    // h, m and t lie in the module's memory as they do in the input.
    memory.set(input.subarray(ROUNDS_LENGTH, FLAG_OFFSET));
    compress(readRounds(input), final === 1);
    return memory.slice(0, STATE_LENGTH);
  },
};

function readRounds(input: Uint8Array): number {
  return new DataView(input.buffer, input.byteOffset).getUint32(0);
}
