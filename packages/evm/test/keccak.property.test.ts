import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { keccak256, keccak256Into } from '../src/keccak-shell.ts';

suite('keccak-256 outside of the kernel', () => {
  test('every length around the blocks of the sponge', () => {
    const bytes = Uint8Array.from({ length: 700 }, (_, index) => index * 7);
    for (let length = 0; length <= bytes.length; length++) {
      const input = bytes.subarray(0, length);
      assert.deepEqual(keccak256(input), keccak_256(input), `${length} bytes`);
    }
  });

  test('any bytes, and any again after an input that made the memory grow', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300_000), (input, size) => {
        const large = new Uint8Array(size).fill(input[0] ?? 1);
        assert.deepEqual(keccak256(large), keccak_256(large));
        assert.deepEqual(keccak256(input), keccak_256(input));
      }),
      { numRuns: 20 },
    );
  });

  test('writes to a place in a buffer', () => {
    const output = new Uint8Array(40).fill(9);
    keccak256Into(new Uint8Array(0), output, 4);
    assert.deepEqual(output.subarray(4, 36), keccak_256(new Uint8Array(0)));
    assert.deepEqual([output[3], output[36]], [9, 9]);
  });
});
