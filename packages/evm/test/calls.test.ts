import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEvm } from '../src/create-evm.ts';
import {
  address,
  assemble,
  CONTRACT,
  type Part,
  RETURN_TOP,
  runCode,
  stateWith,
  toHex,
  toNumber,
  word,
} from './support/machine.ts';

const evm = await createEvm({ fork: 'osaka' });

/** CALL of an account with gas and value; no input, no output. */
const call = (to: bigint, gas: bigint, value = 0n): Part[] => [
  0n,
  0n,
  0n,
  0n,
  value,
  to,
  gas,
  'CALL',
];
const staticCall = (to: bigint, gas: bigint): Part[] => [0n, 0n, 0n, 0n, to, gas, 'STATICCALL'];
const delegateCall = (to: bigint, gas: bigint): Part[] => [0n, 0n, 0n, 0n, to, gas, 'DELEGATECALL'];

/** The opcode that ends the parts. */
function nameOf(parts: readonly Part[]): string {
  const last = parts.at(-1);
  return typeof last === 'string' ? last : '';
}

test('a call down to depth 1024 and no further', async () => {
  // Frontier hands all gas on, so that the depth alone ends the recursion.
  for (const fork of ['frontier', 'osaka'] as const) {
    const each = await createEvm({ fork });
    // Counts in slot 0, then calls itself with all gas (less what the rest needs) and stops.
    const gas: Part[] = fork === 'frontier' ? [40_000n, 'GAS', 'SUB'] : ['GAS'];
    const code = assemble(
      1n,
      0n,
      'SLOAD',
      'ADD',
      0n,
      'SSTORE',
      0n,
      0n,
      0n,
      0n,
      0n,
      'ADDRESS',
      ...gas,
      'CALL',
    );
    const state = stateWith({ 0xc0de: code, 0xca11e4: new Uint8Array(0) });
    const result = each.call(state, { to: CONTRACT, gasLimit: 2n ** 50n });
    assert.equal(result.halt, undefined);
    assert.equal(
      toNumber(result.changes.find((c) => c.storage.length > 0)?.storage[0]?.value ?? word(0n)),
      1_025n,
    );
  }
});

test('a call beyond depth 1024 gives its gas back', () => {
  // Stores the gas difference over the call; the deepest frame writes last into slot 1.
  const code = assemble(
    'GAS',
    0n,
    0n,
    0n,
    0n,
    0n,
    'ADDRESS',
    'GAS',
    'CALL',
    { goto: 'went' },
    'JUMPI',
    'GAS',
    'SWAP1',
    'SUB',
    1n,
    'SSTORE',
    'STOP',
    { label: 'went' },
    'STOP',
  );
  const state = stateWith({ 0xc0de: code });
  const result = evm.call(state, { to: CONTRACT, gasLimit: 2n ** 50n });
  const kept = result.changes[0]?.storage[0]?.value ?? word(0n);
  // 6 operands of 3 or 2, GAS 2, call 100, PUSH2 3, JUMPI 10, GAS 2: nothing of the 63/64 is gone.
  assert.equal(toNumber(kept), 5n * 3n + 2n + 2n + 100n + 3n + 10n + 2n);
});

test('63/64 of the gas are handed on at most, whatever is asked', () => {
  const inner = assemble('GAS', ...RETURN_TOP);
  const code = assemble(
    32n,
    0n,
    0n,
    0n,
    0n,
    7_777n,
    2n ** 256n - 1n,
    'CALL',
    'POP',
    32n,
    0n,
    'RETURN',
  );
  const state = stateWith({ 7_777: inner, 0xc0de: code });
  const result = evm.call(state, { to: CONTRACT, gasLimit: 100_000n });
  // Operands 21, cold call 2600, memory 3; then GAS costs 2 inside.
  const left = 100_000n - 21n - 2_600n - 3n;
  assert.equal(toNumber(result.output), left - left / 64n - 2n);
});

