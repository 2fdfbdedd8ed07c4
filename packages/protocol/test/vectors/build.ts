/** Bytes of blocks, laid out by hand from the specification, without the code under test. */
import { sha256, type VectorKey } from './node-keys.ts';

export interface HeaderFields {
  readonly namespace: string;
  readonly index: number;
  readonly timestampMs: number;
  readonly previous: string;
  readonly payloadHash: string;
  readonly payloadType: number;
  readonly payloadLength: number;
  readonly algorithm: number;
  readonly payloadHashKind: number;
  readonly keyId: string;
}

export const ZERO32: string = '00'.repeat(32);

/** The 144 bytes of a version 2 header. */
export function header(fields: HeaderFields): Buffer {
  const bytes = Buffer.alloc(144);
  bytes.writeUInt16BE(0x4f4c, 0);
  bytes.writeUInt16BE(0x0200, 2);
  bytes.write(fields.namespace.replaceAll('-', ''), 4, 'hex');
  bytes.writeBigUInt64BE(BigInt(fields.index), 20);
  bytes.writeBigInt64BE(BigInt(fields.timestampMs), 28);
  bytes.write(fields.previous, 36, 'hex');
  bytes.write(fields.payloadHash, 68, 'hex');
  bytes.writeUInt32BE(fields.payloadType, 100);
  bytes.writeUInt32BE(fields.payloadLength, 104);
  bytes.writeUInt16BE(fields.algorithm, 108);
  bytes.writeUInt16BE(fields.payloadHashKind, 110);
  bytes.write(fields.keyId, 112, 'hex');
  return bytes;
}

export function signedBytes(headerBytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from('basalt/block/v2\n', 'ascii'), headerBytes]);
}

export function blockHash(headerBytes: Buffer): Buffer {
  return sha256(Buffer.from('basalt/hash/v2\n', 'ascii'), headerBytes);
}

export function entry(headerBytes: Buffer, signature: Buffer): Buffer {
  return Buffer.concat([headerBytes, u16(signature.length), signature]);
}

export function keyIdOf(algorithm: number, publicKey: Buffer): Buffer {
  return sha256(u16(algorithm >= 16 ? algorithm - 16 : algorithm), publicKey);
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** UUID text of 16 bytes with version 8 and the RFC 9562 variant set. */
export function uuid8(digest: Buffer): string {
  const bytes = Buffer.from(digest.subarray(0, 16));
  bytes.writeUInt8((bytes.readUInt8(6) % 16) + 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) % 64) + 0x80, 8);
  const hex = bytes.toString('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [...parts, hex.slice(20)].join('-');
}

export function namespaceOf(genesisPayload: Buffer): string {
  return uuid8(sha256(Buffer.from('basalt/namespace/v2\n', 'ascii'), genesisPayload));
}

export interface NamedKey {
  readonly algorithm: number;
  readonly publicKey: string;
}

export function publicKeyBytes(key: NamedKey): Buffer {
  const bytes = Buffer.from(key.publicKey, 'hex');
  return Buffer.concat([u16(key.algorithm), u16(bytes.length), bytes]);
}

export interface GenesisFields {
  readonly nonce: string;
  readonly parent: string | null;
  readonly label: string;
  readonly strategy: StrategyFields;
  readonly currentKey: NamedKey;
  readonly nextKeyHash: string | null;
  readonly recoveryDelayMs: number;
  readonly recoveryKeys: readonly NamedKey[];
}

export type StrategyFields =
  | { readonly kind: 'per-writer'; readonly writer: string }
  | { readonly kind: 'geographic'; readonly region: string }
  | { readonly kind: 'topic'; readonly topic: string }
  | { readonly kind: 'temporal'; readonly epoch: number; readonly durationSeconds: number }
  | { readonly kind: 'shard'; readonly range: { readonly start: number; readonly end: number } }
  | { readonly kind: 'nested'; readonly parts: readonly StrategyFields[] };

