import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { createEvm } from '../src/create-evm.ts';
import type { Evm } from '../src/evm.ts';
import { FORK_RULES } from '../src/forks.ts';
import { fromBigInt } from '../src/precompiles/bytes.ts';
import { createMemoryState, type MemoryState } from '../src/state/memory-state.ts';
import { isDelegation, recoverAuthority } from '../src/transaction/authorization.ts';
import { blobBaseFee } from '../src/transaction/blob-fee.ts';
import { encodeList, encodeNumber, encodeString } from '../src/transaction/rlp.ts';
import { transact } from '../src/transaction/transact.ts';
import type {
  IncludedTransaction,
  LegacyTransaction,
  Transaction,
  TransactionErrorCode,
} from '../src/transaction/types.ts';
import type { BlockSpace } from '../src/transaction/validate.ts';
import type { BlockEnvironment, Fork } from '../src/types.ts';

const SENDER = new Uint8Array(20).fill(0x5e);
const RECEIVER = new Uint8Array(20).fill(0x7e);
const COINBASE = new Uint8Array(20).fill(0xc0);
const ETHER = 10n ** 18n;

const BLOCK: BlockEnvironment = {
  number: 1n,
  timestamp: 1_000n,
  coinbase: COINBASE,
  gasLimit: 60_000_000n,
  baseFee: 7n,
  prevRandao: new Uint8Array(32),
  difficulty: 0n,
  blobBaseFee: 1n,
  chainId: 1n,
};

const LEGACY: LegacyTransaction = {
  type: 0,
  sender: SENDER,
  nonce: 0n,
  gasLimit: 21_000n,
  gasPrice: 10n,
  to: RECEIVER,
  value: 1n,
  data: new Uint8Array(0),
};

const MARKET = {
  sender: SENDER,
  nonce: 0n,
  gasLimit: 100_000n,
  maxFeePerGas: 20n,
  maxPriorityFeePerGas: 2n,
  accessList: [],
  to: RECEIVER,
  value: 0n,
  data: new Uint8Array(0),
} as const;

const BLOB_HASH = Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 9));

const engines = new Map<Fork, Evm>();
before(async () => {
  for (const fork of ['frontier', 'berlin', 'london', 'cancun', 'prague', 'osaka'] as const) {
    engines.set(fork, await createEvm({ fork }));
  }
});

function engine(fork: Fork): Evm {
  const evm = engines.get(fork);
  assert(evm !== undefined);
  return evm;
}

function funded(balance = ETHER): MemoryState {
  const state = createMemoryState();
  state.setAccount(SENDER, { balance });
  return state;
}

function include(
  transaction: Transaction,
  state = funded(),
  fork: Fork = 'osaka',
): IncludedTransaction {
  const result = transact(engine(fork), state, transaction, BLOCK);
  if (!result.included) assert.fail(`${result.error.code}: ${result.error.message}`);
  state.apply(result.changes);
  return result;
}

interface Setting {
  readonly state?: MemoryState;
  readonly fork?: Fork;
  readonly space?: BlockSpace;
}

function refusal(transaction: Transaction, setting: Setting = {}): TransactionErrorCode {
  const { state = funded(), fork = 'osaka', space } = setting;
  const result = transact(
    engine(fork),
    state,
    transaction,
    BLOCK,
    space === undefined ? {} : { space },
  );
  if (result.included) assert.fail('should be refused');
  return result.error.code;
}

test('a transfer: the priority fee goes to the coinbase and the base fee is burnt', () => {
  const state = funded();
  const result = include({ ...LEGACY, value: 5n }, state);
  assert.equal(result.gasUsed, 21_000n);
  assert.equal(result.effectiveGasPrice, 10n);
  assert.equal(state.readAccount(SENDER)?.balance, ETHER - 5n - 210_000n);
  assert.equal(state.readAccount(SENDER)?.nonce, 1n);
  assert.equal(state.readAccount(RECEIVER)?.balance, 5n);
  assert.equal(state.readAccount(COINBASE)?.balance, 21_000n * 3n);
});

