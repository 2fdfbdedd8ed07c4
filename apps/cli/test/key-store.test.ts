import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createNativeProvider } from '@basalt/crypto';
import { CliError } from '../src/errors.ts';
import { type AskPassphrase, KeyStore } from '../src/keys/key-store.ts';
import { keyNameOf } from '../src/open-namespace.ts';

const folder = mkdtempSync(join(tmpdir(), 'basalt keys '));
after(() => rmSync(folder, { recursive: true, force: true }));

const provider = createNativeProvider();
const nobody: AskPassphrase = async () => undefined;
let stores = 0;

function createStore(ask: AskPassphrase, name = `store ${stores++}`): KeyStore {
  return new KeyStore(join(folder, name), provider, ask);
}

const hasCode = (code: string) => (error: unknown) => {
  assert.ok(error instanceof CliError, String(error));
  assert.equal(error.code, code);
  return true;
};

test('a key is made once, read back, and never overwritten', async () => {
  const store = createStore(nobody);
  const made = await store.create('audit', 1);
  assert.equal(made.isEncrypted, false);
  assert.equal(statSync(made.path).mode & 0o777, 0o600);
  assert.deepEqual((await store.open('audit')).publicKey, made.publicKey);
  await assert.rejects(store.create('audit', 1), hasCode('key-exists'));
  assert.deepEqual(store.names(), ['audit']);
});

test('names that would lead elsewhere are refused; paths are taken as paths', () => {
  const store = createStore(nobody);
  for (const name of ['', '..', '.hidden', 'a\0b', '-x']) {
    assert.throws(() => store.pathOf(name), hasCode('bad-key-name'), JSON.stringify(name));
  }
  assert.equal(store.pathOf('/tmp/x.key'), '/tmp/x.key');
  assert.throws(() => store.summary('absent'), hasCode('no-key'));
});

test('labels become names of files', () => {
  assert.equal(keyNameOf('audit'), 'audit');
  assert.equal(keyNameOf('home/temp: 1'), 'home-temp- 1');
  assert.equal(keyNameOf('../../etc/passwd'), 'etc-passwd');
  assert.equal(keyNameOf('//'), 'key');
  const store = createStore(nobody);
  for (const label of ['a/b', '../x', '\u{1f600}', 'Zähler 7']) store.pathOf(keyNameOf(label));
});

test('a passphrase protects a key, its next one and the one after', async () => {
  let asked = 0;
  const ask: AskPassphrase = async () => {
    asked++;
    return 'a passphrase';
  };
  const store = createStore(ask, 'sealed');
  const made = await store.create('k', 1);
  assert.equal(made.isEncrypted, true);
  const next = await store.ensureBeside('k', store.nextName('k'));
  assert.equal(next.isEncrypted, true);
  assert.equal(asked, 1, 'one question per run');
  await assert.rejects(createStore(nobody, 'sealed').open('k'), hasCode('no-passphrase'));
  const wrong = createStore(async () => 'wrong', 'sealed');
  await assert.rejects(wrong.open('k'), hasCode('wrong-passphrase'));
  await assert.rejects(
    wrong.ensureBeside('k', wrong.secondNextName('k')),
    hasCode('wrong-passphrase'),
  );
});

test('protect seals anew and opens again', async () => {
  const store = createStore(nobody, 'protect');
  const { publicKey } = await store.create('k', 1);
  await store.protect('k', 'new one');
  assert.equal(store.summary('k').isEncrypted, true);
  const again = createStore(async () => 'new one', 'protect');
  assert.deepEqual((await again.open('k')).publicKey, publicKey);
  await again.protect('k', '');
  assert.equal(again.summary('k').isEncrypted, false);
});

test('a rotation that was cut off between two renames is repaired', async () => {
  const store = createStore(nobody);
  const first = await store.create('k', 1);
  const next = await store.ensureBeside('k', store.nextName('k'));
  const second = await store.ensureBeside('k', store.secondNextName('k'));
  // Cut off after the first rename: the key itself is gone for now.
  renameSync(first.path, `${first.path.slice(0, -4)}.retired-00000000.key`);
  assert.equal(store.summary('k').keyId, next.keyId);
  assert.equal(store.summary(store.nextName('k')).keyId, second.keyId);
  assert.deepEqual(store.names(), ['k']);
  assert.equal(store.allNames().length, 3);
});

test('a key that others may read is refused', { skip: process.platform === 'win32' }, async () => {
  const store = createStore(nobody);
  const { path } = await store.create('open', 1);
  chmodSync(path, 0o644);
  await assert.rejects(store.open('open'), hasCode('key-file-permissions'));
  assert.match(readFileSync(path, 'utf8'), /basalt-key/);
});
