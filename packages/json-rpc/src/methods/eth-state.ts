import { EMPTY_CODE_HASH } from '@basalt/evm';
import { ExecutionError } from '@basalt/execution';
import { findState, getBlock } from '../blocks.ts';
import { isEmptyCode } from '../engine/overlay.ts';
import { invalidParams, serverError } from '../errors.ts';
import { STORAGE_KEYS_MAX } from '../limits.ts';
import { type BlockId, blockId, LATEST } from '../params/block-id.ts';
import { address, type Decoder, entries, list, optional, storageKey } from '../params/decode.ts';
import { toHex, toQuantity } from '../params/hex.ts';
import type { Services } from '../services.ts';
import type { View } from '../views/transaction.ts';
import { type MethodFamily, method } from './method.ts';

const at: Decoder<BlockId> = optional(blockId, LATEST);

async function getBalance(services: Services, who: Uint8Array, id: BlockId): Promise<string> {
  const account = (await findState(services, id)).readAccount(who);
  return toQuantity(account?.balance ?? 0n);
}

async function getCode(services: Services, who: Uint8Array, id: BlockId): Promise<string> {
  const state = await findState(services, id);
  const account = state.readAccount(who);
  if (account === undefined || isEmptyCode(account.codeHash)) return '0x';
  return toHex(state.readCode(account.codeHash));
}

async function getStorageAt(
  services: Services,
  who: Uint8Array,
  slot: Uint8Array,
  id: BlockId,
): Promise<string> {
  return toHex((await findState(services, id)).readStorage(who, slot));
}

type SlotsByAddress = readonly (readonly [Uint8Array, readonly Uint8Array[]])[];

async function getStorageValues(
  services: Services,
  wanted: SlotsByAddress,
  id: BlockId,
): Promise<View> {
  const count = wanted.reduce((sum, [, slots]) => sum + slots.length, 0);
  if (count === 0) throw invalidParams('empty request');
  if (count > STORAGE_KEYS_MAX) throw invalidParams(`too many slots (max ${STORAGE_KEYS_MAX})`);
  const state = await findState(services, id);
  const { engines, limits } = services;
  return engines.run(engines.deadline(limits.callMs), () =>
    Object.fromEntries(
      wanted.map(([who, slots]) => [
        toHex(who),
        slots.map((slot) => toHex(state.readStorage(who, slot))),
      ]),
    ),
  );
}

async function getTransactionCount(
  services: Services,
  who: Uint8Array,
  id: BlockId,
): Promise<string> {
  const state = await findState(services, id);
  const nonce = state.readAccount(who)?.nonce ?? 0n;
  const isPending = 'tag' in id && id.tag === 'pending';
  return toQuantity(isPending ? (services.pool.nextNonce(who) ?? nonce) : nonce);
}

/** EIP-1186. Keys are shown as they were asked for. */
async function getProof(
  services: Services,
  who: Uint8Array,
  keys: readonly ProofKey[],
  id: BlockId,
): Promise<View> {
  const block = await getBlock(services, id);
  const slots = keys.map(({ slot }) => slot);
  const proof = prove(services, Number(block.header.number), who, slots);
  return {
    address: toHex(who),
    accountProof: proof.nodes.map(toHex),
    balance: toQuantity(proof.account?.balance ?? 0n),
    codeHash: toHex(proof.account?.codeHash ?? EMPTY_CODE_HASH),
    nonce: toQuantity(proof.account?.nonce ?? 0n),
    storageHash: toHex(proof.storageRoot),
    storageProof: proof.storage.map(({ nodes, value }, index) => ({
      key: keys[index]?.shown ?? '0x0',
      value: toQuantity(BigInt(toHex(value))),
      proof: nodes.map(toHex),
    })),
  };
}

function prove(
  { chain }: Services,
  number: number,
  who: Uint8Array,
  slots: readonly Uint8Array[],
): ReturnType<Services['chain']['prove']> {
  try {
    return chain.prove(number, who, slots);
  } catch (error) {
    if (error instanceof ExecutionError) throw serverError(error.message);
    throw error;
  }
}

interface ProofKey {
  readonly slot: Uint8Array;
  readonly shown: string;
}

/** As geth: a key of 32 bytes is shown whole, a shorter one as a quantity. */
const proofKey: Decoder<ProofKey> = (value, where) => {
  const slot = storageKey(value, where);
  const isWhole = typeof value === 'string' && value.length === 66;
  return { slot, shown: isWhole ? toHex(slot) : toQuantity(BigInt(toHex(slot))) };
};

/** What accounts have after a block. */
export const ETH_STATE: MethodFamily = {
  eth_getBalance: method([address, at], getBalance),
  eth_getCode: method([address, at], getCode),
  eth_getStorageAt: method([address, storageKey, at], getStorageAt),
  eth_getStorageValues: method(
    [entries(address, list(storageKey, STORAGE_KEYS_MAX), STORAGE_KEYS_MAX), at],
    getStorageValues,
  ),
  eth_getTransactionCount: method([address, at], getTransactionCount),
  eth_getProof: method([address, list(proofKey, STORAGE_KEYS_MAX), at], getProof),
};