test('a fee market transaction pays base fee and tip, never more than its maximum', () => {
  const tip = include({ ...MARKET, type: 2 });
  assert.equal(tip.effectiveGasPrice, 9n);
  const capped = include({ ...MARKET, type: 2, maxFeePerGas: 8n });
  assert.equal(capped.effectiveGasPrice, 8n);
});

test('before London the coinbase gets all, and an account of nothing comes to be', () => {
  const state = funded();
  include({ ...LEGACY, gasPrice: 0n, value: 0n }, state, 'frontier');
  assert.equal(state.readAccount(COINBASE)?.balance, 0n);
  const paid = funded();
  include({ ...LEGACY, value: 0n }, paid, 'berlin');
  assert.equal(paid.readAccount(COINBASE)?.balance, 210_000n);
  assert.equal(paid.readAccount(RECEIVER), undefined, 'empty accounts do not come to be (EIP-161)');
});

test('a balance short by one wei is refused, an exact one is not', () => {
  const cost = 21_000n * 10n + 1n;
  assert.equal(refusal(LEGACY, { state: funded(cost - 1n) }), 'insufficient-funds');
  include(LEGACY, funded(cost));
  const most = MARKET.gasLimit * MARKET.maxFeePerGas;
  assert.equal(refusal({ ...MARKET, type: 2 }, { state: funded(most - 1n) }), 'insufficient-funds');
  include({ ...MARKET, type: 2 }, funded(most));
});

test('nonces must match, and the last one can not be used', () => {
  const state = funded();
  state.setAccount(SENDER, { balance: ETHER, nonce: 3n });
  assert.equal(refusal({ ...LEGACY, nonce: 2n }, { state }), 'nonce-too-low');
  assert.equal(refusal({ ...LEGACY, nonce: 4n }, { state }), 'nonce-too-high');
  assert.equal(refusal({ ...LEGACY, nonce: 2n ** 64n - 1n }, { state }), 'nonce-overflow');
});

test('gas: intrinsic, floor, maximum of one transaction, what the block has left', () => {
  assert.equal(refusal({ ...LEGACY, gasLimit: 20_999n }), 'intrinsic-gas-too-low');
  // 100 bytes that are not zero: 21,000 + 1,600 before Prague, at least 21,000 + 4,000 after.
  const data = new Uint8Array(100).fill(1);
  include({ ...LEGACY, data, gasLimit: 22_600n }, funded(), 'cancun');
  assert.equal(refusal({ ...LEGACY, data, gasLimit: 24_999n }), 'intrinsic-gas-too-low');
  assert.equal(include({ ...LEGACY, data, gasLimit: 30_000n }).gasUsed, 25_000n);
  const limit = 2n ** 24n;
  include({ ...LEGACY, gasLimit: limit });
  assert.equal(refusal({ ...LEGACY, gasLimit: limit + 1n }), 'gas-limit-over-maximum');
  include({ ...LEGACY, gasLimit: limit + 1n }, funded(), 'prague');
  const space = { gas: 20_999n, blobGas: 0n };
  assert.equal(refusal(LEGACY, { space }), 'gas-limit-over-block');
});

test('fees below the base fee, and a tip above the maximum, are refused', () => {
  assert.equal(refusal({ ...LEGACY, gasPrice: 6n }), 'maximum-fee-below-base-fee');
  const low = { ...MARKET, type: 2, maxFeePerGas: 6n } as const;
  assert.equal(refusal(low), 'maximum-fee-below-base-fee');
  const high = { ...MARKET, type: 2, maxPriorityFeePerGas: 21n } as const;
  assert.equal(refusal(high), 'priority-fee-over-maximum-fee');
});

test('types belong to forks', () => {
  const list = { ...LEGACY, type: 1, accessList: [], gasLimit: 30_000n } as const;
  assert.equal(refusal(list, { fork: 'frontier' }), 'type-not-in-fork');
  include(list, funded(), 'berlin');
  assert.equal(refusal({ ...MARKET, type: 2 }, { fork: 'berlin' }), 'type-not-in-fork');
});