test('before EIP-150 a call for more gas than there is fails the caller', async () => {
  const homestead = await createEvm({ fork: 'homestead' });
  const state = stateWith({ 7_777: assemble('STOP') });
  const run = (gas: bigint) =>
    runCode(homestead, assemble(...call(7_777n, gas)), { gasLimit: 100_000n }, state);
  assert.equal(run(100_000n).halt, 'out-of-gas');
  assert.equal(run(2n ** 70n).halt, 'out-of-gas');
  assert.equal(run(99_900n).halt, undefined);
});

test('a value brings 9000 gas of price and 2300 of stipend', () => {
  const inner = assemble('GAS', ...RETURN_TOP);
  const code = assemble(32n, 0n, 0n, 0n, 1n, 7_777n, 0n, 'CALL', 'POP', 32n, 0n, 'RETURN');
  const state = stateWith({ 7_777: inner, 0xc0de: code });
  const result = evm.call(state, { to: CONTRACT, gasLimit: 100_000n });
  assert.equal(toNumber(result.output), 2_300n - 2n);
  // 21 operands, cold call, value, memory, all of the stipend's rest comes back; POP, RETURN 2 + 6.
  const inside = 2n + 3n + 3n + 3n + 3n + 3n;
  assert.equal(result.gasUsed, 21n + 2_600n + 9_000n + 3n + 2n + 6n - (2_300n - inside));
});

test('value moves; without balance the call fails and gives back all gas', () => {
  const state = stateWith({
    7_777: new Uint8Array(0),
    0xc0de: assemble(...call(7_777n, 0n, 400n)),
  });
  const { changes } = evm.call(state, { to: CONTRACT, gasLimit: 100_000n });
  const balances = changes.map((c) => [toHex(c.address).slice(-4), c.account?.balance]);
  assert.deepEqual(
    new Map(balances as [string, bigint][]),
    new Map([
      ['c0de', 600n],
      ['1e61', 1_400n],
    ]),
  );
  const poor = runCode(evm, assemble(...call(7_777n, 5_000n, 1_001n), ...RETURN_TOP), {}, state);
  assert.equal(toNumber(poor.output), 0n);
  assert.deepEqual(poor.changes, []);
  assert.equal(poor.gasUsed, 21n + 2_600n + 9_000n - 2_300n + 3n + 3n + 3n + 3n + 3n);
});

test('a value to an empty account costs 25000 more; without value nothing comes to life', () => {
  const used = (value: bigint) =>
    runCode(
      evm,
      assemble(...call(2n ** 90n, 0n, value)),
      {},
      stateWith({ 0xc0de: new Uint8Array(0) }),
    );
  assert.equal(used(1n).gasUsed, 21n + 2_600n + 9_000n + 25_000n - 2_300n);
  assert.equal(used(0n).gasUsed, 21n + 2_600n);
  assert.deepEqual(used(0n).changes, []);
});

test('before EIP-161 any call makes the account, and pays for it', async () => {
  const tangerine = await createEvm({ fork: 'tangerineWhistle' });
  const state = stateWith({ 0xc0de: new Uint8Array(0) });
  const result = runCode(tangerine, assemble(...call(2n ** 90n, 0n)), {}, state);
  assert.equal(result.gasUsed, 21n + 700n + 25_000n);
  assert.equal(result.changes.length, 1);
  assert.equal(result.changes[0]?.account?.balance, 0n);
});

