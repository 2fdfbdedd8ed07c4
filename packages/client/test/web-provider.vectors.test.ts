import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ALGORITHM, createProvider, ed25519Suite, fromHex, utf8 } from '@basalt/protocol';
import { conformanceFile, skipReason } from '../../../tools/testing/conformance.ts';
import { createWebProvider, type KeyedClaim } from '../src/index.ts';
import { createSetup } from './setup.ts';

const noble = createProvider('noble', [ed25519Suite]);

/** The verdict of a web provider about one signature, and whether it had to load other code. */
async function verdict(
  claim: KeyedClaim,
  subtle: SubtleCrypto | 'absent' = crypto.subtle,
): Promise<{ valid: boolean; loads: number }> {
  let loads = 0;
  const source = createWebProvider({
    subtle: subtle === 'absent' ? undefined : subtle,
    load: async () => {
      loads++;
      return noble;
    },
  });
  const provider = await source(ALGORITHM.ed25519, [claim]);
  const { signature, message, publicKey } = claim;
  const valid = provider.suite(ALGORITHM.ed25519).verify(signature, message, publicKey);
  return { valid, loads };
}

test('CCTV: the browser and ZIP 215 together say what ZIP 215 says', {
  skip: skipReason('cctv-ed25519', 'ed25519vectors.json'),
}, async () => {
  const file = conformanceFile('cctv-ed25519', 'ed25519vectors.json') as string;
  const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
    key: string;
    sig: string;
    msg: string;
  }[];
  let byBrowser = 0;
  for (const { key, sig, msg } of vectors) {
    const claim = { publicKey: fromHex(key), signature: fromHex(sig), message: utf8(msg) };
    const { valid, loads } = await verdict(claim);
    const expected = ed25519Suite.verify(claim.signature, claim.message, claim.publicKey);
    assert.equal(valid, expected, `${key} ${sig}`);
    if (loads === 0) byBrowser++;
  }
  assert.equal(vectors.length, 914);
  assert.ok(byBrowser > 0 && byBrowser < vectors.length, `${byBrowser} by the browser alone`);
});

test('a good signature needs no other code, a bad one is decided by it', async () => {
  const pair = ed25519Suite.keyPairFromSeed(new Uint8Array(32).fill(7));
  const message = utf8('block');
  const signature = ed25519Suite.sign(message, pair.secretKey);
  const { publicKey } = pair;
  const good = { publicKey, message, signature };
  assert.deepEqual(await verdict(good), { valid: true, loads: 0 });
  assert.deepEqual(await verdict({ ...good, message: utf8('other') }), { valid: false, loads: 1 });
  assert.deepEqual(await verdict(good, 'absent'), { valid: true, loads: 1 });
  // s + order: the same equation holds, and no verifier may take it.
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(signature.slice(32)).reverse().toString('hex')}`) + order;
  const high = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
  const doubled = new Uint8Array([...signature.slice(0, 32), ...high]);
  assert.deepEqual(await verdict({ ...good, signature: doubled }), { valid: false, loads: 1 });
  const short = { ...good, signature: signature.slice(1) };
  assert.deepEqual(await verdict(short), { valid: false, loads: 1 });
});

test('a web provider vouches for the very signatures it was asked about', async () => {
  const pair = ed25519Suite.keyPairFromSeed(new Uint8Array(32).fill(7));
  const message = utf8('block');
  const claim = { ...pair, message, signature: ed25519Suite.sign(message, pair.secretKey) };
  const source = createWebProvider({ subtle: crypto.subtle, load: async () => noble });
  const suite = (await source(ALGORITHM.ed25519, [claim])).suite(ALGORITHM.ed25519);
  const other = ed25519Suite.sign(utf8('other'), pair.secretKey);
  assert.equal(suite.verify(claim.signature, message, pair.publicKey), true);
  assert.equal(suite.verify(other, utf8('other'), pair.publicKey), false);
  assert.throws(() => suite.sign(message, pair.secretKey));
});

test('a client with the web provider verifies blocks and refuses changed ones', async () => {
  const { another, node, chain } = createSetup(3);
  let loads = 0;
  const provider = createWebProvider({
    subtle: crypto.subtle,
    load: async () => {
      loads++;
      return noble;
    },
  });
  const { namespace } = chain;
  const client = another({ provider });
  assert.equal((await client.get({ namespace, index: 2 })).verified.signature, true);
  assert.equal(loads, 0);
  node.intercept = async (request, answer) => {
    const response = await answer();
    if (!request.path.endsWith('/blocks/3')) return response;
    const bytes = new Uint8Array(await response.arrayBuffer());
    bytes[150] = (bytes[150] as number) ^ 1;
    return new Response(bytes);
  };
  const report = await client.examine({ namespace, index: 3 });
  assert.ok(report.status === 'refused');
  assert.equal(report.error.code, 'invalid-signature');
  assert.equal(loads, 1);
});
