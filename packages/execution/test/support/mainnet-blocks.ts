/** Blocks of Ethereum's main network with the state before them, from the vectors folder. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import {
  type AccountDump,
  type BlockEnvironment,
  blobBaseFee,
  createMemoryState,
  FORK_RULES,
  type Fork,
  type Transaction,
} from '@basalt/evm';
import { hexToBytes } from '@ethereumjs/util';
import { conformanceFile } from '../../../../tools/testing/conformance.ts';
import type { ExecutionJob } from '../../src/executor/types.ts';
import type { StateView } from '../../src/state/types.ts';

export const BLOCKS_FOLDER = 'mainnet-blocks';

export interface MainnetBlock {
  readonly number: number;
  readonly fork: Fork;
  readonly gasUsed: bigint;
  readonly receiptsRoot: Uint8Array;
  readonly logsBloom: Uint8Array;
  /** What the job's state is made of; code hashes are not filled in. */
  readonly accounts: readonly AccountDump[];
  readonly job: ExecutionJob;
}

type Hex = `0x${string}`;

interface RpcTransaction {
  readonly type: Hex;
  readonly from: Hex;
  readonly to?: Hex | null;
  readonly nonce: Hex;
  readonly gas: Hex;
  readonly value: Hex;
  readonly input: Hex;
  readonly gasPrice: Hex;
  readonly maxFeePerGas?: Hex;
  readonly maxPriorityFeePerGas?: Hex;
  readonly maxFeePerBlobGas?: Hex;
  readonly blobVersionedHashes?: readonly Hex[];
  readonly accessList?: readonly { readonly address: Hex; readonly storageKeys: readonly Hex[] }[];
}

interface RpcBlock {
  readonly number: Hex;
  readonly timestamp: Hex;
  readonly miner: Hex;
  readonly gasLimit: Hex;
  readonly gasUsed: Hex;
  readonly baseFeePerGas?: Hex;
  readonly mixHash: Hex;
  readonly difficulty: Hex;
  readonly excessBlobGas?: Hex;
  readonly receiptsRoot: Hex;
  readonly logsBloom: Hex;
  readonly transactions: readonly RpcTransaction[];
}

interface StoredAccount {
  readonly balance: Hex;
  readonly nonce: number;
  readonly code_hash?: Hex;
  readonly storage: Readonly<Record<Hex, Hex>>;
}

interface StoredBlock {
  readonly block: RpcBlock;
  readonly preState: Readonly<Record<Hex, StoredAccount>>;
}

const FORKS_BY_SPEC: Readonly<Record<string, Fork>> = {
  FRONTIER: 'frontier',
  HOMESTEAD: 'homestead',
  TANGERINE: 'tangerineWhistle',
  'SPURIOUS DRAGON': 'spuriousDragon',
  BYZANTIUM: 'byzantium',
  PETERSBURG: 'petersburg',
  ISTANBUL: 'istanbul',
  BERLIN: 'berlin',
  LONDON: 'london',
  PARIS: 'paris',
  MERGE: 'paris',
  SHANGHAI: 'shanghai',
  CANCUN: 'cancun',
};

/** All stored blocks, oldest first. Throws where the folder is absent: ask `skipReason` first. */
export function loadMainnetBlocks(): MainnetBlock[] {
  const manifest = JSON.parse(readText('manifest.json')) as { number: number; spec: string }[];
  const codes = new Map(
    readText('bytecodes.ndjson.gz')
      .trim()
      .split('\n')
      .map((line) => {
        const { codeHash, code } = JSON.parse(line) as { codeHash: Hex; code: Hex };
        return [codeHash, hexToBytes(code)] as const;
      }),
  );
  const hashes = JSON.parse(readText('block-hashes.json')) as Record<string, Hex>;
  return manifest.map(({ number, spec }) => {
    const fork = FORKS_BY_SPEC[spec.toUpperCase()];
    if (fork === undefined) throw new Error(`unknown fork ${spec}`);
    const stored = JSON.parse(readText(`${number}.json.gz`)) as StoredBlock;
    return toBlock(stored, fork, codes, hashes);
  });
}

