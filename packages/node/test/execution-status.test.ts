import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_CODE_HASH } from '@basalt/evm';
import type { Chain, ChainEvent } from '@basalt/execution';
import { ExecutionWatch } from '../src/chain/execution-status.ts';

interface Call {
  readonly to: Uint8Array | undefined;
  readonly data?: Uint8Array;
  readonly gasLimit?: bigint;
}

function address(number: number): Uint8Array {
  const bytes = new Uint8Array(20);
  new DataView(bytes.buffer).setUint32(16, number);
  return bytes;
}

const keyOf = (number: number): string => `0x${Buffer.from(address(number)).toString('hex')}`;

/** Blocks by hand over a state in which contracts are the addresses from 1,000,000 on. */
function createScene() {
  const watch = new ExecutionWatch({ nowMs: () => 0 });
  const listeners: ((event: ChainEvent) => void)[] = [];
  const chain = {
    config: { chainId: 1n },
    head: () => ({ header: { number: 1 } }),
    subscribe(listener: (event: ChainEvent) => void) {
      listeners.push(listener);
      return () => undefined;
    },
    stateAt: () => ({
      readAccount(of: Uint8Array) {
        const number = new DataView(of.buffer, of.byteOffset).getUint32(16);
        const codeHash = number < 1_000_000 ? EMPTY_CODE_HASH : new Uint8Array(32).fill(7);
        return number === 0 ? undefined : { nonce: 0n, balance: 1n, codeHash };
      },
    }),
  } as unknown as Chain;
  watch.follow(chain);
  const block = (calls: readonly Call[]): void => {
    const transactions = calls.map(({ to, data = new Uint8Array(0), gasLimit = 21_000n }) => ({
      transaction: { to, data, gasLimit },
    }));
    const kept = { header: { gasUsed: 0n }, transactions };
    for (const tell of listeners) tell({ kind: 'block', block: kept } as unknown as ChainEvent);
  };
  const hot = (): string[] =>
    watch.status(chain, { workers: 1 }).hotContracts.map(({ key }) => key);
  return { block, hot };
}

test('recipients of transfers are no contracts, whatever gas they offer', () => {
  const { block, hot } = createScene();
  for (let i = 1; i <= 100; i++) block([{ to: address(i) }, { to: address(i), gasLimit: 90_000n }]);
  block([{ to: address(0), gasLimit: 90_000n }]);
  block([{ to: address(9), data: Uint8Array.of(1), gasLimit: 90_000n }]);
  assert.deepEqual(hot(), []);
});

test('what is called is found behind any number of transfers', () => {
  const { block, hot } = createScene();
  const call = (number: number): Call => {
    return { to: address(number), data: Uint8Array.of(1, 2, 3, 4), gasLimit: 60_000n };
  };
  block([call(1_000_001), call(1_000_001), call(1_000_002)]);
  // More fresh addresses than are followed.
  for (let i = 1; i <= 5_000; i++) block([{ to: address(i) }]);
  block([{ to: undefined, gasLimit: 90_000n }]);
  assert.deepEqual(hot(), [keyOf(1_000_001), keyOf(1_000_002), 'new contracts']);
});