test('static frames change nothing: each opcode that would fails', () => {
  const changing: Part[][] = [
    [1n, 1n, 'SSTORE'],
    [1n, 1n, 'TSTORE'],
    [0n, 0n, 'LOG0'],
    [1n, 0n, 0n, 'LOG1'],
    [0n, 0n, 0n, 'CREATE'],
    [0n, 0n, 0n, 0n, 'CREATE2'],
    [0n, 'SELFDESTRUCT'],
    call(1n, 0n, 1n),
  ];
  for (const parts of changing) {
    const inner = assemble(...parts, 'STOP');
    const state = stateWith({ 7_777: inner, 0xc0de: new Uint8Array(0) });
    const outer = assemble(...staticCall(7_777n, 100_000n), ...RETURN_TOP);
    assert.equal(toNumber(runCode(evm, outer, {}, state).output), 0n, nameOf(parts));
    const direct = evm.call(state, { to: address(7_777), gasLimit: 10n ** 6n, isStatic: true });
    assert.equal(direct.halt, 'static-state-change', nameOf(parts));
    assert.equal(direct.gasUsed, 10n ** 6n);
    // One frame deeper the rule still holds.
    const nested = assemble(...call(7_777n, 100_000n), ...RETURN_TOP);
    const deep = evm.call(stateWith({ 7_777: inner, 0xc0de: nested }), {
      to: CONTRACT,
      gasLimit: 10n ** 6n,
      isStatic: true,
    });
    assert.equal(toNumber(deep.output), 0n);
  }
  const harmless = assemble(...call(7_777n, 100n), ...RETURN_TOP);
  const state = stateWith({ 7_777: assemble('STOP'), 0xc0de: harmless });
  assert.equal(
    toNumber(evm.call(state, { to: CONTRACT, gasLimit: 10n ** 6n, isStatic: true }).output),
    1n,
  );
});

test('who the callee sees: CALL, CALLCODE, DELEGATECALL, STATICCALL', () => {
  // ADDRESS, CALLER and CALLVALUE, 32 bytes each.
  const inner = assemble(
    'ADDRESS',
    0n,
    'MSTORE',
    'CALLER',
    32n,
    'MSTORE',
    'CALLVALUE',
    64n,
    'MSTORE',
    96n,
    0n,
    'RETURN',
  );
  const state = stateWith({ 7_777: inner, 0xc0de: new Uint8Array(0), 0xca11e4: new Uint8Array(0) });
  const seen = (...parts: Part[]) => {
    const code = assemble(...parts, 'POP', 96n, 0n, 0n, 'RETURNDATACOPY', 96n, 0n, 'RETURN');
    const out = runCode(evm, code, { value: 5n }, state).output;
    return [0, 32, 64].map((at) => toNumber(out.subarray(at, at + 32)));
  };
  const out: Part[] = [0n, 0n, 0n, 0n];
  assert.deepEqual(seen(...out, 3n, 7_777n, 'GAS', 'CALL'), [7_777n, 0xc0den, 3n]);
  assert.deepEqual(seen(...out, 3n, 7_777n, 'GAS', 'CALLCODE'), [0xc0den, 0xc0den, 3n]);
  assert.deepEqual(seen(...out, 7_777n, 'GAS', 'DELEGATECALL'), [0xc0den, 0xca11e4n, 5n]);
  assert.deepEqual(seen(...out, 7_777n, 'GAS', 'STATICCALL'), [7_777n, 0xc0den, 0n]);
});

test('delegated code works on the storage of the caller', () => {
  const state = stateWith({ 7_777: assemble(9n, 1n, 'SSTORE'), 0xc0de: new Uint8Array(0) });
  const { changes } = runCode(evm, assemble(...delegateCall(7_777n, 100_000n)), {}, state);
  assert.deepEqual(
    changes.map((c) => toHex(c.address).slice(-4)),
    ['c0de'],
  );
});

test('output lands in memory up to the size asked, and RETURNDATA holds all of it', () => {
  const inner = assemble(
    2n ** 256n - 1n,
    0n,
    'MSTORE',
    2n ** 256n - 1n,
    32n,
    'MSTORE',
    64n,
    0n,
    'RETURN',
  );
  const state = stateWith({ 7_777: inner, 0xc0de: new Uint8Array(0) });
  const code = assemble(
    8n,
    0n,
    0n,
    0n,
    7_777n,
    'GAS',
    'STATICCALL',
    'POP',
    'RETURNDATASIZE',
    32n,
    'MSTORE',
    64n,
    0n,
    'RETURN',
  );
  const { output } = runCode(evm, code, {}, state);
  assert.equal(toHex(output), 'ff'.repeat(8) + '00'.repeat(24) + toHex(word(64n)));
});

