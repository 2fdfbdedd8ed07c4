/** `rules.json`: what decoders, verifiers and chains refuse, and with which code. */
import {
  batchMessage,
  blockHash,
  entry,
  type HeaderFields,
  header,
  keyIdOf,
  merkleSignature,
  signedBytes,
  treePath,
  treeRoot,
  u16,
  v1Block,
  ZERO32,
} from './build.ts';
import { flip } from './chain-builder.ts';
import { generateChains } from './generate-chains.ts';
import { hex, keyId, pattern } from './generate-blocks.ts';
import { negatedS, ORDERS, sha256, type VectorKey, vectorKey } from './node-keys.ts';

export function generateRules(): object {
  return {
    description: 'Rules of blocks: see README.md in this folder.',
    decoding: decoding(),
    signatures: [...suiteSignatures(), ...zip215(), ...merkleSignatures()],
    chunks: chunks(),
    forkProofs: forkProofs(),
    chains: generateChains(),
  };
}

function fieldsFor(key: VectorKey, change: Partial<HeaderFields> = {}): HeaderFields {
  return {
    namespace: '6f1c0e8a-2b3d-8e4f-9a5b-c6d7e8f90a1b',
    index: 3,
    timestampMs: 1_760_000_000_000,
    previous: '11'.repeat(32),
    payloadHash: hex(sha256(Buffer.from('payload'))),
    payloadType: 1,
    payloadLength: 7,
    algorithm: key.algorithm,
    payloadHashKind: 0,
    keyId: keyId(key),
    ...change,
  };
}

/** Each as one whole block on the wire; header forms end with the signature. */
function decoding(): object[] {
  const key = vectorKey(1, 1);
  const headerBytes = header(fieldsFor(key));
  const entryBytes = entry(headerBytes, key.sign(signedBytes(headerBytes)));
  const block = Buffer.concat([entryBytes, Buffer.from('payload')]);
  const v1Fields = { wireVersion: 0x0107, index: 0, timestampSeconds: 1, previous: ZERO32 };
  const v1 = v1Block({ ...v1Fields, payloadType: 1 }, Buffer.from('payload'), key);
  const set = (at: number, bytes: string, whole: Buffer = block): Buffer => {
    const copy = Buffer.from(whole);
    copy.write(bytes, at, 'hex');
    return copy;
  };
  const cases: [string, Buffer, string][] = [
    ['full form', block, 'valid'],
    ['header form', entryBytes, 'valid'],
    ['version 1, full form', v1, 'valid'],
    ['version 1, header form', v1.subarray(0, 186), 'valid'],
    ['nothing', Buffer.alloc(0), 'malformed'],
    ['one byte', block.subarray(0, 1), 'malformed'],
    ['header cut short', block.subarray(0, 143), 'malformed'],
    ['no signature length', block.subarray(0, 145), 'malformed'],
    ['signature cut short', block.subarray(0, 209), 'malformed'],
    ['payload cut short', block.subarray(0, block.length - 1), 'payload-mismatch'],
    ['byte behind the payload', Buffer.concat([block, Buffer.alloc(1)]), 'payload-mismatch'],
    ['another magic', set(0, '4f4d'), 'version-mismatch'],
    ['version 3', set(2, '0300'), 'version-mismatch'],
    ['version 2.1', set(2, '0201'), 'version-mismatch'],
    ['index of 2^53', set(20, '0020000000000000'), 'malformed'],
    ['timestamp of 2^53', set(28, '0020000000000000'), 'malformed'],
    ['least i64 timestamp', set(28, '8000000000000000'), 'malformed'],
    ['payload of 16 MiB and 1 byte', set(104, '01000001'), 'payload-too-large'],
    ['payload of 4 GiB', set(104, 'ffffffff'), 'payload-too-large'],
    ['algorithm 0', set(108, '0000'), 'unknown-algorithm'],
    ['algorithm 7', set(108, '0007'), 'unknown-algorithm'],
    ['algorithm 18', set(108, '0012'), 'unknown-algorithm'],
    ['hash kind 3', set(110, '0003'), 'unknown-hash-kind'],
    ['signature above 8 KiB', set(144, '2001'), 'malformed'],
    ['version 1.4', set(0, '0104', v1), 'version-mismatch'],
    ['version 0.5', set(0, '0005', v1), 'version-mismatch'],
    ['version 1, envelope cut short', v1.subarray(0, 185), 'malformed'],
    ['version 1, payload cut short', v1.subarray(0, v1.length - 1), 'payload-mismatch'],
    ['version 1, payload above 16 MiB', set(86, '01000001', v1), 'payload-too-large'],
    ['version 1, index of 2^53', set(2, '0020000000000000', v1), 'malformed'],
    ['version 1, second above 2^53 ms', set(10, '001fffffffffffff', v1), 'malformed'],
  ];
  return cases.map(([name, bytes, expect]) => ({ name, bytes: hex(bytes), expect }));
}

interface SignatureCase {
  readonly name: string;
  readonly entry: string;
  readonly publicKey: string;
  readonly expect: string;
}

