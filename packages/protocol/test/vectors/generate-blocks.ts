/** `block-v2.json` and `block-v1.json`: encodings, hashes and signatures. */
import {
  batchMessage,
  blockHash,
  entry,
  type GenesisFields,
  genesisPayload,
  type HeaderFields,
  header,
  keyIdOf,
  merkleSignature,
  type NamedKey,
  namespaceOf,
  recoveryPayload,
  rotationPayload,
  signedBytes,
  treePath,
  treeRoot,
  uuid8,
  v1Block,
  ZERO32,
} from './build.ts';
import { type AlgorithmNumber, sha256, type VectorKey, vectorKey } from './node-keys.ts';

const NAMESPACE = '6f1c0e8a-2b3d-8e4f-9a5b-c6d7e8f90a1b';

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Byte i is i mod 251: the pattern of the official BLAKE3 vectors. */
export function pattern(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => i % 251));
}

export function named(key: VectorKey): NamedKey {
  return { algorithm: key.algorithm, publicKey: hex(key.publicKey) };
}

export function keyId(key: VectorKey): string {
  return hex(keyIdOf(key.algorithm, key.publicKey));
}

export function generateBlockV2(): object {
  return {
    description: 'Block version 2: see README.md in this folder.',
    keys: ALGORITHMS.map((algorithm) => describeKey(vectorKey(algorithm, 1))),
    headers: headers(),
    payloadHashes: payloadHashes(),
    blocks: ALGORITHMS.map(plainBlock),
    batches: [
      batch(17, 1),
      batch(17, 2),
      batch(17, 3),
      batch(17, 5),
      batch(17, 8),
      batch(19, 3),
      batch(20, 2),
    ],
    genesis: genesisCases().map((fields) => {
      const payload = genesisPayload(fields);
      return { fields, payload: hex(payload), namespace: namespaceOf(payload) };
    }),
    rotations: rotations(),
    recoveries: recoveries(),
  };
}

const ALGORITHMS: readonly AlgorithmNumber[] = [1, 2, 3, 4, 5, 6];

function describeKey(key: VectorKey): object {
  return {
    name: key.name,
    algorithm: key.algorithm,
    seed: hex(key.seed),
    secretKey: hex(key.secretKey),
    publicKey: hex(key.publicKey),
    keyId: keyId(key),
  };
}

function baseFields(): HeaderFields {
  return {
    namespace: NAMESPACE,
    index: 7,
    timestampMs: 1_760_000_000_123,
    previous: '11'.repeat(32),
    payloadHash: '22'.repeat(32),
    payloadType: 1,
    payloadLength: 300,
    algorithm: 1,
    payloadHashKind: 0,
    keyId: '33'.repeat(32),
  };
}

function headers(): object[] {
  const variants: [string, Partial<HeaderFields>][] = [
    ['plain', {}],
    ['all bits of the namespace', { namespace: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }],
    ['nil namespace', { namespace: '00000000-0000-0000-0000-000000000000' }],
    ['index 0', { index: 0 }],
    ['index above 2^32', { index: 0x0102030405060 }],
    ['greatest index', { index: Number.MAX_SAFE_INTEGER }],
    ['timestamp 0', { timestampMs: 0 }],
    ['timestamp before 1970', { timestampMs: -1 }],
    ['timestamp at a negative word border', { timestampMs: -(2 ** 32) }],
    ['least timestamp', { timestampMs: -Number.MAX_SAFE_INTEGER }],
    ['greatest timestamp', { timestampMs: Number.MAX_SAFE_INTEGER }],
    ['previous', { previous: hex(pattern(32)) }],
    ['payload hash', { payloadHash: hex(pattern(32)) }],
    ['payload type 0', { payloadType: 0 }],
    ['greatest payload type', { payloadType: 0xffffffff }],
    ['payload length 0', { payloadLength: 0 }],
    ['greatest payload length', { payloadLength: 16 * 1024 * 1024 }],
    ...[2, 3, 4, 5, 6, 17, 19, 20].map((algorithm): [string, Partial<HeaderFields>] => [
      `algorithm ${algorithm}`,
      { algorithm },
    ]),
    ['payload hash kind 1', { payloadHashKind: 1 }],
    ['payload hash kind 2', { payloadHashKind: 2 }],
    ['key id', { keyId: hex(pattern(32)) }],
  ];
  return variants.map(([name, change]) => {
    const fields = { ...baseFields(), ...change };
    const bytes = header(fields);
    const signed = hex(signedBytes(bytes));
    return {
      name,
      fields,
      header: hex(bytes),
      signedBytes: signed,
      blockHash: hex(blockHash(bytes)),
    };
  });
}

