/** What rules hold and what is kept: `eth_config` (EIP-7910) and `eth_capabilities`. */

import { crc32 } from 'node:zlib';
import { FORK_RULES, type Fork, isAtLeast, precompilesOf } from '@basalt/evm';
import {
  BEACON_ROOTS,
  BLOCK_HASHES,
  CONSOLIDATION_REQUESTS,
  WITHDRAWAL_REQUESTS,
} from '@basalt/execution';
import { toHex, toQuantity, toWord } from '../params/hex.ts';
import type { Services } from '../services.ts';
import type { View } from '../views/transaction.ts';
import { type MethodFamily, method } from './method.ts';

/** Names of precompiled contracts by their numbers (EIP-7910). */
const PRECOMPILE_NAMES: ReadonlyMap<number, string> = new Map([
  [0x01, 'ECREC'],
  [0x02, 'SHA256'],
  [0x03, 'RIPEMD160'],
  [0x04, 'ID'],
  [0x05, 'MODEXP'],
  [0x06, 'BN254_ADD'],
  [0x07, 'BN254_MUL'],
  [0x08, 'BN254_PAIRING'],
  [0x09, 'BLAKE2F'],
  [0x0a, 'KZG_POINT_EVALUATION'],
  [0x0b, 'BLS12_G1ADD'],
  [0x0c, 'BLS12_G1MSM'],
  [0x0d, 'BLS12_G2ADD'],
  [0x0e, 'BLS12_G2MSM'],
  [0x0f, 'BLS12_PAIRING_CHECK'],
  [0x10, 'BLS12_MAP_FP_TO_G1'],
  [0x11, 'BLS12_MAP_FP2_TO_G2'],
  [0x100, 'P256VERIFY'],
]);

type Source = Readonly<Record<string, unknown>>;

/** Activations as the genesis document names them: by number, then by time, without repeats. */
function activations({ chain }: Services): { numbers: bigint[]; times: bigint[] } {
  const source = (chain.genesis.source ?? {}) as { readonly config?: Source };
  const config = source.config ?? {};
  const collect = (suffix: string, first: bigint): bigint[] => {
    const found = Object.entries(config)
      .filter(([name, value]) => name.endsWith(suffix) && isWhole(value))
      .map(([, value]) => BigInt(value as number | string))
      .filter((value) => value > first);
    return [...new Set(found)].sort((one, other) => (one < other ? -1 : 1));
  };
  return { numbers: collect('Block', 0n), times: collect('Time', chain.genesis.header.timestamp) };
}

function isWhole(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0;
  return typeof value === 'string' && /^(?:0x[0-9a-fA-F]{1,16}|\d{1,19})$/.test(value);
}

/** FORK_HASH of EIP-2124 over everything that began up to a time. */
function forkId({ chain }: Services, numbers: readonly bigint[], times: readonly bigint[]): string {
  let sum = crc32(chain.genesis.hash);
  for (const value of [...numbers, ...times]) sum = crc32(toWord(value).subarray(24), sum);
  return toHex(toWord(BigInt(sum >>> 0)).subarray(28));
}

function configAt(services: Services, time: bigint): View | null {
  const { chain } = services;
  const { numbers, times } = activations(services);
  const head = chain.head().header;
  const { fork, blobs } = chain.config.forkAt(head.number, time);
  // The method is about forks by time; what came before has no blobs to speak of.
  if (!isAtLeast(fork, 'cancun')) return null;
  return {
    activationTime: Number(times.findLast((each) => each <= time) ?? 0n),
    blobSchedule:
      blobs === undefined
        ? null
        : {
            baseFeeUpdateFraction: Number(blobs.baseFeeUpdateFraction),
            max: blobs.max,
            target: blobs.target,
          },
    chainId: toQuantity(chain.config.chainId),
    forkId: forkId(
      services,
      numbers,
      times.filter((each) => each <= time),
    ),
    precompiles: Object.fromEntries(
      precompilesOf(fork).map(({ address, name }) => [
        PRECOMPILE_NAMES.get(address) ?? name,
        toHex(toWord(BigInt(address)).subarray(12)),
      ]),
    ),
    systemContracts: systemContracts(services, fork),
  };
}

function systemContracts({ chain }: Services, fork: Fork): View {
  return {
    BEACON_ROOTS_ADDRESS: toHex(BEACON_ROOTS),
    ...(FORK_RULES[fork].hasDelegation
      ? {
          CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS: toHex(CONSOLIDATION_REQUESTS),
          DEPOSIT_CONTRACT_ADDRESS: toHex(chain.config.depositContract),
          HISTORY_STORAGE_ADDRESS: toHex(BLOCK_HASHES),
          WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS: toHex(WITHDRAWAL_REQUESTS),
        }
      : {}),
  };
}

function config(services: Services): View {
  const now = services.chain.head().header.timestamp;
  const { times } = activations(services);
  const next = times.find((each) => each > now);
  const last = times.at(-1);
  return {
    current: configAt(services, now),
    next: next === undefined ? null : configAt(services, next),
    last: last === undefined || last <= now ? null : configAt(services, last),
  };
}

function capabilities(services: Services): View {
  const { chain } = services;
  const head = chain.head();
  const all = { disabled: false, oldestBlock: '0x0' };
  const oldest = oldestState(services);
  const number = Number(head.header.number);
  const state =
    oldest === 0
      ? all
      : {
          disabled: false,
          oldestBlock: toQuantity(oldest),
          deleteStrategy: { type: 'window', retentionBlocks: toQuantity(number - oldest) },
        };
  return {
    head: { number: toQuantity(number), hash: toHex(head.hash) },
    state,
    tx: all,
    logs: all,
    receipts: all,
    blocks: all,
    stateproofs: state,
  };
}

/** States are kept without gaps up to the head. */
function oldestState({ chain }: Services): number {
  let low = 0;
  let high = Number(chain.head().header.number);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (chain.stateAt(middle) === undefined) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const CHAIN_CONFIG: MethodFamily = {
  eth_config: method([], config),
  eth_capabilities: method([], capabilities),
};
