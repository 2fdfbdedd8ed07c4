/** Translated code is kept by hash in a bounded region; what must make room is translated again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEvm } from '../src/create-evm.ts';
import { EvmError } from '../src/errors.ts';
import { createMemoryState, type MemoryState } from '../src/state/memory-state.ts';
import type { StateReader } from '../src/types.ts';
import { address, assemble, evaluate, RETURN_TOP, toNumber } from './support/machine.ts';

/** Contract `n` of `length` bytes that returns n. */
function contracts(count: number, length: number): MemoryState {
  const state = createMemoryState();
  for (let n = 1; n <= count; n++) {
    const code = new Uint8Array(length);
    code.set(assemble(BigInt(n), ...RETURN_TOP));
    // Bytes that differ, so that nothing is shared; behind RETURN they are never reached.
    code.fill(n & 0xff, 20);
    code[length - 1] = n >> 8;
    state.setCode(address(1_000 + n), code);
  }
  return state;
}

test('more code than fits: each call still runs its own', async () => {
  const evm = await createEvm({ fork: 'osaka', memory: { codeBytes: 2 ** 21 } });
  const state = contracts(200, 20_000);
  for (const round of [1, 2, 3]) {
    for (let n = 1; n <= 200; n += round) {
      const { output } = evm.call(state, { to: address(1_000 + n), gasLimit: 100_000n });
      assert.equal(toNumber(output), BigInt(n));
    }
  }
});

test('code that was run is not asked of the state again', async () => {
  const evm = await createEvm({ fork: 'osaka' });
  const state = contracts(3, 100);
  let asked = 0;
  const counting: StateReader = {
    readAccount: (at) => state.readAccount(at),
    readStorage: (at, slot) => state.readStorage(at, slot),
    blockHash: (number) => state.blockHash(number),
    readCode(hash) {
      asked++;
      return state.readCode(hash);
    },
  };
  for (let round = 0; round < 3; round++) {
    for (const n of [1, 2, 3]) evm.call(counting, { to: address(1_000 + n), gasLimit: 100_000n });
  }
  assert.equal(asked, 3);
});

test('code of open frames stays: what they hold is not evicted by what they call', async () => {
  // Each contract calls the next and then returns its own number plus what came back.
  const evm = await createEvm({ fork: 'osaka', memory: { codeBytes: 2 ** 21 } });
  const state = createMemoryState();
  const [first, count] = [2_000, 25];
  for (let n = 0; n < count; n++) {
    const code = new Uint8Array(12_000).fill(n + 1);
    code.set(
      assemble(
        32n,
        0n,
        0n,
        0n,
        BigInt(first + n + 1),
        'GAS',
        'STATICCALL',
        'POP',
        0n,
        'MLOAD',
        BigInt(n),
        'ADD',
        ...RETURN_TOP,
      ),
    );
    state.setCode(address(first + n), code);
  }
  for (let round = 0; round < 3; round++) {
    const { output } = evm.call(state, { to: address(first), gasLimit: 10n ** 9n });
    assert.equal(toNumber(output), BigInt((count * (count - 1)) / 2));
  }
});

test('when open frames hold everything the run ends by name, and the engine goes on', async () => {
  const evm = await createEvm({ fork: 'osaka', memory: { codeBytes: 2 ** 18 } });
  const state = createMemoryState();
  for (let n = 0; n < 30; n++) {
    const code = new Uint8Array(12_000).fill(n + 1);
    code.set(assemble(0n, 0n, 0n, 0n, BigInt(2_001 + n), 'GAS', 'STATICCALL'));
    state.setCode(address(2_000 + n), code);
  }
  const isBound = (error: unknown): boolean =>
    error instanceof EvmError && error.code === 'memory-bound';
  assert.throws(() => evm.call(state, { to: address(2_000), gasLimit: 10n ** 9n }), isBound);
  assert.equal(evaluate(evm, 2n, 3n, 'ADD'), 5n);
  assert.equal(evm.call(state, { to: address(2_029), gasLimit: 10n ** 6n }).halt, undefined);
});
