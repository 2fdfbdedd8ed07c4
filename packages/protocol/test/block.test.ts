import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ALGORITHM,
  type AlgorithmId,
  type Block,
  type BlockHash,
  blockHash,
  type ChainTip,
  type CreatedBlock,
  checkPayload,
  checkSuccession,
  chunkCount,
  chunkProof,
  concatBytes,
  createBlock,
  createBlocks,
  createGenesisBlock,
  createNoteSigner,
  createProvider,
  createSigner,
  decodeBlock,
  decodeEntry,
  decodeForkProof,
  ed25519Suite,
  encodeBlock,
  encodeForkProof,
  encodeHeader,
  encodeV1Block,
  formatNote,
  HASH_KIND,
  hashPayload,
  headerForm,
  keyId,
  merkleAlgorithm,
  nobleProvider,
  PAYLOAD_TYPE,
  type PlainAlgorithmId,
  ProtocolError,
  type ProtocolErrorCode,
  parseNamespaceId,
  payloadTypeName,
  plainAlgorithm,
  type Signer,
  signatureClaim,
  signCheckpoint,
  signedBytes,
  tipAfter,
  toHex,
  utf8,
  v1NamespaceId,
  verifyForkProof,
  verifySignature,
  verifySignatureWith,
} from '../src/index.ts';

function signerOf(algorithm: PlainAlgorithmId, n: number): Signer {
  const suite = nobleProvider.suite(algorithm);
  return createSigner(suite.keyPairFromSeed(new Uint8Array(suite.seedBytes).fill(n)));
}

const signer = signerOf(1, 1);
const START_MS = 1_760_000_000_000;

function startNamespace(): CreatedBlock {
  return createGenesisBlock({
    label: 'test',
    nonce: new Uint8Array(16),
    timestampMs: START_MS,
    signer,
  });
}

function following(head: CreatedBlock, payload: Uint8Array, by: Signer = signer): CreatedBlock {
  return createBlock({
    namespace: head.block.entry.header.namespace,
    tip: tipAfter(head.block, head.hash),
    timestampMs: START_MS,
    payloadType: PAYLOAD_TYPE.opaque,
    payload,
    signer: by,
  });
}

function throwsCode(run: () => unknown, code: ProtocolErrorCode): void {
  assert.throws(run, (error) => error instanceof ProtocolError && error.code === code, code);
}

test('the example of the package docblock', () => {
  const genesis = startNamespace();
  const next = createBlock({
    namespace: genesis.block.entry.header.namespace,
    tip: tipAfter(genesis.block, genesis.hash),
    timestampMs: START_MS + 1,
    payloadType: PAYLOAD_TYPE.opaque,
    payload: utf8('door opened'),
    signer,
  });
  assert.equal(verifySignature(next.block.entry, signer.publicKey), undefined);
  checkSuccession(tipAfter(genesis.block, genesis.hash), next.block.entry.header);
  checkPayload(next.block.entry, next.block.payload as Uint8Array);
});

test('the name of a block does not depend on its signature', () => {
  const { block, hash } = startNamespace();
  const resigned = encodeBlock(block);
  resigned[150] = (resigned[150] as number) ^ 1;
  assert.equal(toHex(blockHash(decodeBlock(resigned).entry)), toHex(hash));
});

test('header form keeps what the log keeps, and an empty payload is always there', () => {
  const genesis = startNamespace();
  const { block } = following(genesis, utf8('payload'));
  const form = headerForm(block);
  assert.equal(form.payload, undefined);
  assert.deepEqual(encodeBlock(form), block.entry.bytes);
  const empty = following(genesis, new Uint8Array(0)).block;
  assert.deepEqual(headerForm(empty).payload, new Uint8Array(0));
  assert.deepEqual(decodeBlock(encodeBlock(empty)).payload, new Uint8Array(0));
});

test('a payload length that the bytes do not hold is refused', () => {
  const { block } = following(startNamespace(), utf8('payload'));
  const header = { ...block.entry.header, payloadLength: 16 * 1024 * 1024 };
  const wire = concatBytes(encodeHeader(header), block.entry.bytes.subarray(144), utf8('payload'));
  throwsCode(() => decodeBlock(wire), 'payload-mismatch');
});

test('encodeHeader refuses fields out of range with the codes of the decoder', () => {
  const { header } = startNamespace().block.entry;
  const refuse = (change: object, code: ProtocolErrorCode): void =>
    throwsCode(() => encodeHeader({ ...header, ...change }), code);
  refuse({ version: 1 }, 'version-mismatch');
  refuse({ index: -1 }, 'malformed');
  refuse({ index: 2 ** 53 }, 'malformed');
  refuse({ index: 1.5 }, 'malformed');
  refuse({ timestampMs: Number.NaN }, 'malformed');
  refuse({ payloadType: 2 ** 32 }, 'malformed');
  refuse({ payloadLength: 2 ** 24 + 1 }, 'payload-too-large');
  refuse({ algorithm: 18 }, 'unknown-algorithm');
  refuse({ payloadHashKind: 3 }, 'unknown-hash-kind');
  refuse({ previous: new Uint8Array(31) }, 'malformed');
  refuse({ keyId: new Uint8Array(33) }, 'malformed');
  refuse({ namespace: 'AAAAAAAA-0000-0000-0000-000000000000' }, 'malformed');
});

