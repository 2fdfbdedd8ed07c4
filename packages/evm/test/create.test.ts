import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { createEvm } from '../src/create-evm.ts';
import type { MemoryState } from '../src/state/memory-state.ts';
import { encodeList, encodeNumber, encodeString } from '../src/transaction/rlp.ts';
import type { CallResult } from '../src/types.ts';
import {
  address,
  assemble,
  CALLER,
  CONTRACT,
  fromHex,
  type Part,
  RETURN_TOP,
  runCode,
  stateWith,
  toHex,
  toNumber,
  word,
} from './support/machine.ts';

const evm = await createEvm({ fork: 'osaka' });
const NOTHING = new Uint8Array(0);

/** Init code that returns `size` bytes beginning with `first`. */
const initReturning = (size: bigint, first = 0n): Uint8Array =>
  assemble(first, 0n, 'MSTORE8', size, 0n, 'RETURN');

function create(data: Uint8Array, gasLimit = 10n ** 8n, state?: MemoryState): CallResult {
  const used = state ?? stateWith({ 0xca11e4: NOTHING });
  return evm.call(used, { from: CALLER, to: undefined, data, gasLimit });
}

/** Writes init code into memory and creates with it; the address is left on the stack. */
function createFrom(init: Uint8Array, value = 0n, salt?: bigint): Part[] {
  const padded = new Uint8Array(Math.ceil(init.length / 32) * 32);
  padded.set(init);
  const parts: Part[] = [];
  for (let at = 0; at < padded.length; at += 32) {
    parts.push(toNumber(padded.subarray(at, at + 32)), BigInt(at), 'MSTORE');
  }
  if (salt !== undefined) parts.push(salt);
  return [...parts, BigInt(init.length), 0n, value, salt === undefined ? 'CREATE' : 'CREATE2'];
}

test('a creation keeps what init code returns, with nonce 1 and 200 gas a byte', () => {
  const result = create(initReturning(3n, 0x42n));
  const made = result.changes.find((c) => c.code !== undefined);
  assert.equal(toHex(made?.code ?? NOTHING), '420000');
  assert.equal(made?.account?.nonce, 1n);
  assert.equal(toHex(result.created ?? NOTHING), toHex(made?.address ?? NOTHING));
  // PUSH1 four times, MSTORE8 3, one word of memory 3, deposit 600.
  assert.equal(result.gasUsed, 12n + 3n + 3n + 600n);
  const sender = result.changes.find((c) => toHex(c.address) === toHex(CALLER));
  assert.equal(sender?.account?.nonce, 2n);
});

test('the address of a creation: keccak(rlp([sender, nonce]))', () => {
  const from = fromHex('6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0');
  const expected = [
    [0n, 'cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d'],
    [1n, '343c43a37d37dff08ae8c4a11544c718abb4fcf8'],
    [2n, 'f778b86fa74e846c4f0a1fbd1335fe81c00a0c91'],
    [3n, 'fffd933a0bc612844eaf0c6fe3e5b8e9b6c1d19c'],
  ] as const;
  for (const [nonce, made] of expected) {
    const state = stateWith({});
    state.setAccount(from, { nonce, balance: 0n });
    const result = evm.call(state, { from, to: undefined, gasLimit: 100n });
    assert.equal(toHex(result.created ?? NOTHING), made);
  }
});

test('EIP-1014: the addresses of its examples', () => {
  const deadbeef = '00000000000000000000000000000000deadbeef';
  const examples = [
    ['00'.repeat(20), 0n, '00', '4d1a2e2bb4f88f0250f26ffff098b0b30b26bf38'],
    ['deadbeef'.padEnd(40, '0'), 0n, '00', 'b928f69bb1d91cd65274e3c79d8986362984fda3'],
    [
      'deadbeef'.padEnd(40, '0'),
      BigInt('0xfeed') << 144n,
      '00',
      'd04116cdd17bebe565eb2422f2497e06cc1c9833',
    ],
    ['00'.repeat(20), 0n, 'deadbeef', '70f2b2914a2a4b783faefb75f459a580616fcb5e'],
    [deadbeef, 0xcafebaben, 'deadbeef', '60f3f640a8508fc6a86d45df051962668e1e8ac7'],
    [deadbeef, 0xcafebaben, 'deadbeef'.repeat(11), '1d8bfdc5d46dc4f61d6b6115972536ebe6a8854c'],
    ['00'.repeat(20), 0n, '', 'e33c0c7f7df4809055c3eba6c09cfe4baf1bd9e0'],
  ] as const;
  for (const [creator, salt, init, made] of examples) {
    const state = stateWith({});
    state.setAccount(fromHex(creator), { nonce: 1n, balance: 0n });
    const code = assemble(...createFrom(fromHex(init), 0n, salt), 'STOP');
    const { reads } = evm.call(state, { to: fromHex(creator), code, gasLimit: 10n ** 6n });
    const read = reads.accounts.map(toHex);
    assert.ok(read.includes(made), `${creator} ${init}: ${read.join()}`);
  }
});