test('an access list is paid for and saves the cold price', () => {
  const slot = new Uint8Array(32);
  const state = funded();
  // PUSH0, SLOAD, STOP
  state.setCode(RECEIVER, Uint8Array.of(0x5f, 0x54, 0x00));
  const plain = include({ ...MARKET, type: 2 }, state);
  const accessList = [{ address: RECEIVER, slots: [slot] }];
  const listed = include({ ...MARKET, type: 2, nonce: 1n, accessList }, state);
  assert.equal(plain.gasUsed, 21_000n + 2n + 2_100n);
  assert.equal(listed.gasUsed, 21_000n + 2_400n + 1_900n + 2n + 100n);
});

test('init code has a bound, and pays by the word', () => {
  const create = { ...MARKET, type: 2, to: undefined, gasLimit: 2_000_000n } as const;
  const data = new Uint8Array(49_153);
  assert.equal(refusal({ ...create, data }), 'init-code-size');
  const { gasUsed } = include({ ...create, data: data.subarray(1) });
  const intrinsic = 21_000n + 32_000n + 4n * 49_152n + 2n * 1_536n;
  assert.equal(gasUsed, intrinsic > 21_000n + 10n * 49_152n ? intrinsic : 21_000n + 10n * 49_152n);
});

test('contracts do not send, accounts with a delegation do', () => {
  const state = funded();
  state.setCode(SENDER, Uint8Array.of(0x00));
  assert.equal(refusal(LEGACY, { state }), 'sender-has-code');
  const delegated = funded();
  delegated.setCode(SENDER, Uint8Array.of(0xef, 0x01, 0x00, ...RECEIVER));
  include(LEGACY, delegated);
});

test('blob transactions: every rule of their own', () => {
  const blob = { ...MARKET, type: 3, maxFeePerBlobGas: 1n, blobHashes: [BLOB_HASH] } as const;
  const state = funded();
  const { gasUsed, blobGasUsed } = include(blob, state);
  assert.equal(blobGasUsed, 131_072n);
  assert.equal(state.readAccount(SENDER)?.balance, ETHER - gasUsed * 9n - 131_072n);
  const many = (count: number) => Array.from({ length: count }, () => BLOB_HASH);
  assert.equal(refusal({ ...blob, blobHashes: [] }), 'blobs-missing');
  assert.equal(refusal({ ...blob, blobHashes: many(7) }), 'blob-count');
  assert.equal(refusal({ ...blob, blobHashes: many(10) }), 'blob-gas-over-block');
  assert.equal(refusal({ ...blob, blobHashes: [new Uint8Array(32)] }), 'blob-version');
  assert.equal(refusal({ ...blob, maxFeePerBlobGas: 0n }), 'blob-fee-below-base-fee');
  assert.equal(refusal({ ...blob, to: undefined }), 'blob-creates-contract');
  assert.equal(refusal({ ...blob, blobHashes: [new Uint8Array(31).fill(1)] }), 'malformed');
  assert.equal(refusal({ ...blob, value: 2n ** 256n }), 'malformed');
});

