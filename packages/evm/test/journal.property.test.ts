/**
 * Frames that nest, change things and end well or badly, against a model that copies everything: at
 * the end storage, transient storage, balances, logs and refund must be those of the model.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createEvm } from '../src/create-evm.ts';
import type { Evm } from '../src/evm.ts';
import { createMemoryState } from '../src/state/memory-state.ts';
import { address, assemble, type Part, toHex, toNumber, word } from './support/machine.ts';

type Action =
  | { readonly kind: 'store'; readonly key: number; readonly value: number }
  | { readonly kind: 'transient'; readonly key: number; readonly value: number }
  | { readonly kind: 'log'; readonly value: number }
  | { readonly kind: 'pay'; readonly value: number }
  | { readonly kind: 'call'; readonly frame: Frame };

interface Frame {
  readonly actions: readonly Action[];
  readonly end: 'stop' | 'revert' | 'fail';
}

/** What one frame may change, copied whole for each frame of the model. */
interface World {
  storage: Map<string, number>;
  transient: Map<string, number>;
  balances: Map<number, number>;
  logs: string[];
}

const PAID = 0x9999;
const FIRST = 0x1000;
const START_BALANCE = 1_000;

const key = fc.integer({ min: 0, max: 3 });
const value = fc.integer({ min: 0, max: 3 });
const { frame } = fc.letrec<{ frame: Frame; action: Action }>((tie) => ({
  action: fc.oneof(
    { depthSize: 'medium' },
    fc.record({ kind: fc.constant('store' as const), key, value }),
    fc.record({ kind: fc.constant('transient' as const), key, value }),
    fc.record({ kind: fc.constant('log' as const), value }),
    fc.record({ kind: fc.constant('pay' as const), value }),
    fc.record({ kind: fc.constant('call' as const), frame: tie('frame') }),
  ),
  frame: fc.record({
    actions: fc.array(tie('action'), { maxLength: 6, depthIdentifier: 'frames' }),
    end: fc.constantFrom('stop' as const, 'stop' as const, 'revert' as const, 'fail' as const),
  }),
}));

/** Each frame is a contract; contracts are numbered as they are met. */
function compile(root: Frame): Map<number, Uint8Array> {
  const codes = new Map<number, Uint8Array>();
  const write = (each: Frame): number => {
    const own = FIRST + codes.size;
    codes.set(own, new Uint8Array(0));
    const parts: Part[] = each.actions.flatMap((action): Part[] => {
      if (action.kind === 'store') return [BigInt(action.value), BigInt(action.key), 'SSTORE'];
      if (action.kind === 'transient') return [BigInt(action.value), BigInt(action.key), 'TSTORE'];
      if (action.kind === 'log') return [BigInt(action.value), 0n, 0n, 'LOG1'];
      const to = action.kind === 'pay' ? PAID : write(action.frame);
      const amount = action.kind === 'pay' ? action.value : 0;
      return [0n, 0n, 0n, 0n, BigInt(amount), BigInt(to), 'GAS', 'CALL', 'POP'];
    });
    // Transient slots 0 to 3 are shown in a log before the end: nothing else leaves them behind.
    const show: Part[] = [0n, 1n, 2n, 3n].flatMap((k): Part[] => [k, 'TLOAD', k * 32n, 'MSTORE']);
    parts.push(...show, 128n, 0n, 'LOG0');
    if (each.end === 'revert') parts.push(0n, 0n, 'REVERT');
    else parts.push(each.end === 'stop' ? 'STOP' : Uint8Array.of(0xfe));
    codes.set(own, assemble(...parts));
    return own;
  };
  write(root);
  return codes;
}

/** Runs a frame on a copy of the world; the copy is kept only when it ends well. */
function model(root: Frame, start: World): World {
  let count = 0;
  const run = (each: Frame, before: World): World => {
    const own = FIRST + count++;
    let world = copy(before);
    for (const action of each.actions) {
      const at = `${own}/${'key' in action ? action.key : ''}`;
      if (action.kind === 'store') world.storage.set(at, action.value);
      else if (action.kind === 'transient') world.transient.set(at, action.value);
      else if (action.kind === 'log') world.logs.push(`${own}:${action.value}`);
      else if (action.kind === 'call') world = run(action.frame, world);
      else pay(world, own, action.value);
    }
    const shown = [0, 1, 2, 3].map((k) => world.transient.get(`${own}/${k}`) ?? 0);
    world.logs.push(`${own}=${shown.join()}`);
    return each.end === 'stop' ? world : before;
  };
  return run(root, start);
}