test('code of 24576 bytes is kept, one more fails and takes all gas', () => {
  assert.equal(create(initReturning(24_576n)).halt, undefined);
  const over = create(initReturning(24_577n));
  assert.deepEqual([over.halt, over.gasUsed, over.created], ['code-size', 10n ** 8n, undefined]);
});

test('init code of 49152 bytes runs from CREATE, one more fails the frame', () => {
  const run = (size: bigint) => runCode(evm, assemble(size, 0n, 0n, 'CREATE', ...RETURN_TOP));
  const full = run(49_152n);
  assert.equal(full.halt, undefined);
  assert.notEqual(toNumber(full.output), 0n);
  assert.equal(run(49_153n).halt, 'init-code-size');
  assert.equal(run(2n ** 255n).halt, 'out-of-gas');
});

test('EIP-3860: 2 gas a word of init code from Shanghai on, 6 more for CREATE2', async () => {
  const used = async (fork: 'paris' | 'osaka', ...parts: Part[]) => {
    const each = await createEvm({ fork });
    return runCode(each, assemble(...parts)).gasUsed;
  };
  const base = 9n + 32_000n;
  assert.equal(await used('paris', 32n * 10n, 0n, 0n, 'CREATE'), base + 30n);
  assert.equal(await used('osaka', 32n * 10n, 0n, 0n, 'CREATE'), base + 30n + 20n);
  assert.equal(await used('paris', 7n, 32n * 10n, 0n, 0n, 'CREATE2'), base + 3n + 30n + 60n);
  assert.equal(await used('osaka', 7n, 32n * 10n, 0n, 0n, 'CREATE2'), base + 3n + 30n + 80n);
});

test('EIP-3541: code that begins with 0xef is refused from London on', async () => {
  assert.equal(create(initReturning(1n, 0xefn)).halt, 'invalid-code-prefix');
  const berlin = await createEvm({ fork: 'berlin' });
  const request = {
    from: CALLER,
    to: undefined,
    data: initReturning(1n, 0xefn),
    gasLimit: 10n ** 6n,
  };
  assert.equal(berlin.call(stateWith({ 0xca11e4: NOTHING }), request).halt, undefined);
});

test('too little gas for the deposit: a failure from Homestead on', async () => {
  const data = initReturning(100n);
  // Runs for 24 gas and leaves less than 20,000.
  const request = { from: CALLER, to: undefined, data, gasLimit: 20_000n };
  const frontier = await createEvm({ fork: 'frontier' });
  const result = frontier.call(stateWith({ 0xca11e4: NOTHING }), request);
  assert.equal(result.halt, undefined);
  assert.ok(result.gasUsed < 100n);
  assert.ok(result.created !== undefined && result.changes.every((c) => c.code === undefined));
  const homestead = await createEvm({ fork: 'homestead' });
  assert.equal(homestead.call(stateWith({ 0xca11e4: NOTHING }), request).halt, 'out-of-gas');
});

test('an address with nonce, code or storage refuses; one with balance only does not', () => {
  const made = create(NOTHING).created ?? NOTHING;
  const cases: [string, (state: MemoryState) => void, string | undefined][] = [
    ['nonce', (s) => s.setAccount(made, { nonce: 1n }), 'create-collision'],
    ['code', (s) => s.setCode(made, Uint8Array.of(1)), 'create-collision'],
    ['storage', (s) => s.setStorage(made, word(1n), word(1n)), 'create-collision'],
    ['balance', (s) => s.setAccount(made, { balance: 5n }), undefined],
  ];
  for (const [what, prepare, halt] of cases) {
    const state = stateWith({ 0xca11e4: NOTHING });
    prepare(state);
    const result = create(assemble('SELFBALANCE', ...RETURN_TOP), 10n ** 6n, state);
    assert.equal(result.halt, halt, what);
    if (halt !== undefined) assert.equal(result.gasUsed, 10n ** 6n);
    else assert.equal(toNumber(result.output), 5n);
  }
});

test('a collision inside a frame: zero, the gas handed on is gone, the nonce is used', () => {
  const code = assemble(
    ...createFrom(NOTHING, 0n, 1n),
    'POP',
    ...createFrom(NOTHING, 0n, 1n),
    ...RETURN_TOP,
  );
  const state = stateWith({ 0xc0de: NOTHING });
  const result = runCode(evm, code, {}, state);
  assert.equal(toNumber(result.output), 0n);
  assert.ok(result.gasUsed > 9_500_000n);
  const creator = result.changes.find((c) => toHex(c.address) === toHex(CONTRACT));
  assert.equal(creator?.account?.nonce, 3n);
});

