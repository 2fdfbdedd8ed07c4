/** Chains of `rules.json`: every rule about the order of blocks and the life of keys. */
import { recoveryPayload, rotationPayload, uuid8 } from './build.ts';
import { type Chain, ChainBuilder, flip, type GenesisOptions } from './chain-builder.ts';
import { keyId, named } from './generate-blocks.ts';
import { type AlgorithmNumber, sha256, type VectorKey, vectorKey } from './node-keys.ts';

const A = (): VectorKey => vectorKey(1, 1);
const B = (): VectorKey => vectorKey(1, 2);
const C = (): VectorKey => vectorKey(1, 3);
const RECOVERY = (): VectorKey => vectorKey(1, 9);

const DELAY_MS = 86_400_000;

export function generateChains(): Chain[] {
  return [
    succession(),
    liveIngest(),
    payloadsAndSignatures(),
    genesisForms(),
    rotations(),
    recovery(),
    recoveryContradicted(),
    recoveryWithoutPromise(),
    recoveryOfFork(),
    recoveryAtOnce(),
    allAlgorithms(),
    version1(),
  ];
}

function succession(): Chain {
  const chain = new ChainBuilder('order of blocks');
  const key = A();
  chain.next('block before its genesis', 'invalid-index', key, {
    index: 1,
    namespace: uuid8(sha256(key.publicKey)),
  });
  chain.genesis('genesis', 'valid', key);
  chain.next('index 1', 'valid', key);
  chain.next('equal timestamp', 'valid', key, { timestampMs: chain.timestampMs });
  chain.next('timestamp before the head', 'timestamp-regression', key, {
    timestampMs: chain.timestampMs - 1,
  });
  chain.next('index left out', 'invalid-index', key, { index: chain.size + 1 });
  chain.next('index again', 'invalid-index', key, { index: chain.size - 1 });
  chain.next('previous of another block', 'broken-chain', key, { previous: '12'.repeat(32) });
  chain.next('previous of zero', 'broken-chain', key, { previous: '00'.repeat(32) });
  chain.next('another namespace', 'wrong-namespace', key, {
    namespace: '6f1c0e8a-2b3d-8e4f-9a5b-c6d7e8f90a1b',
  });
  chain.next('second genesis', 'invalid-genesis', key, { payloadType: 2 });
  chain.next('user payload type', 'valid', key, { payloadType: 0x8001 });
  chain.next('payload type that is not allocated', 'valid', key, { payloadType: 0x12345678 });
  return chain.done();
}

function liveIngest(): Chain {
  const chain = new ChainBuilder('clock of the receiver');
  const key = A();
  const nowMs = 1_790_000_000_000;
  chain.genesis('a genesis of 1970 is not too old', 'valid', key, {
    change: { timestampMs: 0, nowMs },
  });
  chain.next('300 s ahead', 'too-far-in-future', key, { timestampMs: nowMs + 300_001, nowMs });
  chain.next('just under 300 s ahead', 'valid', key, { timestampMs: nowMs + 300_000, nowMs });
  chain.next('history has no clock', 'valid', key, { timestampMs: nowMs * 2 });
  return chain.done();
}