/** First 32 bytes of `hash` in the official BLAKE3 test vectors, by input length. */
const BLAKE3: Readonly<Record<number, string>> = {
  0: 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262',
  1: '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213',
  1024: '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7',
  1025: 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444',
  31744: '62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47',
};

function payloadHashes(): object[] {
  const flat = [0, 1, 250, 16385].map((length) => ({
    kind: 0,
    length,
    hash: hex(sha256(pattern(length))),
  }));
  const tree = [0, 1, 16384, 16385, 3 * 16384, 5 * 16384 + 7].map((length) => {
    const payload = pattern(length);
    const chunks: Buffer[] = [];
    for (let at = 0; at < length; at += 16384) chunks.push(payload.subarray(at, at + 16384));
    const proofs = chunks.map((_, index) => treePath(chunks, index).map(hex));
    return { kind: 1, length, hash: hex(treeRoot(chunks)), proofs };
  });
  const blake3 = Object.entries(BLAKE3).map(([length, hash]) => ({
    kind: 2,
    length: Number(length),
    hash,
  }));
  return [...flat, ...tree, ...blake3];
}

function plainBlock(algorithm: AlgorithmNumber): object {
  const key = vectorKey(algorithm, 1);
  const payload = Buffer.from(`signed by ${key.name}`, 'utf8');
  const fields = {
    ...baseFields(),
    payloadHash: hex(sha256(payload)),
    payloadLength: payload.length,
    algorithm,
    keyId: keyId(key),
  };
  const headerBytes = header(fields);
  const signature = key.sign(signedBytes(headerBytes));
  return {
    key: key.name,
    ...wire(fields, headerBytes, signature, payload),
  };
}

function wire(
  fields: HeaderFields,
  headerBytes: Buffer,
  signature: Buffer,
  payload: Buffer,
): object {
  const entryBytes = entry(headerBytes, signature);
  return {
    fields,
    payload: hex(payload),
    signature: hex(signature),
    entry: hex(entryBytes),
    wire: hex(Buffer.concat([entryBytes, payload])),
    blockHash: hex(blockHash(headerBytes)),
    leafHash: hex(sha256(Buffer.from([0]), entryBytes)),
  };
}

function batch(algorithm: 17 | 19 | 20, size: number): object {
  const key = vectorKey((algorithm - 16) as 1 | 3 | 4, 1);
  let previous = '44'.repeat(32);
  const blocks = Array.from({ length: size }, (_, i) => {
    const payload = Buffer.from(`block ${i} of ${size}`, 'utf8');
    const fields: HeaderFields = {
      ...baseFields(),
      index: 100 + i,
      timestampMs: 1_760_000_000_200 + i,
      previous,
      payloadHash: hex(sha256(payload)),
      payloadLength: payload.length,
      algorithm,
      keyId: keyId(key),
    };
    previous = hex(blockHash(header(fields)));
    return { fields, payload, headerBytes: header(fields) };
  });
  const headerList = blocks.map((block) => block.headerBytes);
  const message = batchMessage(headerList);
  const inner = key.sign(message);
  return {
    key: key.name,
    algorithm,
    size,
    root: hex(message.subarray(message.length - 32)),
    message: hex(message),
    inner: hex(inner),
    blocks: blocks.map(({ fields, payload, headerBytes }, position) =>
      wire(fields, headerBytes, merkleSignature(headerList, position, inner), payload),
    ),
  };
}

