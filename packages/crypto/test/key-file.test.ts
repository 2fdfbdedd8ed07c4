import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { ALGORITHM, type KeyPair, type PlainAlgorithmId, toBase64 } from '@basalt/protocol';
import { argon2id } from '@noble/hashes/argon2.js';
import { CryptoError, type CryptoErrorCode } from '../src/errors.ts';
import { deriveKey } from '../src/key-file/kdf.ts';
import { readKeyFile, writeKeyFile } from '../src/key-file/key-file.ts';
import { openKey, sealKey } from '../src/key-file/seal-key.ts';
import { createNativeProvider } from '../src/native/provider.ts';

const provider = createNativeProvider();
/** The least the format allows: tests need no strength. */
const CHEAP = { memoryKib: 8 * 1024, passes: 1 } as const;
const passphrase = 'correct horse battery staple';
const protection = { passphrase, ...CHEAP };

function pairOf(algorithm: PlainAlgorithmId, seed = 7): KeyPair {
  const suite = provider.suite(algorithm);
  return suite.keyPairFromSeed(new Uint8Array(suite.seedBytes).fill(seed));
}

function withCode(code: CryptoErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof CryptoError && error.code === code;
}

/** The file's object with some fields changed. */
function edited(text: string, change: (file: Record<string, never>) => unknown): string {
  const file = JSON.parse(text);
  change(file);
  return JSON.stringify(file);
}

describe('key files as text', () => {
  for (const algorithm of [1, 2, 3, 4, 5, 6] as const) {
    test(`algorithm ${algorithm}: what is sealed opens again`, async () => {
      const pair = pairOf(algorithm);
      const text = await sealKey(pair, protection);
      assert.ok(!text.includes(toBase64(pair.secretKey)));
      assert.deepEqual(await openKey(text, { passphrase, provider }), pair);
    });
  }

  test('a wrong passphrase, an empty one, none', async () => {
    const text = await sealKey(pairOf(1), protection);
    for (const wrong of ['Correct horse battery staple', '', 'x'.repeat(1_025), undefined]) {
      const options = wrong === undefined ? { provider } : { passphrase: wrong, provider };
      await assert.rejects(openKey(text, options), withCode('wrong-passphrase'));
    }
  });

  test('a passphrase is the same however the keyboard composes it', async () => {
    const text = await sealKey(pairOf(1), { passphrase: 'caf\u00e9', ...CHEAP });
    assert.deepEqual(await openKey(text, { passphrase: 'cafe\u0301', provider }), pairOf(1));
  });

  test('every changed field is noticed', async () => {
    const text = await sealKey(pairOf(1), protection);
    const other = toBase64(pairOf(1, 8).publicKey);
    const changes: readonly ((file: Record<string, never>) => unknown)[] = [
      (file) => Object.assign(file, { publicKey: other }),
      (file) => Object.assign(file, { algorithm: ALGORITHM.mlDsa44 }),
      (file) => Object.assign(file['encryption'] ?? {}, { passes: 2 }),
      (file) => Object.assign(file['encryption'] ?? {}, { lanes: 3 }),
      (file) => Object.assign(file['encryption'] ?? {}, { memoryKib: 9 * 1024 }),
      (file) => Object.assign(file['encryption'] ?? {}, { nonce: toBase64(new Uint8Array(12)) }),
      (file) => Object.assign(file['encryption'] ?? {}, { salt: toBase64(new Uint8Array(16)) }),
      (file) => Object.assign(file, { secret: toBase64(new Uint8Array(48)) }),
    ];
    for (const change of changes) {
      const options = { passphrase, provider };
      await assert.rejects(openKey(edited(text, change), options), withCode('wrong-passphrase'));
    }
  });

  test('a file that asks for too much or too little work is refused before the work', async () => {
    const text = await sealKey(pairOf(1), protection);
    const costs = [
      { memoryKib: 1024 * 1024 + 1 },
      { memoryKib: 1024 },
      { memoryKib: 1e12 },
      { passes: 17 },
      { passes: 0 },
      { passes: 1.5 },
      { lanes: 17 },
      { kdf: 'scrypt' },
      { cipher: 'aes-256-gcm' },
      { salt: 'AAAA' },
      { nonce: '****' },
      { extra: 1 },
    ];
    for (const cost of costs) {
      const bad = edited(text, (file) => Object.assign(file['encryption'] ?? {}, cost));
      const started = performance.now();
      await assert.rejects(openKey(bad, { passphrase, provider }), withCode('key-file-malformed'));
      assert.ok(performance.now() - started < 1_000);
    }
  });

  test('other JSON and other text is malformed', async () => {
    const bad = ['', '{', 'null', '[]', '{}', '{"type":"basalt-key"}', ' '.repeat(70_000)];
    for (const text of bad) {
      await assert.rejects(openKey(text, { passphrase, provider }), withCode('key-file-malformed'));
    }
  });

  test('unencrypted only where both sides say so', async () => {
    const text = await sealKey(pairOf(1), { unencrypted: true });
    assert.ok(text.includes('"encryption": null'));
    await assert.rejects(openKey(text, { provider }), withCode('key-file-unencrypted'));
    await assert.rejects(openKey(text, { passphrase, provider }), withCode('key-file-unencrypted'));
    assert.deepEqual(await openKey(text, { allowUnencrypted: true, provider }), pairOf(1));
  });

  test('a secret of another key is refused', async () => {
    const wrong = { ...pairOf(1), publicKey: pairOf(1, 8).publicKey };
    const text = await sealKey(wrong, { unencrypted: true });
    await assert.rejects(
      openKey(text, { allowUnencrypted: true, provider }),
      withCode('invalid-key'),
    );
    const short = { ...pairOf(1), secretKey: new Uint8Array(31) };
    const shortText = await sealKey(short, { unencrypted: true });
    const options = { allowUnencrypted: true, provider };
    await assert.rejects(openKey(shortText, options), withCode('invalid-key'));
  });

  test('no error carries the secret or the passphrase', async () => {
    const pair = pairOf(1);
    const plain = await sealKey(pair, { unencrypted: true });
    const broken = plain.replace('"secret"', '"secret" "oops"');
    const secretText = toBase64(pair.secretKey);
    for (const text of [plain, broken, await sealKey(pair, protection)]) {
      const error: unknown = await openKey(text, { passphrase: 'my wrong guess', provider }).catch(
        (reason: unknown) => reason,
      );
      const shown = inspect(error, { depth: 9, showHidden: true });
      assert.ok(!shown.includes(secretText) && !shown.includes('my wrong guess'), shown);
    }
  });

  test('argon2id of node:crypto and of noble give the same key', async () => {
    const salt = new Uint8Array(16).fill(3);
    const bytes = new TextEncoder().encode(passphrase);
    const ours = await deriveKey(bytes, { memoryKib: 256, passes: 2, lanes: 4, salt });
    const noble = argon2id(bytes, salt, { m: 256, t: 2, p: 4, dkLen: 32 });
    assert.deepEqual(new Uint8Array(ours), noble);
  });
});

