import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  applyKeyBlock,
  type BlockHash,
  type BlockHeader,
  createGenesisBlock,
  createSigner,
  decodeEntry,
  decodeKeyState,
  type Entry,
  encodeEntry,
  encodeHeader,
  encodeKeyState,
  encodeRecovery,
  encodeRotation,
  type Hash32,
  initialKeyState,
  type KeyState,
  keyId,
  nobleProvider,
  PAYLOAD_TYPE,
  ProtocolError,
  type PublicKey,
  toHex,
  writerAt,
} from '../src/index.ts';

const DELAY_MS = 100;
const KEY_COUNT = 4;
/** Keys 0 to 3 write, keys 4 and 5 recover. */
const KEYS: readonly PublicKey[] = Array.from({ length: KEY_COUNT + 2 }, (_, i) => ({
  algorithm: 1,
  publicKey: new Uint8Array(32).fill(i + 1),
}));
const pair = nobleProvider.suite(1).keyPairFromSeed(new Uint8Array(32).fill(1));
const SIGNER = createSigner(pair);
/** Key 0 is real, because it signs the genesis block. */
const keyOf = (n: number): PublicKey =>
  n === 0 ? { algorithm: 1, publicKey: SIGNER.publicKey } : (KEYS[n] as PublicKey);
const idOf = (n: number): Hash32 => keyId(1, keyOf(n).publicKey);

interface Action {
  readonly type: 'write' | 'rotate' | 'recover';
  readonly signer: number;
  readonly laterMs: number;
  readonly newKey: number;
  readonly promise: number | undefined;
  readonly hasBranch: boolean;
}

interface Accepted extends Action {
  readonly index: number;
  readonly timestampMs: number;
}

/**
 * The rules told naively: the whole history is walked again for every question. Answers the number
 * of the writer, or the code of what stands in the way.
 */
function modelWriter(
  history: readonly Accepted[],
  firstPromise: number | undefined,
  timestampMs: number,
): { writer: number; promise: number | undefined; pending: Accepted | undefined } {
  let writer = 0;
  let promise = firstPromise;
  let pending: Accepted | undefined;
  for (const event of [...history, { type: 'end', timestampMs } as const]) {
    if (pending !== undefined && event.timestampMs >= pending.timestampMs + DELAY_MS) {
      writer = pending.newKey;
      promise = pending.promise;
      pending = undefined;
    }
    if (event.type === 'rotate') {
      writer = event.newKey;
      promise = event.promise;
      pending = undefined;
    } else if (event.type === 'recover') {
      pending = event;
    }
  }
  return { writer, promise, pending };
}

function modelVerdict(
  history: readonly Accepted[],
  firstPromise: number | undefined,
  action: Action,
  timestampMs: number,
): string {
  const now = modelWriter(history, firstPromise, timestampMs);
  if (action.type === 'recover') {
    if (action.signer < KEY_COUNT) return 'wrong-writer';
    return now.pending === undefined ? 'valid' : 'invalid-recovery';
  }
  if (action.type === 'write' && now.pending?.hasBranch === true) return 'namespace-frozen';
  if (action.signer !== now.writer) return 'wrong-writer';
  if (action.type === 'write') return 'valid';
  if (now.promise !== undefined && action.newKey !== now.promise) return 'invalid-rotation';
  if (now.promise === undefined && now.pending !== undefined) return 'invalid-rotation';
  return action.newKey === now.writer ? 'invalid-rotation' : 'valid';
}

function buildBlock(
  state: KeyState,
  action: Action,
  index: number,
  timestampMs: number,
): { entry: Entry; payload: Uint8Array } {
  const newKey = keyOf(action.newKey);
  const nextKeyHash = action.promise === undefined ? undefined : idOf(action.promise);
  const branch = action.hasBranch ? (new Uint8Array(32).fill(9) as BlockHash) : undefined;
  const [payloadType, payload] = {
    write: [PAYLOAD_TYPE.opaque, new Uint8Array(3)] as const,
    rotate: [PAYLOAD_TYPE.keyRotation, encodeRotation({ newKey, nextKeyHash })] as const,
    recover: [PAYLOAD_TYPE.recovery, encodeRecovery({ newKey, nextKeyHash, branch })] as const,
  }[action.type];
  const header: BlockHeader = {
    version: 2,
    namespace: state.namespace,
    index,
    timestampMs,
    previous: new Uint8Array(32) as BlockHash,
    payloadHash: new Uint8Array(32) as Hash32,
    payloadType,
    payloadLength: payload.length,
    algorithm: 1,
    payloadHashKind: 0,
    keyId: idOf(action.signer),
  };
  return { entry: decodeEntry(encodeEntry(encodeHeader(header), new Uint8Array(64))), payload };
}