function genesisCases(): GenesisFields[] {
  const ed = vectorKey(1, 1);
  const base: GenesisFields = {
    nonce: hex(pattern(16)),
    parent: null,
    label: 'audit',
    strategy: { kind: 'per-writer', writer: keyId(ed) },
    currentKey: named(ed),
    nextKeyHash: null,
    recoveryDelayMs: 0,
    recoveryKeys: [],
  };
  const geographic = { kind: 'geographic', region: 'eu/de/Zürich' } as const;
  const topic = { kind: 'topic', topic: 'metrics/cpu' } as const;
  const temporal = { kind: 'temporal', epoch: 1_760_000_000, durationSeconds: 86_400 } as const;
  const shard = { kind: 'shard', range: { start: 0, end: 2 ** 32 } } as const;
  return [
    base,
    { ...base, strategy: geographic, label: '' },
    { ...base, strategy: topic, label: 'ä'.repeat(127) },
    { ...base, strategy: temporal, parent: NAMESPACE },
    { ...base, strategy: shard },
    { ...base, strategy: { kind: 'nested', parts: [geographic, topic, temporal] } },
    {
      ...base,
      nextKeyHash: keyId(vectorKey(6, 2)),
      recoveryDelayMs: 86_400_000,
      recoveryKeys: ALGORITHMS.map((algorithm) => named(vectorKey(algorithm, 3))),
    },
  ];
}

function rotations(): object[] {
  return ALGORITHMS.map((algorithm) => {
    const newKey = named(vectorKey(algorithm, 2));
    const nextKeyHash = algorithm === 1 ? null : keyId(vectorKey(1, 4));
    return { newKey, nextKeyHash, payload: hex(rotationPayload(newKey, nextKeyHash)) };
  });
}

function recoveries(): object[] {
  const newKey = named(vectorKey(1, 2));
  const cases: [string | null, string | null][] = [
    [null, null],
    [keyId(vectorKey(3, 4)), null],
    [null, '55'.repeat(32)],
  ];
  return cases.map(([nextKeyHash, branch]) => ({
    newKey,
    nextKeyHash,
    branch,
    payload: hex(recoveryPayload(newKey, nextKeyHash, branch)),
  }));
}

export function generateBlockV1(): object {
  const key = vectorKey(1, 1);
  const long = pattern(1000);
  const cases: [string, Parameters<typeof v1Block>[0], Buffer][] = [
    ['genesis, version 1.5', v1Fields(0x0105, 0, 1_700_000_000, ZERO32, 0x100), Buffer.alloc(0)],
    ['version 1.7', v1Fields(0x0107, 1, 1_700_000_001, '66'.repeat(32), 0x8001), long],
    ['last version 1', v1Fields(0x01ff, 2 ** 40, -1, '77'.repeat(32), 0xffffffff), long],
  ];
  return {
    description: 'Block version 1: see README.md in this folder.',
    key: describeKey(key),
    namespace: uuid8(sha256(key.publicKey)),
    blocks: cases.map(([name, fields, payload]) => {
      const bytes = v1Block(fields, payload, key);
      return {
        name,
        fields,
        payload: hex(payload),
        payloadHash: hex(sha256(payload)),
        signedBytes: hex(Buffer.concat([bytes.subarray(0, 90), payload])),
        signature: hex(bytes.subarray(122, 186)),
        entry: hex(bytes.subarray(0, 186)),
        wire: hex(bytes),
        blockHash: hex(sha256(bytes)),
        leafHash: hex(sha256(Buffer.from([0]), bytes.subarray(0, 186))),
      };
    }),
  };
}

function v1Fields(
  wireVersion: number,
  index: number,
  timestampSeconds: number,
  previous: string,
  payloadType: number,
): Parameters<typeof v1Block>[0] {
  return { wireVersion, index, timestampSeconds, previous, payloadType };
}