function signatureCase(
  name: string,
  headerBytes: Buffer,
  signature: Buffer,
  publicKey: Buffer,
  expect: string,
): SignatureCase {
  const bytes = entry(headerBytes, signature);
  return { name, entry: hex(bytes), publicKey: hex(publicKey), expect };
}

function suiteSignatures(): SignatureCase[] {
  const cases: SignatureCase[] = [];
  for (const algorithm of [1, 2, 3, 4, 5, 6] as const) {
    const key = vectorKey(algorithm, 1);
    const headerBytes = header(fieldsFor(key));
    const signature = key.sign(signedBytes(headerBytes));
    const add = (what: string, bytes: Buffer, publicKey: Buffer, expect: string): unknown =>
      cases.push(signatureCase(`${key.name}: ${what}`, headerBytes, bytes, publicKey, expect));
    add('good', signature, key.publicKey, 'valid');
    add('first bit', flip(signature, 0), key.publicKey, 'invalid-signature');
    add('last bit', flip(signature, signature.length - 1), key.publicKey, 'invalid-signature');
    add('cut short', signature.subarray(1), key.publicKey, 'invalid-signature');
    add('of zeros', Buffer.alloc(signature.length), key.publicKey, 'invalid-signature');
    add('key that the header does not name', signature, vectorKey(algorithm, 2).publicKey, 'wrong-writer');
    if (algorithm === 2 || algorithm === 6) {
      add('high s', negatedS(signature, ORDERS[algorithm]), key.publicKey, 'invalid-signature');
    }
    if (algorithm === 4) {
      add('ML-DSA half of zeros', halfZero(signature, 64, signature.length), key.publicKey, 'invalid-signature');
      add('Ed25519 half of zeros', halfZero(signature, 0, 64), key.publicKey, 'invalid-signature');
    }
  }
  return cases;
}

function halfZero(signature: Buffer, from: number, to: number): Buffer {
  return Buffer.from(signature).fill(0, from, to);
}

