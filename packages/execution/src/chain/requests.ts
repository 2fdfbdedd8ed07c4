import type { Log } from '@basalt/evm';
import { equalBytes } from '@basalt/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { invalidBlock } from './invalid-block.ts';

/** EIP-7685: types of requests, in the order in which they are hashed. */
export const DEPOSIT_REQUEST = 0;
export const WITHDRAWAL_REQUEST = 1;
export const CONSOLIDATION_REQUEST = 2;

/** keccak-256 of `DepositEvent(bytes,bytes,bytes,bytes,bytes)` (EIP-6110). */
const DEPOSIT_TOPIC = hexToBytes(
  '649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5',
);

/** ABI encoding of the event: five offsets, then each of the five with its length and padding. */
const DEPOSIT_EVENT_BYTES = 576;
/** Public key, withdrawal credentials, amount, signature, index: length and offset of each. */
const DEPOSIT_FIELDS: readonly (readonly [offset: number, length: number])[] = [
  [160, 48],
  [256, 32],
  [320, 8],
  [384, 96],
  [512, 8],
];
const WORD_BYTES = 32;

/** EIP-7685: what a block without requests has for their hash; sha-256 of nothing. */
export const EMPTY_REQUESTS_HASH: Uint8Array = sha256(new Uint8Array(0));

/** Type byte and data, or nothing where there is no data. */
export function requestOf(type: number, data: Uint8Array): Uint8Array[] {
  return data.length === 0 ? [] : [concatBytes(Uint8Array.of(type), data)];
}

/** Hash over all requests of a block (EIP-7685); those without data are left out beforehand. */
export function requestsHash(requests: readonly Uint8Array[]): Uint8Array {
  return sha256(concatBytes(...requests.map((request) => sha256(request))));
}

/**
 * Deposits out of the logs of a block, in order (EIP-6110).
 *
 * @throws ExecutionError `invalid-block` for an event of another layout than the contract's
 */
export function depositData(logs: Iterable<Log>, depositContract: Uint8Array): Uint8Array {
  const deposits: Uint8Array[] = [];
  for (const { address, topics, data } of logs) {
    const [topic] = topics;
    if (topic === undefined || !equalBytes(address, depositContract)) continue;
    if (equalBytes(topic, DEPOSIT_TOPIC)) deposits.push(readDeposit(data));
  }
  return concatBytes(...deposits);
}

function readDeposit(data: Uint8Array): Uint8Array {
  if (data.length !== DEPOSIT_EVENT_BYTES) {
    throw invalidBlock('deposits', `an event of ${DEPOSIT_EVENT_BYTES} bytes`, `${data.length}`);
  }
  const parts = DEPOSIT_FIELDS.map(([offset, length], index) => {
    checkWord(data, index * WORD_BYTES, offset);
    checkWord(data, offset, length);
    return data.subarray(offset + WORD_BYTES, offset + WORD_BYTES + length);
  });
  return concatBytes(...parts);
}

/** Offsets and lengths stand in words; these are small. */
function checkWord(data: Uint8Array, at: number, expected: number): void {
  let found = 0;
  for (const byte of data.subarray(at, at + WORD_BYTES)) found = found * 256 + byte;
  if (found !== expected) throw invalidBlock('deposits', `${expected} at byte ${at}`, `${found}`);
}
