/**
 * EthereumJS as the oracle: the same case through its runTx, over its plainest state manager. Slow
 * and independent, which is what an oracle should be.
 */
import { createBlock } from '@ethereumjs/block';
import { Common, Mainnet } from '@ethereumjs/common';
import { SimpleStateManager } from '@ethereumjs/statemanager';
import { createTx, type TypedTransaction } from '@ethereumjs/tx';
import {
  Account,
  createAddressFromString,
  hexToBytes,
  type KZG,
  setLengthLeft,
} from '@ethereumjs/util';
import { createVM, runTx } from '@ethereumjs/vm';
import { keccak_256 } from '@noble/hashes/sha3.js';
import type { AccountDump } from '../src/state/memory-state.ts';
import { FIXTURE_FORKS, type StateTest } from '../src/state-test/fixture.ts';
import type { FuzzCase } from './generate-case.ts';
import type { Outcome } from './outcome.ts';

const ZERO_HASH = new Uint8Array(32);

/**
 * Stands in for a library that takes ten seconds to load: random input never holds a proof that is
 * right. The state tests hold the vectors of the point evaluation.
 */
export const KZG_STUB: KZG = {
  loadTrustedSetup: () => 0,
  freeTrustedSetup: () => {},
  blobToKzgCommitment: unsupported,
  computeBlobProof: unsupported,
  verifyProof: () => false,
} as unknown as KZG;

/** Receipts before Byzantium hold a state root, which the plain manager has not. */
class RootlessStateManager extends SimpleStateManager {
  override getStateRoot(): never {
    return Promise.resolve(ZERO_HASH) as never;
  }
}

/** Runs a case in EthereumJS. What it throws while it checks a transaction counts as refusal. */
export async function runOracle({ test, forkName }: FuzzCase): Promise<Outcome> {
  const hardfork = forkName === 'Frontier' ? 'chainstart' : FIXTURE_FORKS[forkName];
  const customCrypto = { kzg: KZG_STUB };
  const common = new Common({ chain: Mainnet, hardfork: hardfork ?? forkName, customCrypto });
  const stateManager = new RootlessStateManager({ common });
  await fill(stateManager, test);
  const vm = await createVM({ common, stateManager, blockchain: blockchain() as never });
  const transaction = readTransaction(test, common);
  if (typeof transaction === 'string') return { included: false, reason: transaction };
  const header = readHeader(test, common);
  const block = createBlock({ header }, { common, skipConsensusFormatValidation: true });
  let result: Awaited<ReturnType<typeof runTx>>;
  try {
    result = await runTx(vm, { tx: transaction, block, skipHardForkValidation: true });
  } catch (error) {
    return { included: false, reason: String(error) };
  }
  const { returnValue, logs = [] } = result.execResult;
  let { exceptionError } = result.execResult;
  // Until Homestead a creation without gas for its code succeeds and leaves none; told as an error.
  if (forkName === 'Frontier' && exceptionError?.error === 'code store out of gas') {
    exceptionError = undefined;
  }
  const isRevert = exceptionError?.error === 'revert';
  return {
    included: true,
    end: exceptionError === undefined ? 'success' : isRevert ? 'revert' : 'exception',
    gasUsed: result.totalGasSpent,
    output: returnValue,
    logs: logs.map(([address, topics, data]) => ({ address, topics, data })),
    state: dump(stateManager),
  };
}

async function fill(stateManager: SimpleStateManager, test: StateTest): Promise<void> {
  for (const [key, { nonce, balance, code, storage }] of Object.entries(test.pre)) {
    const address = createAddressFromString(key);
    await stateManager.putAccount(address, new Account(BigInt(nonce), BigInt(balance)));
    if (code !== '0x') await stateManager.putCode(address, hexToBytes(code as `0x${string}`));
    for (const [slot, value] of Object.entries(storage)) {
      await stateManager.putStorage(address, word(BigInt(slot)), minimal(BigInt(value)));
    }
  }
}