function payloadsAndSignatures(): Chain {
  const chain = new ChainBuilder('payloads and signatures');
  const key = A();
  chain.genesis('genesis', 'valid', key);
  chain.next('payload hash of another payload', 'payload-mismatch', key, {
    payloadHash: '12'.repeat(32),
  });
  chain.next('payload longer than said', 'payload-mismatch', key, { payloadLength: 1 });
  chain.next('payload cut short', 'payload-mismatch', key, {
    wire: (bytes) => bytes.subarray(0, bytes.length - 1),
  });
  chain.next('payload changed', 'payload-mismatch', key, {
    wire: (bytes) => flip(bytes, bytes.length - 1),
  });
  chain.next('hash kind of another hash', 'payload-mismatch', key, { payloadHashKind: 1 });
  chain.next('signature changed in R', 'invalid-signature', key, {
    signature: (signature) => flip(signature, 0),
  });
  chain.next('signature changed in s', 'invalid-signature', key, {
    signature: (signature) => flip(signature, 32),
  });
  chain.next('signature cut short', 'invalid-signature', key, {
    signature: (signature) => signature.subarray(0, 63),
  });
  chain.next('no signature', 'invalid-signature', key, { signature: () => Buffer.alloc(0) });
  chain.next('signature with a tail', 'invalid-signature', key, {
    signature: (signature) => Buffer.concat([signature, Buffer.alloc(1)]),
  });
  chain.next('key of a stranger', 'wrong-writer', B());
  chain.next('key id of the writer, signature of a stranger', 'invalid-signature', B(), {
    keyId: keyId(key),
  });
  chain.next('plain signature said to be Merkle-signed', 'invalid-signature', key, {
    algorithm: 17,
  });
  chain.next('empty payload', 'valid', key, { payload: Buffer.alloc(0), payloadType: 0 });
  chain.batch('batch of three', key, 3);
  return chain.done();
}

function genesisForms(): Chain {
  const chain = new ChainBuilder('forms of a genesis block');
  const key = A();
  const refused = (name: string, expect: string, options: GenesisOptions): unknown =>
    chain.genesis(name, expect, key, options);
  refused('another payload type', 'invalid-genesis', { change: { payloadType: 1 } });
  refused('previous not zero', 'invalid-genesis', { change: { previous: '12'.repeat(32) } });
  refused('namespace of another genesis', 'invalid-genesis', {
    change: { namespace: '6f1c0e8a-2b3d-8e4f-9a5b-c6d7e8f90a1b' },
  });
  refused('signed by another key', 'invalid-genesis', { signer: B() });
  refused('namespace of another writer', 'invalid-genesis', {
    fields: { strategy: { kind: 'per-writer', writer: keyId(B()) } },
  });
  refused('byte behind the payload', 'malformed', { trailing: Buffer.alloc(1) });
  refused('current key of a wrong length', 'malformed', {
    fields: { currentKey: { algorithm: 1, publicKey: '00'.repeat(31) } },
  });
  refused('current key of a Merkle-signed algorithm', 'unknown-algorithm', {
    fields: { currentKey: { ...named(key), algorithm: 17 } },
  });
  refused('region with an empty name', 'malformed', {
    fields: { strategy: { kind: 'geographic', region: 'eu//de' } },
  });
  refused('strategy of one part', 'malformed', {
    fields: { strategy: { kind: 'nested', parts: [{ kind: 'topic', topic: 'a' }] } },
  });
  refused('empty shard range', 'malformed', {
    fields: { strategy: { kind: 'shard', range: { start: 5, end: 5 } } },
  });
  refused('nine recovery keys', 'malformed', {
    fields: { recoveryKeys: Array.from({ length: 9 }, () => named(B())) },
  });
  chain.genesis('a namespace of the writer', 'valid', key, {
    fields: { strategy: { kind: 'per-writer', writer: keyId(key) } },
  });
  return chain.done();
}

function rotate(to: VectorKey, promised: VectorKey | null): { payloadType: 3; payload: Buffer } {
  return {
    payloadType: 3,
    payload: rotationPayload(named(to), promised === null ? null : keyId(promised)),
  };
}

function recover(
  to: VectorKey,
  promised: VectorKey | null,
  branch: string | null = null,
): { payloadType: 4; payload: Buffer } {
  return {
    payloadType: 4,
    payload: recoveryPayload(named(to), promised === null ? null : keyId(promised), branch),
  };
}

