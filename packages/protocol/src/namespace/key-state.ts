import type { Entry } from '../block/entry.ts';
import type { BlockHeader } from '../block/header.ts';
import { PAYLOAD_TYPE } from '../block/payload-types.ts';
import type { BlockHash, Hash32, KeyId, NamespaceId } from '../brands.ts';
import { equalBytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { INDEX_MAX, KEY_PERIODS_MAX } from '../limits.ts';
import { ALGORITHM } from '../suite.ts';
import { keyId } from '../suites/key-id.ts';
import { decodeGenesis } from './genesis.ts';
import { deriveNamespaceId, v1NamespaceId } from './id.ts';
import { decodeClose, decodeRecovery, decodeRotation } from './key-payloads.ts';
import type { PublicKey } from './public-key.ts';
import { strategyParts } from './strategy.ts';

/**
 * Who may sign which block of a namespace. Only key blocks (genesis, rotation, recovery, close)
 * change the state, so a verifier that holds them can resolve the writer at any index.
 *
 * The rules:
 *
 * 1. Index 0 is signed by the genesis payload's current key.
 * 2. A rotation is signed by the current writer. Its new key signs from the next index on. Where
 *    the writer before promised a next key (pre-commitment), the new key must be that one.
 * 3. A recovery is signed by one of the recovery keys of the genesis. The new key signs every later
 *    block whose timestamp is at or past the recovery's timestamp plus the delay. Timestamps never
 *    run back, so there is one first such block; from there on the old key signs nothing.
 * 4. Until then the old key goes on signing, and its owner can contradict: a rotation before that
 *    time that reveals the promised next key cancels the recovery. A thief of the current key does
 *    not hold the promised key. Without a promise there is no contradiction, and no rotation while
 *    a recovery is pending.
 * 5. One recovery is pending at a time.
 * 6. A recovery that names the branch of a fork lets only key blocks through until it takes effect
 *    or is contradicted: the old key has signed two histories and is not heard in between.
 * 7. A close is signed by the current writer and is the last block: nothing follows. Only a
 *    recovery is heard after it, because a thief of the current key could close too; once it has
 *    taken effect the namespace is open again.
 */
export interface KeyState {
  readonly namespace: NamespaceId;
  /** At least one, by rising `fromIndex`; the last one is current. */
  readonly periods: readonly KeyPeriod[];
  /** Promise of the last period: key id of the next key. */
  readonly nextKeyHash: Hash32 | undefined;
  readonly recoveryKeys: readonly WriterKey[];
  readonly recoveryDelayMs: number;
  /** A recovery that no key block has settled or cancelled yet. */
  readonly pending: PendingRecovery | undefined;
  /** Where the writer has closed the namespace, and what goes on. */
  readonly closed: ClosedAt | undefined;
  /** Index of the last key block applied; 0 is the genesis. */
  readonly keyBlockIndex: number;
}

export interface WriterKey extends PublicKey {
  readonly keyId: KeyId;
}

/** A key signs blocks from `fromIndex` on whose timestamp is not below `fromTimestampMs`. */
export interface KeyPeriod extends WriterKey {
  readonly fromIndex: number;
  /** Set when the period came from a recovery. */
  readonly fromTimestampMs: number | undefined;
}

export interface PendingRecovery {
  /** Index of the recovery block. */
  readonly index: number;
  /** Timestamp from which the new key is the writer. */
  readonly effectiveMs: number;
  readonly newKey: WriterKey;
  readonly nextKeyHash: Hash32 | undefined;
  readonly branch: BlockHash | undefined;
}

export interface ClosedAt {
  readonly index: number;
  readonly next: NamespaceId | undefined;
}

/** The fields of a header that decide who must have signed it. */
export type WriterQuery = Pick<
  BlockHeader,
  'version' | 'index' | 'timestampMs' | 'payloadType' | 'keyId'
>;

/**
 * State after the genesis block. Checks its form, that the namespace id belongs to the payload,
 * that the current key is the one that signs, and that a per-writer namespace is the signer's own.
 * The signature is for `verifySignature`.
 * @throws ProtocolError `invalid-genesis`, `malformed`, `unknown-algorithm`
 */
export function initialKeyState(entry: Entry, payload: Uint8Array): KeyState {
  const { header } = entry;
  if (
    header.version !== 2 ||
    header.index !== 0 ||
    header.payloadType !== PAYLOAD_TYPE.namespaceGenesis
  ) {
    throw new ProtocolError('invalid-genesis', 'expected a genesis block at index 0', {
      index: header.index,
      payloadType: header.payloadType,
    });
  }
  if (deriveNamespaceId(payload) !== header.namespace) {
    throw new ProtocolError('invalid-genesis', 'expected the namespace id of this genesis', {
      found: header.namespace,
    });
  }
  const genesis = decodeGenesis(payload);
  const key = writerKey(genesis.currentKey);
  if (!equalBytes(key.keyId, header.keyId)) {
    throw new ProtocolError('invalid-genesis', 'expected the current key to sign the genesis');
  }
  for (const part of strategyParts(genesis.strategy)) {
    if (part.kind === 'per-writer' && !equalBytes(part.writer, key.keyId)) {
      throw new ProtocolError('invalid-genesis', 'expected the writer to be the current key');
    }
  }
  return {
    namespace: header.namespace,
    periods: [{ ...key, fromIndex: 0, fromTimestampMs: undefined }],
    nextKeyHash: genesis.nextKeyHash,
    recoveryKeys: genesis.recoveryKeys.map(writerKey),
    recoveryDelayMs: genesis.recoveryDelayMs,
    pending: undefined,
    closed: undefined,
    keyBlockIndex: 0,
  };
}

/**
 * State of a version 1 namespace: one Ed25519 key, no promise, no recovery. Its owner may go over
 * to version 2 blocks, and with them to another key.
 */
export function v1KeyState(publicKey: Uint8Array): KeyState {
  const key = writerKey({ algorithm: ALGORITHM.ed25519, publicKey });
  return {
    namespace: v1NamespaceId(publicKey),
    periods: [{ ...key, fromIndex: 0, fromTimestampMs: undefined }],
    nextKeyHash: undefined,
    recoveryKeys: [],
    recoveryDelayMs: 0,
    pending: undefined,
    closed: undefined,
    keyBlockIndex: 0,
  };
}

/**
 * The key that must have signed this block; its key id is the header's.
 * @throws ProtocolError `wrong-writer` when the header names another key, `namespace-frozen` (rule
 *   6), `namespace-closed` (rule 7)
 */
export function writerAt(state: KeyState, header: WriterQuery): WriterKey {
  if (header.version === 2 && header.payloadType === PAYLOAD_TYPE.recovery) {
    const key = state.recoveryKeys.find((known) => equalBytes(known.keyId, header.keyId));
    if (key !== undefined) return key;
    throw wrongWriter(header, 'expected a recovery key of the namespace');
  }
  const isRotation = header.version === 2 && header.payloadType === PAYLOAD_TYPE.keyRotation;
  const key = resolveWriter(state, header.index, header.timestampMs, isRotation);
  if (!equalBytes(key.keyId, header.keyId)) {
    throw wrongWriter(header, 'expected the key of the current writer');
  }
  return key;
}

/**
 * The key that may sign the next ordinary block if it has this timestamp (milliseconds).
 * @throws ProtocolError `namespace-frozen` (rule 6), `namespace-closed` (rule 7)
 */
export function currentWriter(state: KeyState, timestampMs: number): WriterKey {
  return resolveWriter(state, INDEX_MAX, timestampMs, false);
}

/**
 * State after one more block. Blocks that are no key blocks leave it as it is (and need no
 * payload), so it may be called for each block or for key blocks only. The signature is for
 * `verifySignature`.
 * @throws ProtocolError `wrong-namespace`, `invalid-index` (key blocks out of order),
 *   `wrong-writer`, `invalid-genesis`, `invalid-rotation`, `invalid-recovery`, `payload-mismatch`
 *   (payload missing), `malformed`, `unknown-algorithm`
 */
export function applyKeyBlock(
  state: KeyState,
  entry: Entry,
  payload: Uint8Array | undefined,
): KeyState {
  const { header } = entry;
  if (header.namespace !== state.namespace) {
    throw new ProtocolError('wrong-namespace', 'expected a block of this namespace', {
      found: header.namespace,
      expected: state.namespace,
    });
  }
  if (!isKeyBlock(header)) return state;
  if (header.payloadType === PAYLOAD_TYPE.namespaceGenesis) {
    throw new ProtocolError('invalid-genesis', 'expected one genesis block, at index 0');
  }
  if (header.index <= state.keyBlockIndex) {
    throw new ProtocolError('invalid-index', 'expected key blocks in the order of their indexes', {
      found: header.index,
      last: state.keyBlockIndex,
    });
  }
  if (payload === undefined) {
    throw new ProtocolError('payload-mismatch', 'expected the payload of a key block');
  }
  writerAt(state, header);
  const settled = settle(state, header);
  if (header.payloadType === PAYLOAD_TYPE.namespaceClose) {
    return applyClose(settled, header, payload);
  }
  return header.payloadType === PAYLOAD_TYPE.keyRotation
    ? applyRotation(settled, header, payload)
    : applyRecovery(settled, header, payload);
}

/** Genesis, rotation, recovery or close; in version 1 those numbers are ordinary types. */
export function isKeyBlock(header: Pick<BlockHeader, 'version' | 'payloadType'>): boolean {
  const { payloadType } = header;
  return (
    header.version === 2 &&
    ((payloadType >= PAYLOAD_TYPE.namespaceGenesis && payloadType <= PAYLOAD_TYPE.recovery) ||
      payloadType === PAYLOAD_TYPE.namespaceClose)
  );
}

/** A public key with its id, copied so that a state does not hold on to a network buffer. */
export function writerKey(key: PublicKey): WriterKey {
  const { algorithm } = key;
  const publicKey = key.publicKey.slice();
  return { algorithm, publicKey, keyId: keyId(algorithm, publicKey) };
}

function resolveWriter(
  state: KeyState,
  index: number,
  timestampMs: number,
  isRotation: boolean,
): WriterKey {
  const { closed, pending, periods } = state;
  if (pending !== undefined && index > pending.index) {
    if (timestampMs >= pending.effectiveMs) return pending.newKey;
    if (pending.branch !== undefined && !isRotation) {
      throw new ProtocolError('namespace-frozen', 'expected key blocks only until the recovery', {
        effectiveMs: pending.effectiveMs,
      });
    }
  }
  if (closed !== undefined && index > closed.index) {
    throw new ProtocolError('namespace-closed', 'expected no block after the last one', {
      closedAt: closed.index,
      next: closed.next,
    });
  }
  for (let i = periods.length - 1; i > 0; i--) {
    const period = periods[i] as KeyPeriod;
    if (index < period.fromIndex) continue;
    if (period.fromTimestampMs === undefined || timestampMs >= period.fromTimestampMs) {
      return period;
    }
  }
  return periods[0] as KeyPeriod;
}

/** Makes a recovery whose time has come a period of its own. */
function settle(state: KeyState, header: BlockHeader): KeyState {
  const { pending } = state;
  if (pending === undefined || header.timestampMs < pending.effectiveMs) return state;
  const period: KeyPeriod = {
    ...pending.newKey,
    fromIndex: pending.index + 1,
    fromTimestampMs: pending.effectiveMs,
  };
  return {
    ...state,
    periods: [...state.periods, period],
    nextKeyHash: pending.nextKeyHash,
    pending: undefined,
    closed: undefined,
  };
}

function applyRotation(state: KeyState, header: BlockHeader, payload: Uint8Array): KeyState {
  const rotation = decodeRotation(payload);
  const newKey = writerKey(rotation.newKey);
  const invalid = (message: string): ProtocolError =>
    new ProtocolError('invalid-rotation', message, { index: header.index });
  if (state.nextKeyHash !== undefined && !equalBytes(state.nextKeyHash, newKey.keyId)) {
    throw invalid('expected the key that was promised before');
  }
  if (state.nextKeyHash === undefined && state.pending !== undefined) {
    throw invalid('expected no rotation while a recovery is pending: no next key was promised');
  }
  if (equalBytes(newKey.keyId, header.keyId))
    throw invalid('expected another key than the current');
  if (state.periods.length >= KEY_PERIODS_MAX)
    throw invalid('expected fewer keys in one namespace');
  const period: KeyPeriod = { ...newKey, fromIndex: header.index + 1, fromTimestampMs: undefined };
  return {
    ...state,
    periods: [...state.periods, period],
    nextKeyHash: rotation.nextKeyHash,
    pending: undefined,
    keyBlockIndex: header.index,
  };
}

function applyClose(state: KeyState, header: BlockHeader, payload: Uint8Array): KeyState {
  const { next } = decodeClose(payload);
  if (next === header.namespace) {
    throw new ProtocolError('malformed', 'expected another namespace to go on');
  }
  // A recovery that is pending still opens the namespace again when its time comes.
  return { ...state, closed: { index: header.index, next }, keyBlockIndex: header.index };
}

function applyRecovery(state: KeyState, header: BlockHeader, payload: Uint8Array): KeyState {
  const recovery = decodeRecovery(payload);
  const invalid = (message: string): ProtocolError =>
    new ProtocolError('invalid-recovery', message, { index: header.index });
  if (state.pending !== undefined) throw invalid('expected no other recovery to be pending');
  // A pending recovery needs room for its own period and for the rotation after it.
  if (state.periods.length + 1 >= KEY_PERIODS_MAX) {
    throw invalid('expected fewer keys in one namespace');
  }
  return {
    ...state,
    pending: {
      index: header.index,
      effectiveMs: Math.min(header.timestampMs + state.recoveryDelayMs, INDEX_MAX),
      newKey: writerKey(recovery.newKey),
      nextKeyHash: recovery.nextKeyHash,
      branch: recovery.branch,
    },
    keyBlockIndex: header.index,
  };
}

function wrongWriter(header: WriterQuery, message: string): ProtocolError {
  return new ProtocolError('wrong-writer', message, { index: header.index });
}