test('RETURNDATACOPY past the end fails, also with size 0 and huge offsets', () => {
  const state = stateWith({ 7_777: assemble(32n, 0n, 'RETURN'), 0xc0de: new Uint8Array(0) });
  const run = (size: bigint, offset: bigint) =>
    runCode(
      evm,
      assemble(...staticCall(7_777n, 100_000n), 'POP', size, offset, 0n, 'RETURNDATACOPY'),
      {},
      state,
    ).halt;
  assert.equal(run(32n, 0n), undefined);
  assert.equal(run(0n, 32n), undefined);
  assert.equal(run(1n, 32n), 'return-data-out-of-bounds');
  assert.equal(run(0n, 33n), 'return-data-out-of-bounds');
  assert.equal(run(33n, 0n), 'return-data-out-of-bounds');
  assert.equal(run(0n, 2n ** 256n - 1n), 'return-data-out-of-bounds');
  assert.equal(run(2n ** 256n - 1n, 1n), 'return-data-out-of-bounds');
  assert.equal(run(2n ** 64n - 1n, 2n), 'return-data-out-of-bounds');
});

test('return data is gone after a call that never began, and after an exception', () => {
  const state = stateWith({
    7_777: assemble(32n, 0n, 'RETURN'),
    8_888: assemble('STOP'),
    0xc0de: new Uint8Array(0),
  });
  const size = (...parts: Part[]) =>
    toNumber(
      runCode(
        evm,
        assemble(...staticCall(7_777n, 100_000n), ...parts, 'RETURNDATASIZE', ...RETURN_TOP),
        {},
        state,
      ).output,
    );
  assert.equal(size(), 32n);
  assert.equal(size(...call(7_777n, 0n, 10n ** 6n)), 0n);
  assert.equal(size(...call(7_777n, 2n)), 0n);
  assert.equal(size(...call(8_888n, 100n)), 0n);
  assert.equal(size(10n ** 6n, 0n, 0n, 'CREATE'), 0n);
});

test('REVERT undoes, keeps the gas left, and hands its data up', () => {
  const inner = assemble(
    0n,
    1n,
    'SSTORE',
    0n,
    0n,
    'LOG0',
    0xabcdn,
    0n,
    'MSTORE',
    2n,
    30n,
    'REVERT',
  );
  const state = stateWith({ 7_777: inner, 0xc0de: new Uint8Array(0) });
  // Clearing a slot gives a refund, which goes with the frame.
  state.setStorage(address(7_777), word(1n), word(5n));
  const direct = evm.call(state, { to: address(7_777), gasLimit: 100_000n, value: 0n });
  assert.equal(direct.halt, 'revert');
  assert.equal(toHex(direct.output), 'abcd');
  assert.ok(direct.gasUsed < 30_000n);
  assert.deepEqual([direct.changes, direct.logs, direct.gasRefund], [[], [], 0n]);
  const code = assemble(...call(7_777n, 50_000n), 'RETURNDATASIZE', 'ADD', ...RETURN_TOP);
  assert.equal(toNumber(runCode(evm, code, {}, state).output), 2n);
});

test('warmth made in a frame that failed is cold again', () => {
  const inner = assemble(2n ** 90n, 'BALANCE', 1n, 'SLOAD', 0n, 0n, 'REVERT');
  const state = stateWith({ 7_777: inner, 0xc0de: new Uint8Array(0) });
  const code = assemble(
    ...delegateCall(7_777n, 50_000n),
    'GAS',
    2n ** 90n,
    'BALANCE',
    'POP',
    1n,
    'SLOAD',
    'POP',
    'GAS',
    'SWAP1',
    'SUB',
    ...RETURN_TOP,
  );
  assert.equal(
    toNumber(runCode(evm, code, {}, state).output),
    2n + 3n + 2_600n + 2n + 3n + 2_100n + 2n,
  );
});