/** Where the rules for Ed25519 differ: ZIP 215 decides. Encodings are little-endian. */
function zip215(): SignatureCase[] {
  const p = 2n ** 255n - 19n;
  const littleEndian = (value: bigint): Buffer =>
    Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
  const identity = littleEndian(1n);
  const identityNotCanonical = littleEndian(p + 1n);
  const signOfZero = littleEndian(1n + 2n ** 255n);
  const zero = Buffer.alloc(32);
  const smallKey = (publicKey: Buffer): Buffer =>
    header(fieldsFor(vectorKey(1, 1), { keyId: hex(keyIdOf(1, publicKey)) }));
  const key = vectorKey(1, 1);
  const headerBytes = header(fieldsFor(key));
  const good = key.sign(signedBytes(headerBytes));
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(good.subarray(32)).reverse().toString('hex')}`);
  const sPlusOrder = Buffer.concat([good.subarray(0, 32), littleEndian(s + order)]);
  const small = (name: string, publicKey: Buffer, r: Buffer): SignatureCase =>
    signatureCase(name, smallKey(publicKey), Buffer.concat([r, zero]), publicKey, 'valid');
  return [
    small('ZIP 215: key and R of small order', identity, identity),
    small('ZIP 215: R not canonical', identity, identityNotCanonical),
    small('ZIP 215: R with the sign of a zero x', identity, signOfZero),
    small('ZIP 215: key not canonical', identityNotCanonical, identity),
    signatureCase('ZIP 215: s not reduced', headerBytes, sPlusOrder, key.publicKey, 'invalid-signature'),
    signatureCase(
      'ZIP 215: R is no point',
      headerBytes,
      Buffer.concat([littleEndian(2n), good.subarray(32)]),
      key.publicKey,
      'invalid-signature',
    ),
  ];
}

function merkleSignatures(): SignatureCase[] {
  const key = vectorKey(1, 1);
  const headers = Array.from({ length: 5 }, (_, i) =>
    header(fieldsFor(key, { algorithm: 17, index: 3 + i })),
  );
  const inner = key.sign(batchMessage(headers));
  const good = merkleSignature(headers, 2, inner);
  const at = (offset: number, bytes: Buffer): Buffer => {
    const copy = Buffer.from(good);
    bytes.copy(copy, offset);
    return copy;
  };
  const add = (name: string, signature: Buffer, expect = 'invalid-signature'): SignatureCase =>
    signatureCase(`Merkle: ${name}`, headers[2] as Buffer, signature, key.publicKey, expect);
  const large = Array.from({ length: 257 }, (_, i) =>
    header(fieldsFor(key, { algorithm: 17, index: 3 + i - 2 })),
  );
  const single = (count: number): Buffer => key.sign(batchMessage(headers.slice(2, 2 + count)));
  return [
    add('good', good, 'valid'),
    add('batch of one', Buffer.concat([u16(0), u16(1), single(1)]), 'valid'),
    add('another position', at(0, u16(3))),
    add('position outside', at(0, u16(5))),
    add('another size', at(2, u16(6))),
    add('size 0', at(2, u16(0))),
    add('size 257', at(2, u16(257))),
    add('256 blocks', inBatch(key, large.slice(0, 256)), 'valid'),
    add('257 blocks', inBatch(key, large)),
    add('path changed', flip(good, 4)),
    add('hash left out', Buffer.concat([good.subarray(0, 4), good.subarray(36)])),
    add('hash too many', Buffer.concat([good.subarray(0, 4), Buffer.alloc(32), good.subarray(4)])),
    add('cut in the path', good.subarray(0, 40)),
    add('three bytes', good.subarray(0, 3)),
    add('inner signature over the header itself', merkleSignature(headers, 2, key.sign(signedBytes(headers[2] as Buffer)))),
    add('path of another block', merkleSignature(headers, 3, inner)),
  ];
}

/** The signature of header 4 of a batch. */
function inBatch(key: VectorKey, headers: readonly Buffer[]): Buffer {
  return merkleSignature(headers, 4, key.sign(batchMessage(headers)));
}

function chunks(): object[] {
  const payload = pattern(3 * 16384 + 5);
  const list = [0, 1, 2, 3].map((i) => payload.subarray(i * 16384, (i + 1) * 16384));
  const good = {
    chunkIndex: 3,
    chunk: hex(list[3] as Buffer),
    payloadLength: payload.length,
    payloadHash: hex(treeRoot(list)),
    proof: treePath(list, 3).map(hex),
  };
  return [
    { name: 'good', ...good, expect: 'valid' },
    { name: 'chunk changed', ...good, chunk: hex(flip(list[3] as Buffer, 0)), expect: 'invalid-proof' },
    { name: 'chunk cut short', ...good, chunk: good.chunk.slice(2), expect: 'invalid-proof' },
    { name: 'another index', ...good, chunkIndex: 1, expect: 'invalid-proof' },
    { name: 'index outside', ...good, chunkIndex: 4, expect: 'invalid-proof' },
    { name: 'hash left out', ...good, proof: good.proof.slice(1), expect: 'invalid-proof' },
    { name: 'hash too many', ...good, proof: [...good.proof, ZERO32], expect: 'invalid-proof' },
    { name: 'short hash', ...good, proof: [good.proof[0], '00'], expect: 'invalid-proof' },
    { name: 'another payload', ...good, payloadHash: ZERO32, expect: 'invalid-proof' },
  ];
}

function forkProofs(): object[] {
  const key = vectorKey(1, 1);
  const fields = fieldsFor(key);
  const sides = [fields, { ...fields, timestampMs: fields.timestampMs + 1 }]
    .map((side) => {
      const headerBytes = header(side);
      const hash = blockHash(headerBytes);
      return { hash, entry: entry(headerBytes, key.sign(signedBytes(headerBytes))) };
    })
    .sort((a, b) => Buffer.compare(a.hash, b.hash));
  const [a, b] = sides as [(typeof sides)[0], (typeof sides)[0]];
  const proof = (first: Buffer, second: Buffer): Buffer =>
    Buffer.concat([Buffer.from([1]), first, second]);
  const other = (change: Partial<HeaderFields>, signer = key): Buffer => {
    const headerBytes = header({ ...fieldsFor(signer), ...change });
    return entry(headerBytes, signer.sign(signedBytes(headerBytes)));
  };
  const ordered = (bytes: Buffer): Buffer =>
    Buffer.compare(blockHash(bytes.subarray(0, 144)), a.hash) < 0
      ? proof(bytes, a.entry)
      : proof(a.entry, bytes);
  const good = proof(a.entry, b.entry);
  const publicKey = hex(key.publicKey);
  const found = {
    namespace: fields.namespace,
    index: fields.index,
    hashes: [hex(a.hash), hex(b.hash)],
    proofHash: hex(sha256(Buffer.from('basalt/fork-proof/v2\n', 'ascii'), good)),
  };
  const cases: [string, Buffer, string | null, string][] = [
    ['in the wrong order', proof(b.entry, a.entry), publicKey, 'malformed'],
    ['the same block twice', proof(a.entry, a.entry), publicKey, 'invalid-proof'],
    ['another index', ordered(other({ index: 4 })), publicKey, 'invalid-proof'],
    ['another namespace', ordered(other({ namespace: '00000000-0000-0000-0000-000000000001' })), publicKey, 'invalid-proof'],
    ['a block of a stranger', ordered(other({ index: 3 }, vectorKey(1, 2))), publicKey, 'wrong-writer'],
    ['signature changed', flip(good, good.length - 1), publicKey, 'invalid-signature'],
    ['no key known', good, null, 'unknown-namespace'],
    ['byte behind', Buffer.concat([good, Buffer.alloc(1)]), publicKey, 'malformed'],
    ['cut short', good.subarray(0, good.length - 1), publicKey, 'malformed'],
    ['kind 3', Buffer.concat([Buffer.from([3]), good.subarray(1)]), publicKey, 'malformed'],
    ['nothing', Buffer.alloc(0), publicKey, 'malformed'],
  ];
  return [
    { name: 'two blocks at one index', proof: hex(good), publicKey, expect: 'valid', found },
    ...cases.map(([name, bytes, known, expect]) => ({
      name,
      proof: hex(bytes),
      publicKey: known,
      expect,
    })),
  ];
}
