import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ALGORITHM,
  applyKeyBlock,
  type BlockHash,
  createBlock,
  createGenesisBlock,
  createSigner,
  currentWriter,
  decodeClose,
  decodeKeyState,
  type Entry,
  encodeClose,
  encodeKeyState,
  encodeRecovery,
  encodeRotation,
  initialKeyState,
  type KeyState,
  type NamespaceId,
  nobleProvider,
  PAYLOAD_TYPE,
  ProtocolError,
  type Signer,
  writerAt,
} from '../src/index.ts';

const signerOf = (seed: number): Signer =>
  createSigner(
    nobleProvider.suite(ALGORITHM.ed25519).keyPairFromSeed(new Uint8Array(32).fill(seed)),
  );
const writer = signerOf(1);
const recovery = signerOf(2);
const another = signerOf(3);
const NEXT = '11111111-2222-3333-4444-555555555555' as NamespaceId;
const DELAY_MS = 1_000;
const publicKeyOf = ({ publicKey }: Signer) => ({ algorithm: ALGORITHM.ed25519, publicKey });

const genesis = createGenesisBlock({
  label: 'shard',
  nonce: new Uint8Array(16),
  timestampMs: 0,
  signer: writer,
  recoveryKeys: [publicKeyOf(recovery)],
  recoveryDelayMs: DELAY_MS,
});
const { namespace } = genesis.block.entry.header;
const open = initialKeyState(genesis.block.entry, genesis.block.payload as Uint8Array);

function entryOf(
  index: number,
  signer: Signer,
  payloadType: number,
  payload: Uint8Array,
  timestampMs = index,
): Entry {
  const tip = { size: index, headHash: new Uint8Array(32) as BlockHash, timestampMs: 0 };
  return createBlock({ namespace, tip, timestampMs, payloadType, payload, signer }).block.entry;
}

function apply(state: KeyState, signer: Signer, type: number, payload: Uint8Array, atMs?: number) {
  const index = state.keyBlockIndex + 5;
  return applyKeyBlock(state, entryOf(index, signer, type, payload, atMs), payload);
}

const coded = (code: string) => (error: unknown) =>
  error instanceof ProtocolError && error.code === code;
const close = encodeClose({ next: NEXT });
const closed = apply(open, writer, PAYLOAD_TYPE.namespaceClose, close);
const at = (index: number, signer: Signer, payloadType: number, timestampMs = index) =>
  entryOf(index, signer, payloadType, new Uint8Array(0), timestampMs).header;

test('a close names what goes on, or nothing', () => {
  assert.deepEqual(decodeClose(close), { next: NEXT });
  assert.deepEqual(decodeClose(encodeClose({ next: undefined })), { next: undefined });
  for (const wrong of [close.subarray(1), new Uint8Array(18), new Uint8Array(17).fill(9)]) {
    assert.throws(() => decodeClose(wrong), coded('malformed'));
  }
  const own = encodeClose({ next: namespace });
  assert.throws(() => apply(open, writer, PAYLOAD_TYPE.namespaceClose, own), coded('malformed'));
  assert.throws(
    () => apply(open, another, PAYLOAD_TYPE.namespaceClose, close),
    coded('wrong-writer'),
  );
});

test('nothing follows a close but a recovery; what came before stays as it was', () => {
  assert.deepEqual(closed.closed, { index: 5, next: NEXT });
  for (const type of [PAYLOAD_TYPE.opaque, PAYLOAD_TYPE.keyRotation, PAYLOAD_TYPE.namespaceClose]) {
    assert.throws(() => writerAt(closed, at(6, writer, type)), coded('namespace-closed'));
  }
  assert.throws(() => currentWriter(closed, 9), coded('namespace-closed'));
  assert.ok(writerAt(closed, at(4, writer, PAYLOAD_TYPE.opaque)));
  assert.ok(writerAt(closed, at(5, writer, PAYLOAD_TYPE.namespaceClose)));
  assert.ok(writerAt(closed, at(6, recovery, PAYLOAD_TYPE.recovery)));
});

test('a recovery opens again what a thief has closed, after its delay', () => {
  const payload = encodeRecovery({
    newKey: publicKeyOf(another),
    nextKeyHash: undefined,
    branch: undefined,
  });
  const pending = apply(closed, recovery, PAYLOAD_TYPE.recovery, payload, 100);
  const before = at(11, another, PAYLOAD_TYPE.opaque, 100 + DELAY_MS - 1);
  assert.throws(() => writerAt(pending, before), coded('namespace-closed'));
  assert.ok(writerAt(pending, at(11, another, PAYLOAD_TYPE.opaque, 100 + DELAY_MS)));
  const rotation = encodeRotation({ newKey: publicKeyOf(writer), nextKeyHash: undefined });
  const settled = apply(pending, another, PAYLOAD_TYPE.keyRotation, rotation, 100 + DELAY_MS);
  assert.equal(settled.closed, undefined);
  assert.ok(writerAt(settled, at(20, writer, PAYLOAD_TYPE.opaque, 2_000)));
});

test('a closed state is read back; an open one is written as before', () => {
  assert.deepEqual(decodeKeyState(encodeKeyState(closed)), closed);
  assert.equal(encodeKeyState(open)[0], 1);
  const wrong = encodeKeyState(closed);
  wrong[0] = 1;
  assert.throws(() => decodeKeyState(wrong), coded('malformed'));
  assert.throws(() => decodeKeyState(encodeKeyState(closed).subarray(0, -1)), coded('malformed'));
});
