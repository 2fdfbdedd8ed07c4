/** `charge` against the steps that it does at once: same answer, same changes, or none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createEvm } from '../src/create-evm.ts';
import type { Session } from '../src/evm.ts';
import { createMemoryState } from '../src/state/memory-state.ts';
import { address } from './support/machine.ts';

const SENDER = address(0x5e);
const MAX = 2n ** 256n - 1n;

const amount = fc.oneof(
  fc.bigInt({ min: 0n, max: 3n }),
  fc.bigInt({ min: 2n ** 64n - 2n, max: 2n ** 64n + 2n }),
  fc.bigInt({ min: MAX - 2n, max: MAX }),
);
const nonce = fc.constantFrom(0n, 2n ** 64n - 2n);

interface Case {
  readonly has: { readonly nonce: bigint; readonly balance: bigint; readonly hasCode: boolean };
  readonly asks: { readonly nonce: bigint; readonly least: bigint; readonly amount: bigint };
}

const charges: fc.Arbitrary<Case> = fc.record({
  has: fc.record({ nonce, balance: amount, hasCode: fc.constantFrom(false, false, false, true) }),
  asks: fc.record({
    nonce,
    least: fc.oneof({ weight: 9, arbitrary: amount }, fc.constant(MAX + 1n)),
    amount,
  }),
});

function stepwise(session: Session, { has, asks }: Case): boolean {
  const least = asks.least < asks.amount ? asks.amount : asks.least;
  if (has.nonce !== asks.nonce || has.balance < least || has.hasCode) return false;
  session.setBalance(SENDER, has.balance - asks.amount);
  session.setNonce(SENDER, asks.nonce + 1n);
  return true;
}

test('an account is charged as step by step, or nothing of it changes', async () => {
  const evm = await createEvm({ fork: 'osaka' });
  let [charged, refused] = [0, 0];
  fc.assert(
    fc.property(charges, (each) => {
      const state = createMemoryState();
      const { nonce: before, balance, hasCode } = each.has;
      state.setAccount(SENDER, { nonce: before, balance });
      if (hasCode) state.setCode(SENDER, Uint8Array.of(1));
      const begin = (): Session => evm.begin(state, {}, { origin: SENDER, gasPrice: 0n });
      const model = begin();
      const expected = stepwise(model, each);
      const { changes } = model.finish();
      const session = begin();
      const { asks } = each;
      const answer = session.charge(session.handle(SENDER), asks.nonce, asks.least, asks.amount);
      assert.equal(answer, expected);
      assert.deepEqual(session.finish().changes, changes);
      if (answer) charged++;
      else refused++;
    }),
    { numRuns: 1_000 },
  );
  assert.ok(charged > 20 && refused > 20, `${charged} charged, ${refused} refused`);
});

test('what was charged can be undone', async () => {
  const evm = await createEvm({ fork: 'osaka' });
  const state = createMemoryState();
  state.setAccount(SENDER, { nonce: 7n, balance: 100n });
  const session = evm.begin(state, {}, { origin: SENDER, gasPrice: 0n });
  const sender = session.handle(SENDER);
  const mark = session.snapshot();
  assert.equal(session.charge(sender, 7n, 50n, 40n), true);
  assert.deepEqual([session.getNonce(SENDER), session.getBalance(SENDER)], [8n, 60n]);
  session.revert(mark);
  assert.deepEqual([session.getNonce(SENDER), session.getBalance(SENDER)], [7n, 100n]);
  assert.deepEqual(session.finish().changes, []);
});
