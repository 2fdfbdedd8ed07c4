import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEvm } from '../src/create-evm.ts';
import { FORKS, type Fork } from '../src/types.ts';
import {
  assemble,
  CONTRACT,
  type Part,
  runCode,
  stateWith,
  toHex,
  toNumber,
} from './support/machine.ts';

const NOTHING = new Uint8Array(0);

function atLeast(fork: Fork, other: Fork): boolean {
  return FORKS.indexOf(fork) >= FORKS.indexOf(other);
}

test('gas: 5000 from EIP-150, cold 2600, an account made 25000', async () => {
  for (const fork of FORKS) {
    const evm = await createEvm({ fork });
    const state = stateWith({ 0xc0de: NOTHING, 0x77: NOTHING });
    const used = (beneficiary: bigint) =>
      Number(runCode(evm, assemble(beneficiary, 'SELFDESTRUCT'), {}, state).gasUsed) - 3;
    const own = atLeast(fork, 'tangerineWhistle') ? 5_000 : 0;
    const cold = atLeast(fork, 'berlin') ? 2_600 : 0;
    assert.equal(used(0x77n), own + cold, fork);
    const made = atLeast(fork, 'tangerineWhistle') ? 25_000 : 0;
    assert.equal(used(2n ** 90n), own + cold + made, fork);
    // Without balance nothing is made from EIP-161 on.
    state.setAccount(CONTRACT, { nonce: 1n, balance: 0n });
    assert.equal(used(2n ** 90n), own + cold + (atLeast(fork, 'spuriousDragon') ? 0 : made), fork);
  }
});

test('refund of 24000 until EIP-3529, once an account', async () => {
  for (const fork of FORKS) {
    const evm = await createEvm({ fork });
    const state = stateWith({ 0xc0de: NOTHING, 0x77: assemble(0n, 'SELFDESTRUCT') });
    const call: Part[] = [0n, 0n, 0n, 0n, 0n, 0x77n, 50_000n, 'CALL', 'POP'];
    const result = runCode(evm, assemble(...call, ...call), {}, state);
    assert.equal(result.gasRefund, atLeast(fork, 'london') ? 0n : 24_000n, fork);
  }
});

test('the account goes at the end of the session, from Cancun on only if made in it', async () => {
  for (const fork of FORKS) {
    const evm = await createEvm({ fork });
    const state = stateWith({ 0xc0de: assemble(0x77n, 'SELFDESTRUCT'), 0x77: NOTHING });
    const { changes } = evm.call(state, { to: CONTRACT, gasLimit: 10n ** 6n });
    const own = changes.find((c) => toHex(c.address) === toHex(CONTRACT));
    const other = changes.find((c) => toHex(c.address).endsWith('77'));
    assert.equal(other?.account?.balance, 2_000n, fork);
    if (atLeast(fork, 'cancun')) {
      assert.equal(own?.account?.balance, 0n);
      assert.equal(own?.storageCleared, false);
    } else {
      assert.deepEqual([own?.account, own?.storageCleared], [undefined, true]);
    }
  }
});

test('to itself: burnt before Cancun, and for a contract made in the session', async () => {
  const london = await createEvm({ fork: 'london' });
  const osaka = await createEvm({ fork: 'osaka' });
  const code = assemble('ADDRESS', 'SELFDESTRUCT');
  const state = stateWith({ 0xc0de: NOTHING });
  assert.equal(runCode(london, code, {}, state).changes[0]?.account, undefined);
  assert.deepEqual(runCode(osaka, code, {}, state).changes, []);
  // Creates a contract with 10 whose init code destroys it in favour of itself.
  const init = toNumber(code) << BigInt(8 * (32 - code.length));
  const creator = assemble(init, 0n, 'MSTORE', BigInt(code.length), 0n, 10n, 'CREATE');
  for (const evm of [london, osaka]) {
    const { changes } = runCode(evm, creator, {}, state);
    assert.deepEqual(
      changes.map((c) => c.account?.balance),
      [990n],
    );
  }
});

test('the code of a destroyed account still answers within the session', async () => {
  const evm = await createEvm({ fork: 'london' });
  const call: Part[] = [0n, 0n, 0n, 0n, 0n, 0x77n, 50_000n, 'CALL', 'POP'];
  const state = stateWith({ 0xc0de: NOTHING, 0x77: assemble(0x99n, 'SELFDESTRUCT') });
  const result = runCode(
    evm,
    assemble(...call, 0x77n, 'EXTCODESIZE', 0n, 'MSTORE', 32n, 0n, 'RETURN'),
    {},
    state,
  );
  assert.equal(toNumber(result.output), 3n);
});

test('a frame that fails takes the destruction and its refund back', async () => {
  const evm = await createEvm({ fork: 'istanbul' });
  const state = stateWith({
    0xc0de: assemble(0n, 0n, 0n, 0n, 0n, 0x77n, 90_000n, 'CALL'),
    0x77: assemble(0n, 0n, 0n, 0n, 0n, 0x88n, 50_000n, 'CALL', 0n, 0n, 'REVERT'),
    0x88: assemble(0x99n, 'SELFDESTRUCT'),
  });
  const result = evm.call(state, { to: CONTRACT, gasLimit: 10n ** 6n });
  assert.deepEqual([result.halt, result.gasRefund, result.changes], [undefined, 0n, []]);
});