function rotations(): Chain {
  const chain = new ChainBuilder('rotation of keys');
  chain.genesis('genesis promises key B', 'valid', A(), { fields: { nextKeyHash: keyId(B()) } });
  chain.next('rotation by the promised key itself', 'wrong-writer', B(), rotate(B(), null));
  chain.next('rotation to a key not promised', 'invalid-rotation', A(), rotate(C(), null));
  chain.next('rotation payload cut short', 'malformed', A(), {
    payloadType: 3,
    payload: rotate(B(), null).payload.subarray(1),
  });
  chain.next('new key before its rotation', 'wrong-writer', B());
  chain.next('rotation to B, nothing promised', 'valid', A(), rotate(B(), null));
  chain.next('old key after its rotation', 'wrong-writer', A());
  chain.next('old key rotates again', 'wrong-writer', A(), rotate(A(), null));
  chain.next('new key', 'valid', B());
  chain.next('rotation to the current key', 'invalid-rotation', B(), rotate(B(), null));
  chain.next('free rotation back to A, promises C', 'valid', B(), rotate(A(), C()));
  chain.next('free rotation is over', 'invalid-rotation', A(), rotate(B(), null));
  chain.next('rotation to C', 'valid', A(), rotate(C(), null));
  chain.next('recovery without recovery keys', 'wrong-writer', C(), recover(A(), null));
  chain.next('key C', 'valid', C());
  return chain.done();
}

function recoverable(promise: VectorKey | null, delayMs: number): GenesisOptions {
  return {
    fields: {
      nextKeyHash: promise === null ? null : keyId(promise),
      recoveryDelayMs: delayMs,
      recoveryKeys: [named(vectorKey(2, 9)), named(RECOVERY())],
    },
  };
}

function recovery(): Chain {
  const chain = new ChainBuilder('recovery takes effect after its delay');
  chain.genesis('genesis', 'valid', A(), recoverable(B(), DELAY_MS));
  chain.next('recovery by the current key', 'wrong-writer', A(), recover(C(), null));
  chain.next('recovery key writes', 'wrong-writer', RECOVERY());
  chain.next('recovery key rotates', 'wrong-writer', RECOVERY(), rotate(B(), null));
  chain.next('recovery to C', 'valid', RECOVERY(), recover(C(), B()));
  const effectiveMs = chain.timestampMs + DELAY_MS;
  chain.next('second recovery while one is pending', 'invalid-recovery', vectorKey(2, 9), {
    ...recover(B(), null),
  });
  chain.next('old key goes on', 'valid', A());
  chain.next('recovered key too early', 'wrong-writer', C(), { timestampMs: effectiveMs - 1 });
  chain.next('old key to the last millisecond', 'valid', A(), { timestampMs: effectiveMs - 1 });
  chain.next('old key too late', 'wrong-writer', A(), { timestampMs: effectiveMs });
  chain.next('contradiction too late', 'wrong-writer', A(), {
    ...rotate(B(), null),
    timestampMs: effectiveMs,
  });
  chain.next('recovered key', 'valid', C(), { timestampMs: effectiveMs });
  chain.next('recovered key keeps its promise', 'invalid-rotation', C(), rotate(A(), null));
  chain.next('rotation to the promised key', 'valid', C(), rotate(B(), null));
  chain.next('key after the rotation', 'valid', B());
  chain.next('a recovery later', 'valid', vectorKey(2, 9), recover(A(), null));
  return chain.done();
}

function recoveryContradicted(): Chain {
  const chain = new ChainBuilder('recovery contradicted by a rotation to the promised key');
  chain.genesis('genesis', 'valid', A(), recoverable(B(), DELAY_MS));
  chain.next('recovery to C', 'valid', RECOVERY(), recover(C(), null));
  const effectiveMs = chain.timestampMs + DELAY_MS;
  chain.next('contradiction with a key not promised', 'invalid-rotation', A(), rotate(C(), null));
  chain.next('contradiction', 'valid', A(), rotate(B(), null));
  chain.next('recovered key', 'wrong-writer', C(), { timestampMs: effectiveMs });
  chain.next('promised key', 'valid', B(), { timestampMs: effectiveMs });
  chain.next('recovery again', 'valid', RECOVERY(), recover(C(), null));
  return chain.done();
}

