import type { Fork, Transaction } from '@basalt/evm';
import { createBlock } from '@ethereumjs/block';
import { type Common, createCustomCommon, Mainnet } from '@ethereumjs/common';
import { Caches, MerkleStateManager } from '@ethereumjs/statemanager';
import { createTx, type TypedTransaction } from '@ethereumjs/tx';
import { Address, createAccount } from '@ethereumjs/util';
import { createVM, runTx } from '@ethereumjs/vm';
import { type BenchBlock, type BlockEngine, ownCpuSeconds, toHex } from './types.ts';

/**
 * EthereumJS as its users have it, with caches over its trie. Signatures are not checked and the
 * trie is not brought up to date: what remains is execution.
 */
export function createEthereumJS(): BlockEngine {
  let prepared: Prepared | undefined;
  return {
    name: 'EthereumJS 10.1.3',
    async load(block) {
      prepared = await prepare(block);
    },
    async run() {
      if (prepared === undefined) throw new Error('no block was loaded');
      const { vm, block, transactions } = prepared;
      let gasUsed = 0n;
      await vm.stateManager.checkpoint();
      for (const tx of transactions) {
        const result = await runTx(vm, {
          tx,
          block,
          skipHardForkValidation: true,
          blockGasUsed: gasUsed,
        });
        gasUsed += result.totalGasSpent;
      }
      await vm.stateManager.revert();
      return gasUsed;
    },
    cpuSeconds: ownCpuSeconds,
    stop: () => Promise.resolve(),
  };
}

interface Prepared {
  readonly vm: Awaited<ReturnType<typeof createVM>>;
  readonly block: ReturnType<typeof createBlock>;
  readonly transactions: readonly TypedTransaction[];
}

async function prepare(source: BenchBlock): Promise<Prepared> {
  const { environment, fork } = source;
  const common = createCustomCommon({ chainId: Number(environment.chainId) }, Mainnet, {
    hardfork: HARDFORKS[fork] ?? fork,
    // Asked for when a blob transaction is made; no blob is looked at here.
    customCrypto: { kzg: {} as never },
  });
  const stateManager = new MerkleStateManager({ common, caches: new Caches() });
  await loadState(stateManager, source);
  const blockchain = {
    getBlock: (number: bigint) => Promise.resolve({ hash: () => source.blockHash(BigInt(number)) }),
    shallowCopy: () => blockchain,
  };
  const vm = await createVM({
    common,
    stateManager,
    // Only hashes of earlier blocks are asked for.
    blockchain: blockchain as never,
  });
  const isAtLeast = (name: string): boolean => common.gteHardfork(name);
  const block = createBlock(
    {
      header: {
        number: environment.number,
        timestamp: environment.timestamp,
        gasLimit: environment.gasLimit,
        coinbase: new Address(environment.coinbase),
        difficulty: environment.difficulty,
        mixHash: environment.prevRandao,
        ...(isAtLeast('london') ? { baseFeePerGas: environment.baseFee } : {}),
        ...(isAtLeast('cancun') ? { excessBlobGas: 0n } : {}),
      },
    },
    { common, skipConsensusFormatValidation: true },
  );
  const transactions = source.transactions.map((transaction) => toTx(transaction, common));
  return { vm, block, transactions };
}

async function loadState(state: MerkleStateManager, { accounts }: BenchBlock): Promise<void> {
  for (const { address: bytes, account, code, storage } of accounts) {
    const address = new Address(bytes);
    const { nonce, balance } = account;
    await state.putAccount(address, createAccount({ nonce, balance }));
    if (code.length > 0) await state.putCode(address, code);
    for (const { slot, value } of storage) await state.putStorage(address, slot, value);
  }
  await state.flush();
}

/** A transaction without a signature whose sender is known. */
function toTx(transaction: Transaction, common: Common): TypedTransaction {
  const { sender, to, ...fields } = transaction;
  const accessList =
    'accessList' in transaction
      ? transaction.accessList.map(({ address, slots }) => ({
          address: toHex(address),
          storageKeys: slots.map(toHex),
        }))
      : undefined;
  const tx = createTx(
    {
      ...fields,
      chainId: common.chainId(),
      ...(to === undefined ? {} : { to: new Address(to) }),
      ...(accessList === undefined ? {} : { accessList }),
      ...(transaction.type === 3 ? { blobVersionedHashes: transaction.blobHashes.map(toHex) } : {}),
    },
    { common, freeze: false, allowUnlimitedInitCodeSize: true },
  );
  const address = new Address(sender);
  return Object.assign(tx, { getSenderAddress: () => address, isSigned: () => true });
}

const HARDFORKS: Readonly<Partial<Record<Fork, string>>> = { frontier: 'chainstart' };
