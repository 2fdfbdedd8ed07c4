import { type Account, keccak256 } from '@basalt/evm';
import { ExecutionError } from '../errors.ts';
import { RlpReader } from '../rlp/reader.ts';
import { RlpWriter } from '../rlp/writer.ts';

/** An account with the root of its storage: what a leaf of the state trie holds. */
export interface StoredAccount extends Account {
  readonly storageRoot: Uint8Array;
}

/** Stands for "not there" where undefined means "not known". */
export const NOTHING: Uint8Array = new Uint8Array(0);
export const ZERO_WORD: Uint8Array = new Uint8Array(32);
/** Hash of no code at all (Yellow Paper, 4.1). */
export const EMPTY_CODE_HASH: Uint8Array = keccak256(NOTHING);

const writer = new RlpWriter();

/** RLP of nonce, balance, storage root and code hash (Yellow Paper, 4.1). */
export function encodeAccount(account: Account, storageRoot: Uint8Array): Uint8Array {
  writer.reset();
  const list = writer.openList();
  writer.writeInteger(account.nonce);
  writer.writeInteger(account.balance);
  writer.writeBytes(storageRoot);
  writer.writeBytes(account.codeHash);
  writer.closeList(list);
  return writer.toBytes();
}

/** @throws ExecutionError `damaged-state` */
export function decodeAccount(encoded: Uint8Array): StoredAccount {
  try {
    const reader = new RlpReader(encoded);
    const list = reader.enterList();
    const account = {
      nonce: reader.readInteger(),
      balance: reader.readInteger(),
      storageRoot: reader.readFixed(32).slice(),
      codeHash: reader.readFixed(32).slice(),
    };
    reader.leaveList(list);
    reader.finish();
    return account;
  } catch (error) {
    if (!(error instanceof ExecutionError)) throw error;
    throw new ExecutionError('damaged-state', `a stored account is not one: ${error.message}`);
  }
}

/** RLP of a word without leading zeros; {@link NOTHING} for zero, which no trie holds. */
export function encodeSlot(word: Uint8Array): Uint8Array {
  let from = 0;
  while (from < 32 && word[from] === 0) from++;
  if (from === 32) return NOTHING;
  const length = 32 - from;
  if (length === 1 && (word[31] as number) < 0x80) return Uint8Array.of(word[31] as number);
  const encoded = new Uint8Array(1 + length);
  encoded[0] = 0x80 + length;
  for (let index = 0; index < length; index++) encoded[1 + index] = word[from + index] as number;
  return encoded;
}

/** 32 bytes. @throws ExecutionError `damaged-state` */
export function decodeSlot(encoded: Uint8Array): Uint8Array {
  if (encoded.length === 0) return ZERO_WORD;
  const word = new Uint8Array(32);
  if (encoded.length === 1) {
    word[31] = encoded[0] as number;
    return word;
  }
  const length = encoded.length - 1;
  if (length > 32 || encoded[0] !== 0x80 + length) {
    throw new ExecutionError('damaged-state', 'a stored slot is not one');
  }
  for (let index = 0; index < length; index++) {
    word[32 - length + index] = encoded[1 + index] as number;
  }
  return word;
}