test('without the balance, beyond the depth or at the last nonce nothing is used', () => {
  const state = stateWith({ 0xc0de: NOTHING });
  const poor = runCode(evm, assemble(...createFrom(NOTHING, 1_001n), ...RETURN_TOP), {}, state);
  assert.deepEqual([toNumber(poor.output), poor.changes], [0n, []]);
  assert.ok(poor.gasUsed < 33_000n);
  const last = stateWith({});
  last.setAccount(CONTRACT, { nonce: 2n ** 64n - 1n });
  const result = runCode(evm, assemble(...createFrom(NOTHING), ...RETURN_TOP), {}, last);
  assert.deepEqual([toNumber(result.output), result.changes], [0n, []]);
  assert.ok(result.gasUsed < 33_000n);
});

test('init code that reverts leaves its data and nothing else', () => {
  const init = assemble(5n, 1n, 'SSTORE', 0xabcdn, 0n, 'MSTORE', 2n, 30n, 'REVERT');
  const code = assemble(
    ...createFrom(init, 10n),
    'POP',
    'RETURNDATASIZE',
    0n,
    0n,
    'RETURNDATACOPY',
    'RETURNDATASIZE',
    0n,
    'RETURN',
  );
  const result = runCode(evm, code, {}, stateWith({ 0xc0de: NOTHING }));
  assert.equal(toHex(result.output), 'abcd');
  assert.deepEqual(
    result.changes.map((c) => c.account?.balance),
    [1_000n],
  );
  // A creation that works leaves no return data.
  const works = assemble(...createFrom(initReturning(5n)), 'POP', 'RETURNDATASIZE', ...RETURN_TOP);
  assert.equal(toNumber(runCode(evm, works).output), 0n);
});

test('a new contract has value and storage of its own, and can be called at once', () => {
  // Init code stores 9 in slot 0 and returns code that loads slot 0 and returns it.
  const runtime = assemble(0n, 'SLOAD', ...RETURN_TOP);
  const init = assemble(
    9n,
    0n,
    'SSTORE',
    toNumber(runtime),
    0n,
    'MSTORE',
    BigInt(runtime.length),
    BigInt(32 - runtime.length),
    'RETURN',
  );
  const code = assemble(
    ...createFrom(init, 7n),
    32n,
    0n,
    0n,
    0n,
    0n,
    'DUP6',
    'GAS',
    'CALL',
    'POP',
    'BALANCE',
    32n,
    'MSTORE',
    64n,
    0n,
    'RETURN',
  );
  const { output, changes } = runCode(evm, code, {}, stateWith({ 0xc0de: NOTHING }));
  assert.equal(toNumber(output.subarray(0, 32)), 9n);
  assert.equal(toNumber(output.subarray(32)), 7n);
  const made = changes.find((c) => c.code !== undefined);
  assert.equal(made?.storageCleared, true);
  assert.deepEqual(
    made?.storage.map((s) => toNumber(s.value)),
    [9n],
  );
});

test('recursion through CREATE ends by gas, not by a trap', () => {
  // Copies itself into memory and creates with it.
  const code = assemble('CODESIZE', 0n, 0n, 'CODECOPY', 'CODESIZE', 0n, 0n, 'CREATE', 'STOP');
  const result = create(code, 10n ** 9n);
  assert.equal(result.halt, undefined);
  assert.ok(result.changes.length > 100);
});

test('init code is translated anew each time: jump targets are its own', () => {
  for (let pad = 0; pad < 5; pad++) {
    const stops: Part[] = Array.from({ length: pad }, () => 'STOP');
    const init = assemble({ goto: 'end' }, 'JUMP', ...stops, { label: 'end' }, 7n, ...RETURN_TOP);
    assert.equal(toNumber(create(init).output), 7n);
    // One byte off, the target is no JUMPDEST.
    init[2] = (init[2] ?? 0) + 1;
    assert.equal(create(init).halt, 'invalid-jump');
  }
});

test('the address of a creation: nonces of every length', () => {
  const nonces = [
    0x7fn,
    0x80n,
    0xffn,
    0x100n,
    0xffffn,
    0x10000n,
    2n ** 40n,
    2n ** 63n,
    2n ** 64n - 2n,
  ];
  for (const nonce of nonces) {
    const state = stateWith({});
    state.setAccount(address(1), { nonce });
    const made = evm.call(state, { from: address(1), to: undefined, gasLimit: 1_000n }).created;
    const rlp = encodeList([encodeString(address(1)), encodeNumber(nonce)]);
    assert.equal(toHex(made ?? NOTHING), toHex(keccak_256(rlp).subarray(12)), String(nonce));
  }
});