export function genesisPayload(fields: GenesisFields): Buffer {
  const parent = (fields.parent ?? '0'.repeat(32)).replaceAll('-', '');
  return Buffer.concat([
    Buffer.from([1]),
    Buffer.from(fields.nonce, 'hex'),
    Buffer.from(parent, 'hex'),
    label(fields.label),
    strategyBytes(fields.strategy),
    publicKeyBytes(fields.currentKey),
    Buffer.from(fields.nextKeyHash ?? ZERO32, 'hex'),
    u64(fields.recoveryDelayMs),
    Buffer.from([fields.recoveryKeys.length]),
    ...fields.recoveryKeys.map(publicKeyBytes),
  ]);
}

function strategyBytes(strategy: StrategyFields): Buffer {
  switch (strategy.kind) {
    case 'per-writer':
      return Buffer.concat([Buffer.from([1]), Buffer.from(strategy.writer, 'hex')]);
    case 'geographic':
      return Buffer.concat([Buffer.from([2]), label(strategy.region)]);
    case 'topic':
      return Buffer.concat([Buffer.from([3]), label(strategy.topic)]);
    case 'temporal':
      return Buffer.concat([
        Buffer.from([4]),
        u64(strategy.epoch),
        u64(strategy.durationSeconds),
      ]);
    case 'shard':
      return Buffer.concat([
        Buffer.from([5]),
        u64(strategy.range.start),
        u64(strategy.range.end),
      ]);
    case 'nested':
      return Buffer.concat([
        Buffer.from([6, strategy.parts.length]),
        ...strategy.parts.map(strategyBytes),
      ]);
  }
}

function label(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

export function rotationPayload(newKey: NamedKey, nextKeyHash: string | null): Buffer {
  return Buffer.concat([
    Buffer.from([1]),
    publicKeyBytes(newKey),
    Buffer.from(nextKeyHash ?? ZERO32, 'hex'),
  ]);
}

export function recoveryPayload(
  newKey: NamedKey,
  nextKeyHash: string | null,
  branch: string | null,
): Buffer {
  return Buffer.concat([
    rotationPayload(newKey, nextKeyHash),
    Buffer.from(branch ?? ZERO32, 'hex'),
  ]);
}

/** RFC 6962 section 2.1, by its recursive definition: split at the largest power of two below n. */
export function treeRoot(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256(Buffer.alloc(0));
  if (leaves.length === 1) return sha256(Buffer.from([0]), only);
  const split = splitAt(leaves.length);
  const left = treeRoot(leaves.slice(0, split));
  return sha256(Buffer.from([1]), left, treeRoot(leaves.slice(split)));
}

/** RFC 6962 section 2.1.1, by its recursive definition; from the leaf to the root. */
export function treePath(leaves: readonly Buffer[], index: number): Buffer[] {
  if (leaves.length <= 1) return [];
  const split = splitAt(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...treePath(left, index), treeRoot(right)]
    : [...treePath(right, index - split), treeRoot(left)];
}

function splitAt(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/** Bytes under the inner signature of a batch. */
export function batchMessage(headers: readonly Buffer[]): Buffer {
  return Buffer.concat([
    Buffer.from('basalt/batch/v2\n', 'ascii'),
    u16(headers.length),
    treeRoot(headers.map(signedBytes)),
  ]);
}

export function merkleSignature(
  headers: readonly Buffer[],
  position: number,
  inner: Buffer,
): Buffer {
  return Buffer.concat([
    u16(position),
    u16(headers.length),
    ...treePath(headers.map(signedBytes), position),
    inner,
  ]);
}

export interface V1Fields {
  readonly wireVersion: number;
  readonly index: number;
  readonly timestampSeconds: number;
  readonly previous: string;
  readonly payloadType: number;
}

/** Header, size, public key, signature, payload of version 1. */
export function v1Block(fields: V1Fields, payload: Buffer, key: VectorKey): Buffer {
  const head = Buffer.alloc(90);
  head.writeUInt16BE(fields.wireVersion, 0);
  head.writeBigUInt64BE(BigInt(fields.index), 2);
  head.writeBigInt64BE(BigInt(fields.timestampSeconds), 10);
  head.write(fields.previous, 18, 'hex');
  sha256(payload).copy(head, 50);
  head.writeUInt32BE(fields.payloadType, 82);
  head.writeUInt32BE(payload.length, 86);
  const signature = key.sign(Buffer.concat([head, payload]));
  return Buffer.concat([head, key.publicKey, signature, payload]);
}