test('EIP-7702: a call to a delegating account runs the other code on its own storage', () => {
  const target = assemble(5n, 1n, 'SSTORE', 'ADDRESS', ...RETURN_TOP);
  const designator = Uint8Array.from([0xef, 0x01, 0x00, ...address(7_777)]);
  const state = stateWith({ 7_777: target, 8_888: designator, 0xc0de: new Uint8Array(0) });
  const result = evm.call(state, { to: address(8_888), gasLimit: 100_000n });
  assert.equal(toNumber(result.output), 8_888n);
  assert.equal(toHex(result.changes[0]?.address ?? word(0n)), toHex(address(8_888)));
  // The other account is one more access: 2600 cold; reading code does not follow.
  const code = assemble('GAS', ...call(8_888n, 0n), 'POP', 'GAS', 'SWAP1', 'SUB', ...RETURN_TOP);
  assert.equal(toNumber(runCode(evm, code, {}, state).output), 21n + 2_600n + 2_600n + 2n + 2n);
  assert.equal(
    toNumber(runCode(evm, assemble(8_888n, 'EXTCODESIZE', ...RETURN_TOP), {}, state).output),
    23n,
  );
  // Before the fork the designator is code like any other, and 0xef no opcode.
  return createEvm({ fork: 'cancun' }).then((cancun) => {
    assert.equal(
      cancun.call(state, { to: address(8_888), gasLimit: 9_000n }).halt,
      'invalid-opcode',
    );
  });
});

test('EIP-7702: a delegation to a precompile runs nothing; delegations do not chain', () => {
  const to = (target: number) => Uint8Array.from([0xef, 0x01, 0x00, ...address(target)]);
  const state = stateWith({
    7_001: to(4),
    7_002: to(7_001),
    7_003: to(7_003),
    0xc0de: new Uint8Array(0),
  });
  const result = (target: number) =>
    evm.call(state, { to: address(target), data: word(1n), gasLimit: 50_000n });
  assert.deepEqual(
    [result(7_001).halt, result(7_001).output.length, result(7_001).gasUsed],
    [undefined, 0, 0n],
  );
  assert.equal(result(7_002).halt, 'invalid-opcode');
  assert.equal(result(7_003).halt, 'invalid-opcode');
});

test('precompiles: output, gas, failure takes all gas handed on', () => {
  const state = stateWith({ 0xc0de: new Uint8Array(0) });
  const identity = evm.call(state, { to: address(4), data: word(77n), gasLimit: 1_000n });
  assert.deepEqual([toNumber(identity.output), identity.gasUsed], [77n, 18n]);
  assert.equal(
    evm.call(state, { to: address(4), data: word(77n), gasLimit: 17n }).halt,
    'out-of-gas',
  );
  const sha = evm.call(state, { to: address(2), gasLimit: 1_000n });
  assert.equal(toHex(sha.output).slice(0, 8), 'e3b0c442');
  // bn254 addition of points that are not on the curve.
  const bad = evm.call(state, {
    to: address(6),
    data: new Uint8Array(128).fill(1),
    gasLimit: 1_000n,
  });
  assert.deepEqual([bad.halt, bad.gasUsed], ['precompile-failure', 1_000n]);
  const code = assemble(
    'GAS',
    0n,
    0n,
    128n,
    0n,
    0n,
    6n,
    5_000n,
    'CALL',
    'POP',
    'GAS',
    'SWAP1',
    'SUB',
    ...RETURN_TOP,
  );
  const filled = assemble(2n ** 256n - 1n, 0n, 'MSTORE', 96n, 'MLOAD', 'POP', code);
  assert.equal(toNumber(runCode(evm, filled, {}, state).output), 5_000n + 100n + 21n + 2n + 2n);
});