function pay(world: World, from: number, amount: number): void {
  const balance = world.balances.get(from) ?? START_BALANCE;
  if (balance < amount) return;
  world.balances.set(from, balance - amount);
  world.balances.set(PAID, (world.balances.get(PAID) ?? 0) + amount);
}

function copy({ storage, transient, balances, logs }: World): World {
  return {
    storage: new Map(storage),
    transient: new Map(transient),
    balances: new Map(balances),
    logs: [...logs],
  };
}

function play(evm: Evm, root: Frame): World {
  const codes = compile(root);
  const state = createMemoryState();
  for (const [number, code] of codes) {
    state.setAccount(address(number), { nonce: 1n, balance: BigInt(START_BALANCE) });
    state.setCode(address(number), code);
    // Half of the slots begin with a value.
    for (const slot of [0n, 1n]) state.setStorage(address(number), word(slot), word(2n));
  }
  // A frame that fails takes 63 of 64 parts: enough for a dozen in a row.
  const result = evm.call(state, { to: address(FIRST), gasLimit: 2n ** 62n });
  state.apply(result.changes);
  const world: World = { storage: new Map(), transient: new Map(), balances: new Map(), logs: [] };
  for (const { address: at, account, storage } of state.dump()) {
    const number = Number(toNumber(at));
    world.balances.set(number, Number(account.balance));
    for (const { slot, value: now } of storage) {
      world.storage.set(`${number}/${toNumber(slot)}`, Number(toNumber(now)));
    }
  }
  world.logs = result.logs.map(({ address: at, topics, data }) => {
    const shown = [0, 32, 64, 96].map((from) => toNumber(data.subarray(from, from + 32)));
    const number = toNumber(at);
    return topics[0] === undefined
      ? `${number}=${shown.join()}`
      : `${number}:${toNumber(topics[0])}`;
  });
  return world;
}

const withoutZeros = (map: ReadonlyMap<string, number>): string[] =>
  [...map]
    .filter(([, each]) => each !== 0)
    .map(([at, each]) => `${at}=${each}`)
    .sort();

test('frames that nest and fail leave exactly what a copying model leaves', async () => {
  const evm = await createEvm({ fork: 'osaka' });
  fc.assert(
    fc.property(frame, (root) => {
      const start: World = {
        storage: new Map(),
        transient: new Map(),
        balances: new Map(),
        logs: [],
      };
      for (const number of compile(root).keys()) {
        for (const slot of [0, 1]) start.storage.set(`${number}/${slot}`, 2);
      }
      const expected = model(root, start);
      const got = play(evm, root);
      assert.deepEqual(withoutZeros(got.storage), withoutZeros(expected.storage));
      assert.deepEqual(got.logs, expected.logs);
      assert.equal(got.balances.get(PAID) ?? 0, expected.balances.get(PAID) ?? 0);
      for (const [number, balance] of expected.balances) {
        if (number !== PAID) assert.equal(got.balances.get(number), balance);
      }
    }),
    { numRuns: 300 },
  );
});

test('snapshots of a session undo all that a session can change', async () => {
  const evm = await createEvm({ fork: 'osaka' });
  const state = createMemoryState();
  const [a, b, sender] = [address(1_001), address(1_002), address(1_003)];
  state.setAccount(a, { nonce: 3n, balance: 10n });
  state.setCode(b, assemble(1n, 1n, 'SSTORE', 0n, 0n, 'LOG0'));
  const session = evm.begin(state, {}, { origin: sender, gasPrice: 0n });
  const before = session.snapshot();
  session.setBalance(a, 99n);
  session.setNonce(a, 7n);
  session.setCode(a, Uint8Array.of(1, 2, 3));
  session.warm(address(1_004), [word(1n)]);
  session.addRefund(5n);
  const inner = session.snapshot();
  session.addBalance(a, 1n);
  assert.equal(session.run({ from: sender, to: b, gasLimit: 100_000n }).gasRefund, 5n);
  assert.deepEqual([session.getAccount(a)?.balance, session.isWarm(address(1_004))], [100n, true]);
  session.revert(inner);
  assert.deepEqual([session.getAccount(a)?.balance, session.getAccount(a)?.nonce], [99n, 7n]);
  assert.equal(toHex(session.getCode(a)), '010203');
  session.revert(before);
  assert.deepEqual([session.getAccount(a)?.balance, session.getAccount(a)?.nonce], [10n, 3n]);
  assert.deepEqual([session.getCode(a).length, session.isWarm(address(1_004))], [0, false]);
  assert.equal(session.run({ from: sender, to: a, gasLimit: 1n }).gasRefund, 0n);
  const { logs, changes } = session.finish();
  assert.deepEqual([logs, changes], [[], []]);
});