function recoveryWithoutPromise(): Chain {
  const chain = new ChainBuilder('nothing promised, no contradiction');
  chain.genesis('genesis', 'valid', A(), recoverable(null, DELAY_MS));
  chain.next('recovery to C', 'valid', RECOVERY(), recover(C(), null));
  chain.next('rotation', 'invalid-rotation', A(), rotate(B(), null));
  chain.next('recovered key', 'valid', C(), { timestampMs: chain.timestampMs + DELAY_MS });
  return chain.done();
}

function recoveryOfFork(): Chain {
  const chain = new ChainBuilder('recovery that names a branch');
  chain.genesis('genesis', 'valid', A(), recoverable(B(), DELAY_MS));
  chain.next('the branch', 'valid', A());
  chain.next('recovery to C', 'valid', RECOVERY(), recover(C(), null, chain.head));
  const effectiveMs = chain.timestampMs + DELAY_MS;
  chain.next('old key in between', 'namespace-frozen', A());
  chain.next('recovered key too early', 'namespace-frozen', C());
  chain.next('recovered key', 'valid', C(), { timestampMs: effectiveMs });
  return chain.done();
}

function recoveryAtOnce(): Chain {
  const chain = new ChainBuilder('recovery without delay, far in the past');
  chain.genesis('genesis', 'valid', A(), {
    ...recoverable(B(), 0),
    change: { timestampMs: -1_000_000 },
  });
  chain.next('recovery to C', 'valid', RECOVERY(), recover(C(), null));
  chain.next('old key', 'wrong-writer', A(), { timestampMs: chain.timestampMs });
  chain.next('recovered key', 'valid', C(), { timestampMs: chain.timestampMs });
  return chain.done();
}

function allAlgorithms(): Chain {
  const chain = new ChainBuilder('a namespace that goes through every algorithm');
  chain.genesis('genesis', 'valid', A());
  let key = A();
  chain.batch('Merkle-signed 17', key, 2);
  for (const algorithm of [2, 3, 4, 5, 6] as AlgorithmNumber[]) {
    const next = vectorKey(algorithm, 1);
    chain.next(`rotation to algorithm ${algorithm}`, 'valid', key, rotate(next, null));
    key = next;
    chain.next(`block of algorithm ${algorithm}`, 'valid', key);
    const changed = (signature: Buffer): Buffer => flip(signature, signature.length - 1);
    const expect = 'invalid-signature';
    chain.next(`bad block of algorithm ${algorithm}`, expect, key, { signature: changed });
    if (algorithm === 3 || algorithm === 4) chain.batch(`Merkle-signed ${algorithm}`, key, 2);
  }
  return chain.done();
}

function version1(): Chain {
  const chain = new ChainBuilder('version 1, then version 2 in its namespace');
  const key = A();
  chain.namespace = uuid8(sha256(key.publicKey));
  chain.v1('genesis with a previous', 'broken-chain', key, { previous: '12'.repeat(32) });
  chain.v1('genesis', 'valid', key, { payloadType: 0 });
  const seconds = chain.timestampMs / 1000;
  chain.v1('equal second', 'timestamp-regression', key, { timestampSeconds: seconds });
  chain.v1('second block', 'valid', key);
  chain.v1('payload type 4 means nothing here', 'valid', key, { payloadType: 4 });
  chain.v1('index left out', 'invalid-index', key, { index: 9 });
  chain.v1('previous of another block', 'broken-chain', key, { previous: '12'.repeat(32) });
  chain.v1('signature changed', 'invalid-signature', key, { wire: (bytes) => flip(bytes, 122) });
  chain.v1('payload changed', 'payload-mismatch', key, {
    wire: (bytes) => flip(bytes, bytes.length - 1),
  });
  chain.v1('block of another writer', 'wrong-namespace', B());
  chain.next('version 2 block', 'valid', key);
  chain.next('rotation', 'valid', key, rotate(B(), null));
  chain.v1('old writer after the rotation', 'wrong-writer', key);
  chain.next('new writer', 'valid', B());
  return chain.done();
}
