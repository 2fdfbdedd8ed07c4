import {
  applyKeyBlock,
  type Block,
  type BlockHash,
  type ChainTip,
  type CryptoProvider,
  checkPayload,
  checkSuccession,
  decodeRecovery,
  type Entry,
  equalBytes,
  initialKeyState,
  isKeyBlock,
  type KeyState,
  type NamespaceId,
  PAYLOAD_TYPE,
  ProtocolError,
  toHex,
  v1KeyState,
  verifySignature,
  writerAt,
} from '@basalt/protocol';

/**
 * Everything that decides whether the next block of one namespace is accepted. A value: each
 * accepted block gives a new state, so an append that fails to reach the disk is simply dropped.
 */
export interface ChainState {
  readonly namespace: NamespaceId;
  /** Payload of the genesis block; empty for version 1 chains, which have none. */
  readonly genesis: Uint8Array;
  /** undefined before the genesis block. */
  readonly tip: ChainTip | undefined;
  readonly keys: KeyState | undefined;
  /** Indexes of genesis, rotation and recovery blocks. */
  readonly keyBlocks: readonly number[];
  readonly totalSizeBytes: number;
  /** A proven fork; nothing but a recovery block that names our branch is accepted then. */
  readonly frozen: Frozen | undefined;
}

/** Where the writer signed twice, and which of the two blocks this log holds. */
export interface Frozen {
  readonly index: number;
  readonly branch: BlockHash;
}

export function emptyChain(namespace: NamespaceId): ChainState {
  return {
    namespace,
    genesis: new Uint8Array(0),
    tip: undefined,
    keys: undefined,
    keyBlocks: [],
    totalSizeBytes: 0,
    frozen: undefined,
  };
}

/** How the signature of a block was found when it is applied. */
export type SignatureCheck =
  /** Checked before, with the key of this id. */
  | { readonly kind: 'valid' | 'invalid'; readonly keyId: Uint8Array }
  /** Not yet: the key was not known then. */
  | { readonly kind: 'unchecked' }
  /** Made by this process just now. */
  | { readonly kind: 'own' };

/**
 * Applies the next block. Pure; `nowMs` is given at live ingest only (history has no clock).
 * @throws ProtocolError with the code of the first rule that the block breaks
 */
export function applyBlock(
  chain: ChainState,
  block: Block,
  hash: BlockHash,
  signature: SignatureCheck,
  crypto: CryptoProvider,
  nowMs?: number,
): ChainState {
  const { entry, payload } = block;
  const { header } = entry;
  if (header.namespace !== chain.namespace) {
    throw new ProtocolError('wrong-namespace', 'the block belongs to another namespace', {
      expected: chain.namespace,
      found: header.namespace,
    });
  }
  checkSuccession(chain.tip, header, nowMs === undefined ? {} : { nowMs });
  if (payload !== undefined && signature.kind !== 'own') checkPayload(entry, payload, crypto);
  const keys = keysFor(chain, entry, payload);
  assertNotFrozen(chain.frozen, entry, payload);
  checkWriter(keys, entry, payload, signature, crypto);
  return advance(chain, keys, entry, payload, hash);
}

function keysFor(chain: ChainState, entry: Entry, payload: Uint8Array | undefined): KeyState {
  if (chain.keys !== undefined) return chain.keys;
  if (entry.header.version === 1) return v1KeyState(requirePublicKey(entry));
  if (payload === undefined) {
    throw new ProtocolError('invalid-genesis', 'a genesis block is needed whole, with its payload');
  }
  return initialKeyState(entry, payload);
}

function requirePublicKey(entry: Entry): Uint8Array {
  if (entry.publicKey === undefined) {
    throw new ProtocolError('malformed', 'a version 1 block carries its public key');
  }
  return entry.publicKey;
}

function assertNotFrozen(
  frozen: Frozen | undefined,
  entry: Entry,
  payload: Uint8Array | undefined,
): void {
  if (frozen === undefined) return;
  if (entry.header.payloadType !== PAYLOAD_TYPE.recovery || payload === undefined) {
    throw new ProtocolError(
      'namespace-frozen',
      `a fork at index ${frozen.index} was proven; a recovery block must name the branch first`,
      { frozenAt: frozen.index },
    );
  }
  const { branch } = decodeRecovery(payload);
  if (branch === undefined || !equalBytes(branch, frozen.branch)) {
    throw new ProtocolError(
      'invalid-recovery',
      `expected the recovery to name the branch that this log holds at index ${frozen.index}`,
      { expected: toHex(frozen.branch), found: branch === undefined ? '' : toHex(branch) },
    );
  }
}

/** Key id of the writer, or of the recovery key where the block is a recovery. */
function checkWriter(
  keys: KeyState,
  entry: Entry,
  payload: Uint8Array | undefined,
  signature: SignatureCheck,
  crypto: CryptoProvider,
): void {
  const writer = writerAt(keys, entry.header);
  if (!equalBytes(entry.header.keyId, writer.keyId)) {
    throw new ProtocolError('wrong-writer', 'the block is not signed with the writer’s key', {
      expected: toHex(writer.keyId),
      found: toHex(entry.header.keyId),
    });
  }
  if (signature.kind === 'own') return;
  const isSettled = signature.kind !== 'unchecked' && equalBytes(signature.keyId, writer.keyId);
  if (isSettled && signature.kind === 'valid') return;
  const verdict = isSettled
    ? 'invalid-signature'
    : verifySignature(entry, writer.publicKey, payload, crypto);
  if (verdict !== undefined) {
    throw new ProtocolError(verdict, 'the signature does not verify with the writer’s key', {
      index: entry.header.index,
    });
  }
}

function advance(
  chain: ChainState,
  keys: KeyState,
  entry: Entry,
  payload: Uint8Array | undefined,
  hash: BlockHash,
): ChainState {
  const { header } = entry;
  const genesis = chain.tip === undefined;
  const next = {
    ...chain,
    keys,
    tip: { size: header.index + 1, headHash: hash, timestampMs: header.timestampMs },
    totalSizeBytes: chain.totalSizeBytes + entry.bytes.length + header.payloadLength,
  };
  if (genesis) {
    if (header.version === 1) return { ...next, keyBlocks: [] };
    return { ...next, genesis: payload as Uint8Array, keyBlocks: [0] };
  }
  if (!isKeyBlock(header)) return next;
  if (payload === undefined) {
    throw new ProtocolError('payload-mismatch', 'a key block is needed whole, with its payload');
  }
  const recovered = header.payloadType === PAYLOAD_TYPE.recovery;
  return {
    ...next,
    keys: applyKeyBlock(keys, entry, payload),
    keyBlocks: [...chain.keyBlocks, header.index],
    frozen: recovered ? undefined : chain.frozen,
  };
}
