import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientError, type ClientErrorCode, type ClientErrorMetadata } from '@basalt/client';
import { CryptoError } from '@basalt/crypto';
import { NodeError, resolveConfig } from '@basalt/node';
import { ProtocolError } from '@basalt/protocol';
import { StoreError } from '@basalt/store';
import { CliError } from '../src/errors.ts';
import { EXIT } from '../src/exit-codes.ts';
import { explainError } from '../src/explain-error.ts';
import {
  parseBytes,
  parseCount,
  parsePositive,
  parseUrl,
  parseValue,
  URL_DEFAULT,
} from '../src/options.ts';

test('the default address is where a node listens by default', () => {
  const { host, port } = resolveConfig().config;
  assert.equal(URL_DEFAULT, `http://${host}:${port}`);
});

test('addresses, counts and sizes are read, others are refused', () => {
  assert.equal(parseUrl('localhost:4711'), 'http://localhost:4711');
  assert.equal(parseUrl('https://log.example.org/base/'), 'https://log.example.org/base');
  assert.throws(() => parseUrl('ftp://x'), /expected an address/);
  assert.equal(parseCount('0'), 0);
  assert.throws(() => parseCount('-1'), /whole number/);
  assert.throws(() => parseCount('9007199254740993'), /whole number/);
  assert.throws(() => parsePositive('0'), /above 0/);
  assert.equal(parseBytes('1.5M'), 1_572_864);
  assert.equal(parseBytes('64K'), 65_536);
  assert.throws(() => parseBytes('0'), /size/);
  assert.throws(() => parseBytes('ten'), /size/);
});

test('a value is a finite number or a size; nothing else becomes one', () => {
  assert.equal(parseValue('32MB'), 33_554_432);
  assert.equal(parseValue('32M'), 33_554_432);
  assert.equal(parseValue('0.25'), 0.25);
  assert.equal(parseValue('-1'), -1);
  for (const text of ['', ' ', 'NaN', 'Infinity', '1e999', '32X', 'many', '--off']) {
    assert.throws(() => parseValue(text), /expected a number/, text);
  }
});

test('every kind of error has its exit code', () => {
  const codeOf = (error: unknown): number => explainError(error).exitCode;
  assert.equal(codeOf(new ClientError('unavailable', 'network', 'x')), 3);
  assert.equal(codeOf(new ClientError('rejected', 'unauthorized', 'x')), 4);
  assert.equal(codeOf(new ClientError('refused', 'invalid-proof', 'x')), 1);
  assert.equal(codeOf(new ClientError('usage', 'no-trust', 'x')), 2);
  assert.equal(codeOf(new NodeError('bad-config', 'x')), 2);
  assert.equal(codeOf(new NodeError('data-in-use', 'x')), 4);
  assert.equal(codeOf(new NodeError('data-damaged', 'x')), 5);
  assert.equal(codeOf(new StoreError('locked', 'x')), 4);
  assert.equal(codeOf(new StoreError('corrupt', 'x')), 5);
  assert.equal(codeOf(new ProtocolError('invalid-proof', 'x')), 1);
  assert.equal(codeOf(new CryptoError('invalid-key', 'x')), 1);
  assert.equal(codeOf(new CliError(2, 'usage', 'x')), 2);
  const missing = Object.assign(new Error('ENOENT'), { syscall: 'open', code: 'ENOENT' });
  assert.equal(codeOf(missing), 2);
  const unavailable = (code: ClientErrorCode, metadata: ClientErrorMetadata): CliError =>
    explainError(new ClientError('unavailable', code, 'no', metadata));
  for (const metadata of [
    { status: 502 },
    { status: 504 },
    { status: 503, type: 'urn:basalt:error:unavailable' },
  ]) {
    const away = unavailable('http-error', metadata);
    assert.equal(away.exitCode, EXIT.unreachable);
    assert.match(away.hint ?? '', /the node behind it is away/);
  }
  const busy = unavailable('queue-full', { status: 503 });
  assert.deepEqual([busy.exitCode, busy.hint], [EXIT.refused, 'the node is busy: try again']);
  assert.match(unavailable('read-only', { status: 503 }).hint ?? '', /disk of the node is full/);
  assert.match(explainError(new Error('boom')).message, /should not happen: boom/);
});
