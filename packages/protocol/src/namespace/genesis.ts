import type { Hash32, KeyId, NamespaceId } from '../brands.ts';
import { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { INDEX_MAX, RECOVERY_KEYS_MAX } from '../limits.ts';
import { NAMESPACE_BYTES, namespaceBytes, namespaceId } from './id.ts';
import { type PublicKey, readPublicKey, writePublicKey } from './public-key.ts';
import { readLabel, readStrategy, type Strategy, writeLabel, writeStrategy } from './strategy.ts';

/** What the first block of a namespace says; the namespace id is derived from these bytes. */
export interface GenesisPayload {
  readonly strategy: Strategy;
  /** Name for people, at most 255 bytes of UTF-8, e.g. `audit`. Not unique. */
  readonly label: string;
  /** The key that signs from index 0 on. */
  readonly currentKey: PublicKey;
  /** Key id of the next key (pre-commitment); undefined where none is promised. */
  readonly nextKeyHash: Hash32 | undefined;
  /** At most 8 keys that may replace a lost or stolen key after the delay. */
  readonly recoveryKeys: readonly PublicKey[];
  readonly recoveryDelayMs: number;
  /** The namespace that this one continues, e.g. the temporal shard before it. */
  readonly parent: NamespaceId | undefined;
  /** 16 bytes drawn at random by whoever creates the namespace, so that ids do not collide. */
  readonly nonce: Uint8Array;
}

const FORMAT = 1;
const NONCE_BYTES = 16;
const NIL_NAMESPACE = '00000000-0000-0000-0000-000000000000';
const ZERO_HASH: Hash32 = /* @__PURE__ */ new Uint8Array(32) as Hash32;

/**
 * u8 format 1, nonce (16), parent (16, zero for none), label (u8 length), strategy, current key,
 * next key hash (32, zero for none), u64 recovery delay, u8 count and recovery keys.
 * @throws ProtocolError `malformed`, `unknown-algorithm` for a field out of range
 */
export function encodeGenesis(genesis: GenesisPayload): Uint8Array {
  const { nonce, recoveryKeys, recoveryDelayMs } = genesis;
  if (nonce.length !== NONCE_BYTES) {
    throw new ProtocolError('malformed', 'expected a nonce of 16 bytes', { found: nonce.length });
  }
  checkRecovery(recoveryKeys.length, recoveryDelayMs);
  const writer = new ByteWriter().u8(FORMAT).bytes(nonce);
  writer.bytes(
    genesis.parent === undefined ? new Uint8Array(NAMESPACE_BYTES) : namespaceBytes(genesis.parent),
  );
  writeLabel(writer, genesis.label);
  writeStrategy(writer, genesis.strategy);
  writePublicKey(writer, genesis.currentKey);
  writeOptionalHash(writer, genesis.nextKeyHash);
  writer.u64(recoveryDelayMs).u8(recoveryKeys.length);
  for (const key of recoveryKeys) writePublicKey(writer, key);
  return writer.done();
}

/**
 * Exactly one genesis payload. Byte fields are views of `bytes`.
 * @throws ProtocolError `malformed`, `unknown-algorithm`
 */
export function decodeGenesis(bytes: Uint8Array): GenesisPayload {
  const reader = new ByteReader(bytes, 'a genesis payload');
  const format = reader.u8();
  if (format !== FORMAT) {
    throw new ProtocolError('malformed', 'expected genesis format 1', { found: format });
  }
  const nonce = reader.bytes(NONCE_BYTES);
  const parent = namespaceId(reader.bytes(NAMESPACE_BYTES));
  const label = readLabel(reader);
  const strategy = readStrategy(reader);
  const currentKey = readPublicKey(reader);
  const nextKeyHash = readOptionalHash(reader);
  const recoveryDelayMs = reader.u64();
  const count = reader.u8();
  checkRecovery(count, recoveryDelayMs);
  const recoveryKeys: PublicKey[] = [];
  for (let i = 0; i < count; i++) recoveryKeys.push(readPublicKey(reader));
  reader.end();
  return {
    strategy,
    label,
    currentKey,
    nextKeyHash,
    recoveryKeys,
    recoveryDelayMs,
    parent: parent === NIL_NAMESPACE ? undefined : parent,
    nonce,
  };
}

/** 32 bytes; zero stands for undefined. @throws ProtocolError `malformed` for another length. */
export function writeOptionalHash(writer: ByteWriter, hash: Hash32 | KeyId | undefined): void {
  const bytes = hash ?? ZERO_HASH;
  if (bytes.length !== 32) {
    throw new ProtocolError('malformed', 'expected a hash of 32 bytes', { found: bytes.length });
  }
  writer.bytes(bytes);
}

/** 32 bytes, copied so that a state does not hold on to a network buffer; undefined when zero. */
export function readOptionalHash(reader: ByteReader): Hash32 | undefined {
  const bytes = reader.bytes(32).slice();
  return bytes.every((byte) => byte === 0) ? undefined : (bytes as Hash32);
}

function checkRecovery(count: number, delayMs: number): void {
  if (count > RECOVERY_KEYS_MAX) {
    throw new ProtocolError('malformed', 'expected at most 8 recovery keys', { found: count });
  }
  if (!Number.isInteger(delayMs) || delayMs < 0 || delayMs > INDEX_MAX) {
    throw new ProtocolError('malformed', 'expected a recovery delay in whole milliseconds', {
      found: delayMs,
    });
  }
}