test('createBlock refuses a payload above 16 MiB', () => {
  const head = startNamespace();
  throwsCode(() => following(head, new Uint8Array(2 ** 24 + 1)), 'payload-too-large');
});

test('a chunk of a large payload is checked without the rest', () => {
  const payload = new Uint8Array(100_000).map((_, i) => i);
  const payloadHash = hashPayload(payload, HASH_KIND.sha256Tree);
  assert.equal(chunkCount(payload.length), 7);
  throwsCode(() => chunkProof(payload, 7), 'invalid-proof');
  throwsCode(() => hashPayload(payload, 3 as 0), 'unknown-hash-kind');
  assert.equal(chunkProof(payload, 0).length, 3);
  assert.notEqual(toHex(payloadHash), toHex(hashPayload(payload, HASH_KIND.sha256)));
});

test('blocks of one batch make one claim, so a batch verifier checks one signature', () => {
  const genesis = startNamespace();
  const contents = Array.from({ length: 256 }, (_, i) => ({
    timestampMs: START_MS,
    payloadType: PAYLOAD_TYPE.opaque,
    payload: utf8(`reading ${i}`),
  }));
  const blocks = createBlocks({
    namespace: genesis.block.entry.header.namespace,
    tip: tipAfter(genesis.block, genesis.hash),
    contents,
    signer,
  });
  let tip: ChainTip = tipAfter(genesis.block, genesis.hash);
  const claims = new Set<string>();
  for (const { block, hash } of blocks) {
    checkSuccession(tip, block.entry.header);
    const claim = signatureClaim(block.entry);
    claims.add(`${toHex(claim.message)} ${toHex(claim.signature)}`);
    assert.equal(block.entry.signature.length, 4 + 8 * 32 + 64);
    tip = tipAfter(block, hash);
  }
  assert.equal(claims.size, 1);
  const last = blocks[255] as CreatedBlock;
  assert.equal(verifySignature(last.block.entry, signer.publicKey), undefined);
});

test('algorithms without a Merkle-signed form are refused for batches', () => {
  const genesis = startNamespace();
  const options = { namespace: genesis.block.entry.header.namespace, tip: undefined };
  const contents = [{ timestampMs: 0, payloadType: 1, payload: new Uint8Array(0) }];
  for (const algorithm of [2, 5, 6] as const) {
    const by = signerOf(algorithm, 1);
    throwsCode(() => createBlocks({ ...options, contents, signer: by }), 'unknown-algorithm');
    assert.equal(merkleAlgorithm(algorithm), undefined);
  }
  assert.throws(() => createBlocks({ ...options, contents: [], signer }), /1 to 256/);
});

test('one key has one id for plain and Merkle-signed blocks', () => {
  const pairs: [AlgorithmId, PlainAlgorithmId][] = [
    [17, 1],
    [19, 3],
    [20, 4],
  ];
  for (const [merkle, plain] of pairs) {
    assert.equal(plainAlgorithm(merkle), plain);
    const key = new Uint8Array(32);
    assert.equal(toHex(keyId(merkle, key)), toHex(keyId(plain, key)));
  }
  const key = new Uint8Array(32);
  assert.notEqual(toHex(keyId(1, key)), toHex(keyId(3, key)));
});

test('a provider with few suites says what it does not know', () => {
  const small = createProvider('small', [ed25519Suite]);
  const { block } = startNamespace();
  assert.equal(verifySignatureWith(small, block.entry, signer.publicKey), undefined);
  throwsCode(() => small.suite(3), 'unknown-algorithm');
  const other = signerOf(2, 1);
  const genesis = createGenesisBlock({
    label: '',
    nonce: new Uint8Array(16),
    timestampMs: 0,
    signer: other,
  });
  const verdict = verifySignatureWith(small, genesis.block.entry, other.publicKey);
  assert.equal(verdict, 'unknown-algorithm');
});

test('suites never throw on keys and signatures of a wrong form', () => {
  for (const id of [1, 2, 3, 4, 5, 6] as const) {
    const suite = nobleProvider.suite(id);
    const message = utf8('message');
    for (const length of [0, 1, 31, 32, 33, 64, 65, suite.publicKeyBytes]) {
      const key = new Uint8Array(length).fill(7);
      const signature = new Uint8Array(suite.signatureBytes).fill(7);
      assert.equal(suite.verify(signature, message, key), false, `${suite.name} key ${length}`);
      assert.equal(suite.verify(key, message, key), false);
    }
  }
});

test('an ML-DSA seed that was wiped does not sign with the key it held', () => {
  const suite = nobleProvider.suite(ALGORITHM.mlDsa44);
  const pair = suite.keyPairFromSeed(new Uint8Array(32).fill(1));
  const message = utf8('message');
  assert.ok(suite.verify(suite.sign(message, pair.secretKey), message, pair.publicKey));
  pair.secretKey.fill(0);
  assert.ok(!suite.verify(suite.sign(message, pair.secretKey), message, pair.publicKey));
});