function readTransaction({ transaction }: StateTest, common: Common): TypedTransaction | string {
  const { gasLimit, value, data, to, accessLists, authorizationList, sender, ...rest } =
    transaction;
  const type =
    authorizationList !== undefined
      ? 4
      : rest.maxFeePerBlobGas !== undefined
        ? 3
        : rest.maxFeePerGas !== undefined
          ? 2
          : accessLists !== undefined
            ? 1
            : 0;
  try {
    const made = createTx(
      {
        ...rest,
        type,
        gasLimit: gasLimit[0],
        value: value[0],
        data: data[0],
        to: to === '' ? undefined : to,
        chainId: type === 0 ? undefined : 1,
        accessList: accessLists?.[0] ?? [],
        authorizationList,
        v: type === 0 ? 27 : 0,
        r: 1,
        s: 1,
      } as never,
      { common, freeze: false },
    );
    const from = createAddressFromString(sender ?? '');
    made.getSenderAddress = () => from;
    return made;
  } catch (error) {
    return String(error);
  }
}

function readHeader({ env }: StateTest, common: Common): Record<string, unknown> {
  const hasMerged = common.gteHardfork('paris');
  return {
    number: env['currentNumber'],
    coinbase: env['currentCoinbase'],
    gasLimit: env['currentGasLimit'],
    timestamp: env['currentTimestamp'],
    difficulty: hasMerged ? 0 : env['currentDifficulty'],
    mixHash: hasMerged ? env['currentRandom'] : ZERO_HASH,
    ...(common.isActivatedEIP(1559) ? { baseFeePerGas: env['currentBaseFee'] } : {}),
    ...(common.isActivatedEIP(4844) ? { excessBlobGas: env['currentExcessBlobGas'] } : {}),
  };
}

/** Hashes of earlier blocks by the rule of the fixtures: that of the number as decimal text. */
function blockchain(): object {
  const chain = {
    getBlock: (number: number) =>
      Promise.resolve({ hash: () => keccak_256(new TextEncoder().encode(String(number))) }),
    putBlock: () => Promise.resolve(),
    shallowCopy: () => chain,
  };
  return chain;
}

function dump(stateManager: SimpleStateManager): AccountDump[] {
  const internals = stateManager as unknown as {
    readonly accountStack: readonly Map<string, Account | undefined>[];
    readonly codeStack: readonly Map<string, Uint8Array>[];
    readonly storageStack: readonly Map<string, Uint8Array>[];
  };
  const storage = new Map<string, { slot: Uint8Array; value: Uint8Array }[]>();
  for (const [key, value] of internals.storageStack.at(-1) ?? []) {
    if (value.every((byte) => byte === 0)) continue;
    const [address = '', slot = ''] = key.split('_');
    const slots = storage.get(address) ?? [];
    slots.push({ slot: fromHex(slot), value: setLengthLeft(value, 32) });
    storage.set(address, slots);
  }
  const dumped: AccountDump[] = [];
  for (const [key, account] of internals.accountStack.at(-1) ?? []) {
    if (account === undefined) continue;
    const { nonce, balance, codeHash } = account;
    dumped.push({
      address: fromHex(key),
      account: { nonce, balance, codeHash },
      code: internals.codeStack.at(-1)?.get(key) ?? new Uint8Array(0),
      storage: storage.get(key) ?? [],
    });
  }
  return dumped;
}

function fromHex(text: string): Uint8Array {
  return hexToBytes(text as `0x${string}`);
}

function word(value: bigint): Uint8Array {
  return hexToBytes(`0x${value.toString(16).padStart(64, '0')}`);
}

function minimal(value: bigint): Uint8Array {
  const digits = value.toString(16);
  return hexToBytes(`0x${digits.length % 2 === 0 ? digits : `0${digits}`}`);
}

function unsupported(): never {
  throw new Error('not needed to run a transaction');
}