describe('key files on disk', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'basalt keys '));
  });
  after(() => rm(folder, { recursive: true }));

  test('written with mode 0600, read again, nothing left beside', async () => {
    const path = join(folder, 'writer.key');
    await writeKeyFile(path, pairOf(1), { protection });
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readKeyFile(path, { passphrase, provider }), pairOf(1));
    assert.deepEqual(await readdir(folder), ['writer.key']);
  });

  test('an existing file is kept unless the caller says replace', async () => {
    const path = join(folder, 'kept.key');
    await writeKeyFile(path, pairOf(1), { protection });
    const before = await readFile(path, 'utf8');
    const second = writeKeyFile(path, pairOf(1, 8), { protection });
    await assert.rejects(second, withCode('key-file-exists'));
    assert.equal(await readFile(path, 'utf8'), before);
    await writeKeyFile(path, pairOf(1, 8), { protection, replace: true });
    assert.deepEqual(await readKeyFile(path, { passphrase, provider }), pairOf(1, 8));
    assert.ok((await readdir(folder)).every((name) => !name.startsWith('.')));
  });

  test('a file that others may read is refused', async () => {
    const path = join(folder, 'open.key');
    await writeKeyFile(path, pairOf(1), { protection });
    for (const mode of [0o640, 0o604, 0o660, 0o610]) {
      await chmod(path, mode);
      const read = readKeyFile(path, { passphrase, provider });
      await assert.rejects(read, withCode('key-file-permissions'));
    }
    await chmod(path, 0o400);
    assert.deepEqual(await readKeyFile(path, { passphrase, provider }), pairOf(1));
  });

  test('no file, a folder, a file too large', async () => {
    const options = { passphrase, provider };
    const missing = readKeyFile(join(folder, 'missing.key'), options);
    await assert.rejects(missing, withCode('key-file-unreadable'));
    await mkdir(join(folder, 'folder.key'), { mode: 0o700 });
    await assert.rejects(
      readKeyFile(join(folder, 'folder.key'), options),
      withCode('key-file-permissions'),
    );
    const large = join(folder, 'large.key');
    await writeFile(large, 'x'.repeat(64 * 1024 + 1), { mode: 0o600 });
    await assert.rejects(readKeyFile(large, options), withCode('key-file-malformed'));
    const nowhere = writeKeyFile(join(folder, 'no', 'where.key'), pairOf(1), { protection });
    await assert.rejects(nowhere, withCode('key-file-unreadable'));
  });
});