test('a signer shows its public key and no secret', () => {
  assert.deepEqual(Object.keys(signer).sort(), ['algorithm', 'publicKey', 'sign']);
});

test('version 1 encoder refuses what version 1 cannot say', () => {
  const parts = {
    wireVersion: 0x0107,
    index: 0,
    timestampSeconds: 1,
    previous: new Uint8Array(32) as BlockHash,
    payloadType: 1,
    payload: new Uint8Array(0),
  };
  const refuse = (change: object, code: ProtocolErrorCode): void =>
    throwsCode(() => encodeV1Block({ ...parts, ...change }, signer), code);
  refuse({ wireVersion: 0x0104 }, 'version-mismatch');
  refuse({ wireVersion: 0x0200 }, 'version-mismatch');
  refuse({ timestampSeconds: 0.5 }, 'malformed');
  refuse({ index: -1 }, 'malformed');
  refuse({ payloadType: -1 }, 'malformed');
  refuse({ previous: new Uint8Array(0) }, 'malformed');
  refuse({ payload: new Uint8Array(2 ** 24 + 1) }, 'payload-too-large');
  throwsCode(() => encodeV1Block(parts, signerOf(2, 1)), 'unknown-algorithm');
});

test('hash and signature of version 1 need the payload', () => {
  const wire = encodeV1Block(
    {
      wireVersion: 0x0107,
      index: 0,
      timestampSeconds: 1,
      previous: new Uint8Array(32) as BlockHash,
      payloadType: 1,
      payload: utf8('old'),
    },
    signer,
  );
  const entry = decodeEntry(wire.subarray(0, 186));
  assert.equal(entry.header.namespace, v1NamespaceId(signer.publicKey));
  throwsCode(() => blockHash(entry), 'payload-mismatch');
  throwsCode(() => signedBytes(entry), 'payload-mismatch');
  assert.equal(verifySignature(entry, signer.publicKey), 'payload-mismatch');
  assert.equal(verifySignature(entry, signer.publicKey, utf8('old')), undefined);
  assert.equal(verifySignature(entry, signerOf(1, 2).publicKey, utf8('old')), 'wrong-writer');
});

test('fork proofs of checkpoints', () => {
  const log = createNoteSigner('example.org/log', signer);
  const note = (fill: number, size = 5): string => {
    const root = new Uint8Array(32).fill(fill) as BlockHash;
    return formatNote(signCheckpoint({ origin: 'example.org/log', size, root }, [log]));
  };
  const keys = { logKeys: () => [log.key] };
  const bytes = encodeForkProof({ kind: 'checkpoints', first: note(2), second: note(1) });
  const proof = decodeForkProof(bytes);
  const finding = verifyForkProof(proof, keys);
  assert.ok(finding.kind === 'checkpoints');
  assert.equal(finding.origin, 'example.org/log');
  assert.equal(finding.size, 5);
  assert.equal(finding.roots[0][0], 1);
  const pair = (first: string, second: string) => ({ kind: 'checkpoints', first, second }) as const;
  assert.deepEqual(encodeForkProof(pair(note(1), note(2))), bytes);
  throwsCode(() => encodeForkProof(pair(note(1), note(1))), 'invalid-proof');
  throwsCode(() => encodeForkProof(pair(note(1), note(2, 6))), 'invalid-proof');
  throwsCode(() => encodeForkProof(pair(note(1), 'no note')), 'invalid-note');
  throwsCode(() => verifyForkProof(proof, {}), 'unknown-namespace');
  const stranger = createNoteSigner('example.org/log', signerOf(1, 2));
  throwsCode(() => verifyForkProof(proof, { logKeys: () => [stranger.key] }), 'invalid-signature');
});

test('fork proofs take no blocks of version 1', () => {
  const parts = { wireVersion: 0x0107, index: 0, timestampSeconds: 1, payloadType: 1 };
  const previous = new Uint8Array(32) as BlockHash;
  const block = (text: string): Block =>
    decodeBlock(encodeV1Block({ ...parts, previous, payload: utf8(text) }, signer));
  const proof = { kind: 'blocks', first: block('a').entry, second: block('b').entry } as const;
  throwsCode(() => encodeForkProof(proof), 'invalid-proof');
});

test('payload types have names', () => {
  assert.equal(payloadTypeName(PAYLOAD_TYPE.checkpoint), 'checkpoint');
  assert.equal(payloadTypeName(0x20), 'core 0x0020');
  assert.equal(payloadTypeName(0x100), 'standard 0x0100');
  assert.equal(payloadTypeName(0x8001), 'user 0x8001');
  assert.equal(payloadTypeName(0x10000), 'unallocated 0x10000');
});

test('namespace ids have one text form', () => {
  const id = '6f1c0e8a-2b3d-8e4f-9a5b-c6d7e8f90a1b';
  assert.equal(parseNamespaceId(id), id);
  for (const text of [id.toUpperCase(), id.replaceAll('-', ''), `${id} `, '', `{${id}}`]) {
    throwsCode(() => parseNamespaceId(text), 'malformed');
  }
});