test('an authorization sets code, raises the nonce and gives back gas where an account was', () => {
  const key = fromBigInt(0x1234n, 32);
  const publicKey = secp256k1.getPublicKey(key, false);
  const authority = keccak_256(publicKey.subarray(1)).slice(12);
  const list = encodeList([encodeNumber(1n), encodeString(RECEIVER), encodeNumber(0n)]);
  const hash = keccak_256(Uint8Array.of(5, ...list));
  const signature = secp256k1.sign(hash, key, { prehash: false, format: 'recovered' });
  const number = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  const signed = {
    chainId: 1n,
    address: RECEIVER,
    nonce: 0n,
    yParity: BigInt(signature[0] ?? 0),
    r: number(signature.subarray(1, 33)),
    s: number(signature.subarray(33)),
  };
  assert.deepEqual(recoverAuthority(signed), authority);
  const order = secp256k1.Point.Fn.ORDER;
  assert.equal(recoverAuthority({ ...signed, s: order - signed.s }), undefined, 'large s');
  assert.equal(recoverAuthority({ ...signed, yParity: 2n }), undefined);

  const authorizations = [{ chainId: 1n, address: RECEIVER, nonce: 0n, authority }];
  const transaction = { ...MARKET, type: 4, authorizations } as const;
  const state = funded();
  assert.equal(include(transaction, state).gasUsed, 21_000n + 25_000n);
  const account = state.readAccount(authority);
  assert.equal(account?.nonce, 1n);
  assert(isDelegation(state.readCode(account.codeHash)));
  // The account exists now: half of the price comes back, up to a fifth of what was spent.
  const again = {
    ...transaction,
    nonce: 1n,
    authorizations: [{ ...authorizations[0], nonce: 1n }],
  };
  assert.equal(include(again as Transaction, state).gasUsed, 46_000n - 46_000n / 5n);
  // A wrong nonce is passed over; the price stays.
  const stale = { ...transaction, nonce: 2n };
  assert.equal(include(stale, state).gasUsed, 46_000n);
  assert.equal(state.readAccount(authority)?.nonce, 2n);
  assert.equal(refusal({ ...transaction, authorizations: [] }), 'authorizations-missing');
  assert.equal(refusal({ ...transaction, to: undefined }), 'authorization-creates-contract');
  assert.equal(refusal(transaction, { fork: 'cancun' }), 'type-not-in-fork');
});

test('a refund is capped: half of the gas before London, a fifth since', () => {
  for (const [fork, quotient] of [
    ['berlin', 2n],
    ['london', 5n],
  ] as const) {
    const state = funded();
    // Clears eight slots: PUSH1 0, PUSH1 n, SSTORE
    const code = Array.from({ length: 8 }, (_, slot) => [0x60, 0, 0x60, slot, 0x55]).flat();
    state.setCode(RECEIVER, Uint8Array.from(code));
    for (let slot = 0n; slot < 8n; slot++) {
      state.setStorage(RECEIVER, fromBigInt(slot, 32), fromBigInt(1n, 32));
    }
    const transaction = { ...LEGACY, value: 0n, gasLimit: 200_000n };
    const { gasUsed, gasRefunded } = include(transaction, state, fork);
    const spent = gasUsed + gasRefunded;
    assert.equal(gasRefunded, spent / quotient, fork);
  }
});

test('a transaction that fails pays, and what it did is undone', () => {
  const state = funded();
  // PUSH1 1, PUSH0, SSTORE, INVALID
  state.setCode(RECEIVER, Uint8Array.of(0x60, 1, 0x5f, 0x55, 0xfe));
  const result = include({ ...MARKET, type: 2, value: 9n }, state);
  assert.equal(result.succeeded, false);
  assert.equal(result.halt, 'invalid-opcode');
  assert.equal(result.gasUsed, MARKET.gasLimit);
  assert.equal(state.readAccount(RECEIVER)?.balance, 0n);
  assert.equal(state.readAccount(SENDER)?.balance, ETHER - 9n * MARKET.gasLimit);
  assert.equal(state.readAccount(SENDER)?.nonce, 1n);
});

test('a refused transaction changes nothing and says what was read', () => {
  const state = funded(5n);
  const result = transact(engine('osaka'), state, LEGACY, BLOCK);
  assert(!result.included);
  assert(result.reads.accounts.some((address) => address.every((byte) => byte === 0x5e)));
  assert.equal(state.readAccount(SENDER)?.balance, 5n);
});

test('the price of blob gas follows the excess', () => {
  assert.equal(blobBaseFee(FORK_RULES.cancun, 0n), 1n);
  assert.equal(blobBaseFee(FORK_RULES.cancun, 2_314_057n), 1n);
  assert.equal(blobBaseFee(FORK_RULES.cancun, 2_314_058n), 2n);
  assert.equal(blobBaseFee(FORK_RULES.cancun, 10n * 1024n * 1024n), 23n);
  assert.equal(blobBaseFee(FORK_RULES.berlin, 0n), 0n);
});
