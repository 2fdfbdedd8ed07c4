/**
 * What a stranger can send: nothing of it may trap the instance, grow it or stop it from working.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEvm } from '../src/create-evm.ts';
import { EvmError } from '../src/errors.ts';
import { OPCODES } from '../src/opcodes.ts';
import type { StateReader } from '../src/types.ts';
import {
  address,
  assemble,
  CALLER,
  CONTRACT,
  evaluate,
  type Part,
  RETURN_TOP,
  runCode,
  stateWith,
  toNumber,
  WORD_MAX,
} from './support/machine.ts';

const evm = await createEvm({ fork: 'osaka' });
const NOTHING = new Uint8Array(0);

const isBound = (error: unknown): boolean =>
  error instanceof EvmError && error.code === 'memory-bound';

function stillWorks(): void {
  assert.equal(evaluate(evm, 2n, 3n, 'ADD'), 5n);
}

test('huge offsets and sizes run out of gas, in every opcode that takes them', () => {
  const huge = [
    2n ** 32n - 1n,
    2n ** 32n,
    2n ** 36n,
    2n ** 37n,
    2n ** 63n,
    2n ** 64n - 32n,
    2n ** 64n,
    2n ** 128n,
    WORD_MAX,
  ];
  const forms: ((size: bigint, offset: bigint) => Part[])[] = [
    (size, offset) => [size, offset, 'KECCAK256'],
    (size, offset) => [size, 0n, offset, 'CALLDATACOPY'],
    (size, offset) => [size, 0n, offset, 'CODECOPY'],
    (size, offset) => [size, 0n, offset, 1n, 'EXTCODECOPY'],
    (size, offset) => [size, offset, 0n, 'MCOPY'],
    (size, offset) => [size, 0n, offset, 'MCOPY'],
    (size, offset) => [size, offset, 'LOG0'],
    (size, offset) => [1n, 2n, size, offset, 'LOG2'],
    (size, offset) => [size, offset, 'RETURN'],
    (size, offset) => [size, offset, 'REVERT'],
    (size, offset) => [size, offset, 0n, 'CREATE'],
    (size, offset) => [1n, size, offset, 0n, 'CREATE2'],
    (size, offset) => [0n, 0n, size, offset, 0n, 1n, 0n, 'CALL'],
    (size, offset) => [size, offset, 0n, 0n, 1n, 0n, 'STATICCALL'],
  ];
  for (const form of forms) {
    for (const value of huge) {
      const name = form(0n, 0n).findLast((part) => typeof part === 'string');
      const shown = `${name} ${value.toString(16)}`;
      assert.equal(runCode(evm, assemble(...form(value, 0n))).halt, 'out-of-gas', `${shown} size`);
      assert.equal(
        runCode(evm, assemble(...form(1n, value))).halt,
        'out-of-gas',
        `${shown} offset`,
      );
      assert.equal(
        runCode(evm, assemble(...form(value, value))).halt,
        'out-of-gas',
        `${shown} both`,
      );
    }
  }
  for (const value of huge) {
    assert.equal(runCode(evm, assemble(value, 'MLOAD')).halt, 'out-of-gas');
    assert.equal(runCode(evm, assemble(1n, value, 'MSTORE')).halt, 'out-of-gas');
    assert.equal(runCode(evm, assemble(1n, value, 'MSTORE8')).halt, 'out-of-gas');
    assert.equal(runCode(evm, assemble(value, 'JUMP')).halt, 'invalid-jump');
    assert.equal(runCode(evm, assemble(1n, value, 'JUMPI')).halt, 'invalid-jump');
    assert.equal(evaluate(evm, value, 'CALLDATALOAD'), 0n);
    assert.equal(evaluate(evm, value, 'BLOCKHASH'), 0n);
    assert.equal(evaluate(evm, value, 'BLOBHASH'), 0n);
  }
  stillWorks();
});

test('more memory than the engine has: a typed error where gas would pay for it', () => {
  const most = 2n ** 63n - 1n;
  for (const offset of [2n ** 30n, 2n ** 36n, 2n ** 37n, 2n ** 64n, WORD_MAX]) {
    assert.throws(() => runCode(evm, assemble(offset, 'MLOAD'), { gasLimit: most }), isBound);
    stillWorks();
  }
  // 2^53 gas and more would be needed there; with less the EVM's own rule decides.
  const far = assemble(2n ** 37n, 'MLOAD');
  assert.equal(runCode(evm, far, { gasLimit: 2n ** 52n }).halt, 'out-of-gas');
});

test('each region has its bound, and the instance goes on after meeting it', async () => {
  const small = await createEvm({
    fork: 'osaka',
    memory: {
      frameMemoryBytes: 4_096,
      accounts: 8,
      slots: 8,
      logBytes: 1_024,
      journalBytes: 4_096,
    },
  });
  const repeat = (count: number, part: (index: bigint) => Part[]): Uint8Array =>
    assemble(...Array.from({ length: count }, (_, i) => part(BigInt(i))).flat());
  const overruns = [
    assemble(8_192n, 'MLOAD'),
    repeat(10, (i) => [2n ** 90n + i, 'BALANCE', 'POP']),
    repeat(10, (i) => [i, 'SLOAD', 'POP']),
    repeat(10, (i) => [1n, i, 'TSTORE']),
    repeat(40, () => [0n, 0n, 'LOG0']),
    repeat(200, (i) => [i, 1n, 'SSTORE']),
  ];
  for (const code of overruns) {
    assert.throws(() => runCode(small, code), isBound);
    assert.equal(evaluate(small, 2n, 3n, 'ADD'), 5n);
  }
  assert.throws(() => runCode(small, NOTHING, { data: new Uint8Array(5_000) }), isBound);
});

test('the stack: 1024 items and no more, never fewer than are taken', () => {
  const pushes = (count: number): Part[] => Array.from({ length: count }, () => 1n);
  assert.equal(runCode(evm, assemble(...pushes(1_024))).halt, undefined);
  assert.equal(runCode(evm, assemble(...pushes(1_025))).halt, 'stack-overflow');
  assert.equal(runCode(evm, assemble(...pushes(1_024), 'POP', 'PC', 'PC')).halt, 'stack-overflow');
  assert.equal(runCode(evm, assemble(...pushes(1_024), 'DUP1')).halt, 'stack-overflow');
  assert.equal(runCode(evm, assemble(...pushes(1_024), 'SWAP16', 'ADD', 'POP')).halt, undefined);
  for (const { name, pops, code } of OPCODES) {
    if (pops === 0) continue;
    const result = runCode(evm, Uint8Array.from([...assemble(...pushes(pops - 1)), code]));
    assert.equal(result.halt, 'stack-underflow', name);
    assert.equal(result.gasUsed, 10_000_000n, name);
  }
  // Split over blocks: the second one finds what the first left.
  const split = assemble(...pushes(1_023), { goto: 'next' }, 'JUMP', { label: 'next' }, 1n, 1n);
  assert.equal(runCode(evm, split).halt, 'stack-overflow');
  assert.equal(
    runCode(evm, assemble(1n, { goto: 'next' }, 'JUMP', { label: 'next' }, 'ADD')).halt,
    'stack-underflow',
  );
});

test('a frame has a stack of its own', () => {
  const state = stateWith({ 0xc0de: NOTHING, 0x77: assemble('POP') });
  const call: Part[] = [0n, 0n, 0n, 0n, 0x77n, 100n, 'STATICCALL'];
  const result = runCode(evm, assemble(1n, 2n, 3n, ...call, ...RETURN_TOP), {}, state);
  assert.equal(toNumber(result.output), 0n);
});

test('jumps into push data and into the middle of nowhere', () => {
  // PUSH2 0x5b5b at 0: both data bytes look like JUMPDEST.
  assert.equal(runCode(evm, Uint8Array.of(0x61, 0x5b, 0x5b, 0x60, 1, 0x56)).halt, 'invalid-jump');
  assert.equal(runCode(evm, Uint8Array.of(0x60, 2, 0x56, 0x5b)).halt, 'invalid-jump');
  assert.equal(runCode(evm, Uint8Array.of(0x60, 3, 0x56, 0x5b)).halt, undefined);
  assert.equal(runCode(evm, Uint8Array.of(0x60, 4, 0x56, 0x5b)).halt, 'invalid-jump');
  // The last PUSH32 of a code swallows what would be beyond the end.
  assert.equal(runCode(evm, Uint8Array.of(0x60, 4, 0x56, 0x7f, 0x5b)).halt, 'invalid-jump');
});

test('push data cut off by the end of code counts as zeros', () => {
  for (let size = 1; size <= 32; size++) {
    for (let present = 0; present < size; present += 5) {
      const cut = Uint8Array.from([0x5f + size, ...Array.from({ length: present }, () => 0xab)]);
      // Ends right there: STOP. The traced stack shows the value.
      const seen: bigint[] = [];
      const request = { from: CALLER, to: CONTRACT, code: cut, gasLimit: 100n };
      const result = evm.trace(stateWith({}), request, {
        onStep: (step) => seen.push(...step.stack()),
      });
      assert.equal(result.halt, undefined);
      const bytes = 'ab'.repeat(present).padEnd(size * 2, '0');
      assert.deepEqual(seen, [BigInt(`0x${bytes}`)]);
    }
  }
});

test('code of every length up to its bound runs, and megabytes of call data are read', () => {
  const jumpdests = new Uint8Array(24_576).fill(0x5b);
  assert.equal(runCode(evm, jumpdests).gasUsed, 24_576n);
  assert.equal(runCode(evm, new Uint8Array(49_152).fill(0x5b)).gasUsed, 49_152n);
  assert.equal(runCode(evm, new Uint8Array(24_576).fill(0x58)).halt, 'stack-overflow');
  assert.equal(runCode(evm, new Uint8Array(49_152).fill(0x5a)).halt, 'stack-overflow');
  const gasPops = Uint8Array.from({ length: 49_152 }, (_, i) => (i % 2 === 0 ? 0x5a : 0x50));
  assert.equal(runCode(evm, gasPops).gasUsed, 49_152n * 2n);
  const jumps = Uint8Array.from({ length: 24_576 }, (_, i) => [0x5f, 0x5f, 0x57][i % 3] ?? 0);
  assert.equal(runCode(evm, jumps).gasUsed, 8_192n * 14n);
  const data = new Uint8Array(8 * 2 ** 20).fill(7);
  assert.equal(
    toNumber(runCode(evm, assemble('CALLDATASIZE', ...RETURN_TOP), { data }).output),
    8n * 2n ** 20n,
  );
  assert.equal(
    toNumber(
      runCode(evm, assemble(8n * 2n ** 20n - 1n, 'CALLDATALOAD', ...RETURN_TOP), { data }).output,
    ),
    7n << 248n,
  );
});

test('gas 0 runs nothing but what is free', () => {
  assert.deepEqual(
    [
      runCode(evm, NOTHING, { gasLimit: 0n }).halt,
      runCode(evm, assemble('STOP'), { gasLimit: 0n }).halt,
    ],
    [undefined, undefined],
  );
  assert.equal(runCode(evm, assemble('PC'), { gasLimit: 0n }).halt, 'out-of-gas');
});

test('a host that throws ends the call; the engine is as before', () => {
  const good = stateWith({
    0xc0de: assemble(1n, 'SLOAD', ...RETURN_TOP),
    0x77: assemble(0x1badn, 'POP'),
  });
  const broken = (method: keyof StateReader): StateReader =>
    new Proxy(good, {
      get(target, key) {
        if (key === method) {
          return () => {
            throw new RangeError(`no ${method}`);
          };
        }
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  // No other test runs this code, so that it is not cached.
  const fresh = assemble(0n, 0n, 0n, 0n, 0x77n, 'GAS', 'STATICCALL');
  const deep = assemble(0n, 0n, 0n, 0n, 0n, 0xc0den, 'GAS', 'CALL', 'STOP');
  const runs: [keyof StateReader, Uint8Array][] = [
    ['readAccount', deep],
    ['readStorage', deep],
    ['readCode', fresh],
    ['blockHash', assemble(1n, 'BLOCKHASH')],
  ];
  for (const [method, code] of runs) {
    const request = {
      from: CALLER,
      to: address(0x66),
      code,
      gasLimit: 10n ** 6n,
      block: { number: 5n },
    };
    assert.throws(() => evm.call(broken(method), request), RangeError);
    assert.equal(evm.call(good, request).halt, undefined);
    stillWorks();
  }
});

test('a tracer that throws ends the call; the next one is not traced', () => {
  const request = { from: CALLER, to: CONTRACT, code: assemble(1n, 'POP'), gasLimit: 100n };
  const fail = () => {
    throw new RangeError('enough');
  };
  assert.throws(() => evm.trace(stateWith({}), request, { onStep: fail }), RangeError);
  stillWorks();
});

test('wrong answers of a state and malformed requests are refused by name', () => {
  const isBad = (error: unknown): boolean =>
    error instanceof EvmError && error.code === 'bad-request';
  const state = stateWith({ 0xc0de: NOTHING });
  assert.throws(() => runCode(evm, NOTHING, { to: new Uint8Array(19) }), isBad);
  assert.throws(() => runCode(evm, NOTHING, { from: new Uint8Array(21) }), isBad);
  assert.throws(() => runCode(evm, NOTHING, { gasLimit: 2n ** 63n }), isBad);
  assert.throws(() => runCode(evm, NOTHING, { gasLimit: -1n }), isBad);
  assert.throws(() => runCode(evm, NOTHING, { value: 2n ** 256n }), isBad);
  assert.throws(() => runCode(evm, NOTHING, { value: 1n, isStatic: true }), isBad);
  assert.throws(
    () =>
      runCode(evm, NOTHING, { blobHashes: Array.from({ length: 129 }, () => new Uint8Array(32)) }),
    isBad,
  );
  const wrong: StateReader = {
    ...state,
    readAccount: () => ({ nonce: 2n ** 64n, balance: 0n, codeHash: new Uint8Array(32) }),
  };
  assert.throws(() => evm.call(wrong, { to: CONTRACT, gasLimit: 1n }), isBad);
  stillWorks();
});

test('a session ends when another begins or it has finished', () => {
  const state = stateWith({ 0xc0de: NOTHING });
  const context = { origin: CALLER, gasPrice: 0n };
  const first = evm.begin(state, {}, context);
  const second = evm.begin(state, {}, context);
  const isClosed = (error: unknown): boolean =>
    error instanceof EvmError && error.code === 'session-closed';
  assert.throws(() => first.getAccount(CONTRACT), isClosed);
  assert.throws(() => first.run({ from: CALLER, to: CONTRACT, gasLimit: 1n }), isClosed);
  assert.equal(second.getAccount(CONTRACT)?.balance, 1_000n);
  second.finish();
  assert.throws(() => second.finish(), isClosed);
});

test('the memory of an engine does not grow', async () => {
  const sharedMemory = new WebAssembly.Memory({ initial: 4_096, maximum: 65_536, shared: true });
  const shared = await createEvm({ fork: 'osaka', sharedMemory });
  const size = sharedMemory.buffer.byteLength;
  const code = assemble(
    2n ** 20n,
    'MLOAD',
    'POP',
    0n,
    0n,
    'LOG0',
    1n,
    1n,
    'SSTORE',
    32n,
    0n,
    'KECCAK256',
    ...RETURN_TOP,
  );
  const results = [evm, shared].map((each) => runCode(each, code));
  assert.deepEqual(results[0], results[1]);
  assert.equal(sharedMemory.buffer.byteLength, size);
});