function startState(firstPromise: number | undefined): KeyState {
  const { block } = createGenesisBlock({
    label: 'model',
    nonce: new Uint8Array(16),
    timestampMs: 0,
    signer: SIGNER,
    recoveryDelayMs: DELAY_MS,
    recoveryKeys: [keyOf(4), keyOf(5)],
    ...(firstPromise === undefined ? {} : { nextKeyHash: idOf(firstPromise) }),
  });
  return initialKeyState(block.entry, block.payload as Uint8Array);
}

const writerNumber = fc.nat({ max: KEY_COUNT - 1 });
const promise = fc.option(writerNumber, { nil: undefined });
const action: fc.Arbitrary<Action> = fc.record({
  type: fc.constantFrom('write', 'write', 'rotate', 'rotate', 'recover'),
  signer: fc.nat({ max: KEY_COUNT + 1 }),
  laterMs: fc.constantFrom(0, 1, 30, DELAY_MS - 1, DELAY_MS, 2 * DELAY_MS),
  newKey: writerNumber,
  promise,
  hasBranch: fc.boolean(),
});

/** Half of the actions are put right, so that histories grow. */
function steer(
  wanted: Action,
  fix: boolean,
  history: readonly Accepted[],
  first: number | undefined,
  timestampMs: number,
): Action {
  if (!fix) return wanted;
  const now = modelWriter(history, first, timestampMs);
  if (wanted.type === 'recover') return { ...wanted, signer: 4 + (wanted.signer % 2) };
  const newKey = now.promise ?? (now.writer + 1) % KEY_COUNT;
  return { ...wanted, signer: now.writer, newKey };
}

test('the key state answers as the rules do when the whole history is walked', () => {
  const seen = new Map<string, number>();
  const steps = fc.array(fc.tuple(action, fc.boolean()), { minLength: 1, maxLength: 25 });
  fc.assert(
    fc.property(promise, steps, (first, wantedSteps) => {
      let state = startState(first);
      let timestampMs = 0;
      const history: Accepted[] = [];
      for (const [wanted, fix] of wantedSteps) {
        const now = timestampMs + wanted.laterMs;
        const step = steer(wanted, fix, history, first, now);
        const index = history.length + 1;
        const { entry, payload } = buildBlock(state, step, index, now);
        let verdict = 'valid';
        try {
          const writer = writerAt(state, entry.header);
          assert.equal(toHex(writer.keyId), toHex(idOf(step.signer)));
          state = applyKeyBlock(state, entry, payload);
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error));
          verdict = error.code;
        }
        assert.equal(verdict, modelVerdict(history, first, step, now));
        const outcome = `${step.type} ${verdict}`;
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
        if (verdict !== 'valid') continue;
        timestampMs = now;
        history.push({ ...step, index, timestampMs });
        assert.deepEqual(decodeKeyState(encodeKeyState(state)), state);
      }
      for (const past of history) {
        const { entry } = buildBlock(state, past, past.index, past.timestampMs);
        assert.doesNotThrow(() => writerAt(state, entry.header), `index ${past.index}`);
      }
    }),
    { numRuns: 1500 },
  );
  // The walk is worth nothing if it never gets anywhere.
  for (const outcome of [
    'write valid',
    'write wrong-writer',
    'write namespace-frozen',
    'rotate valid',
    'rotate wrong-writer',
    'rotate invalid-rotation',
    'recover valid',
    'recover wrong-writer',
    'recover invalid-recovery',
  ]) {
    assert.ok((seen.get(outcome) ?? 0) > 20, `${outcome}: ${seen.get(outcome)}`);
  }
});