function readText(name: string): string {
  const path = conformanceFile(BLOCKS_FOLDER, name);
  if (path === undefined) throw new Error(`${name} is not among the vectors`);
  const bytes = readFileSync(path);
  return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

function toBlock(
  { block, preState }: StoredBlock,
  fork: Fork,
  codes: ReadonlyMap<Hex, Uint8Array>,
  hashes: Readonly<Record<string, Hex>>,
): MainnetBlock {
  const rules = FORK_RULES[fork];
  const environment: BlockEnvironment = {
    number: BigInt(block.number),
    timestamp: BigInt(block.timestamp),
    coinbase: hexToBytes(block.miner),
    gasLimit: BigInt(block.gasLimit),
    baseFee: BigInt(block.baseFeePerGas ?? 0),
    prevRandao: hexToBytes(block.mixHash),
    difficulty: BigInt(block.difficulty),
    blobBaseFee: blobBaseFee(rules, BigInt(block.excessBlobGas ?? 0)),
    chainId: 1n,
  };
  const accounts = Object.entries(preState).map(([address, account]) =>
    toDump(address as Hex, account, codes),
  );
  return {
    number: Number(block.number),
    fork,
    gasUsed: BigInt(block.gasUsed),
    receiptsRoot: hexToBytes(block.receiptsRoot),
    logsBloom: hexToBytes(block.logsBloom),
    accounts,
    job: {
      fork,
      environment,
      state: viewOf(accounts, Number(block.number) - 1),
      blockHash: (number) => {
        const hash = hashes[String(number)];
        return hash === undefined ? new Uint8Array(32) : hexToBytes(hash);
      },
      transactions: block.transactions.map(toTransaction),
      blobGasLimit: BigInt(rules.blobsPerBlockMax * 131_072),
      purpose: 'import',
    },
  };
}

function toDump(
  address: Hex,
  account: StoredAccount,
  codes: ReadonlyMap<Hex, Uint8Array>,
): AccountDump {
  const code = account.code_hash === undefined ? new Uint8Array(0) : codes.get(account.code_hash);
  if (code === undefined) throw new Error(`no code for ${account.code_hash}`);
  return {
    address: hexToBytes(address),
    // `setAccount` takes the hash from the code.
    account: {
      nonce: BigInt(account.nonce),
      balance: BigInt(account.balance),
      codeHash: new Uint8Array(32),
    },
    code,
    storage: Object.entries(account.storage)
      .map(([slot, value]) => ({ slot: toWord(slot as Hex), value: toWord(value) }))
      .filter(({ value }) => value.some((byte) => byte !== 0)),
  };
}

/** A state that nothing is written to. */
export function viewOf(accounts: readonly AccountDump[], number = 0): StateView {
  const state = createMemoryState(accounts);
  return {
    number,
    readAccount: (address) => state.readAccount(address),
    readStorage: (address, slot) => state.readStorage(address, slot),
    readCode: (hash) => state.readCode(hash),
    hasStorage: (address) => state.hasStorage?.(address) ?? false,
  };
}

function toWord(value: Hex): Uint8Array {
  return hexToBytes(`0x${value.slice(2).padStart(64, '0')}`);
}

function toTransaction(rpc: RpcTransaction): Transaction {
  const common = {
    sender: hexToBytes(rpc.from),
    nonce: BigInt(rpc.nonce),
    gasLimit: BigInt(rpc.gas),
    to: rpc.to === undefined || rpc.to === null ? undefined : hexToBytes(rpc.to),
    value: BigInt(rpc.value),
    data: hexToBytes(rpc.input),
  };
  const accessList = (rpc.accessList ?? []).map(({ address, storageKeys }) => ({
    address: hexToBytes(address),
    slots: storageKeys.map((key) => hexToBytes(key)),
  }));
  const fees = {
    maxFeePerGas: BigInt(rpc.maxFeePerGas ?? 0),
    maxPriorityFeePerGas: BigInt(rpc.maxPriorityFeePerGas ?? 0),
    accessList,
  };
  switch (Number(rpc.type)) {
    case 0:
      return { type: 0, ...common, gasPrice: BigInt(rpc.gasPrice) };
    case 1:
      return { type: 1, ...common, gasPrice: BigInt(rpc.gasPrice), accessList };
    case 2:
      return { type: 2, ...common, ...fees };
    case 3:
      return {
        type: 3,
        ...common,
        ...fees,
        maxFeePerBlobGas: BigInt(rpc.maxFeePerBlobGas ?? 0),
        blobHashes: (rpc.blobVersionedHashes ?? []).map((hash) => hexToBytes(hash)),
      };
    default:
      throw new Error(`transaction type ${rpc.type}`);
  }
}
