import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CONFIG_KEYS,
  configRows,
  environmentName,
  NodeError,
  readText,
  resolveConfig,
} from '../src/index.ts';

test('defaults are complete and bind to loopback', () => {
  const { config, sources } = resolveConfig();
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.port, 4711);
  assert.equal(config.dataDir, '.basalt');
  assert.equal(config.openNamespaces, undefined);
  assert.ok(config.verifierThreads >= 1);
  assert.ok(Object.values(sources).every((source) => source === 'default'));
});

test('flags beat the environment, which beats the file', () => {
  const { config, sources } = resolveConfig({
    file: { path: 'f.json', content: { port: 1, host: 'a', logLevel: 'debug' } },
    environment: { BASALT_PORT: '2', BASALT_HOST: 'b', BASALT_EXPLORER: 'no' },
    flags: { port: 3, host: undefined },
  });
  assert.deepEqual([config.port, config.host, config.logLevel], [3, 'b', 'debug']);
  assert.equal(config.explorer, false);
  assert.deepEqual(
    [sources.port, sources.host, sources.logLevel, sources.dataDir],
    ['flag', 'environment', 'file', 'default'],
  );
});

test('text is read as the type of its key', () => {
  assert.equal(readText('port', '8080'), 8080);
  assert.equal(readText('openNamespaces', 'true'), true);
  assert.equal(readText('explorer', '0'), false);
  assert.deepEqual(readText('roles', 'origin, origin'), ['origin', 'origin']);
  assert.equal(readText('origin', '8080'), '8080');
  assert.equal(environmentName('checkpointIntervalMs'), 'BASALT_CHECKPOINT_INTERVAL_MS');
});

test('what is wrong is told with its place, its key and what was expected', () => {
  const refuses = (inputs: Parameters<typeof resolveConfig>[0], words: RegExp): void => {
    assert.throws(
      () => resolveConfig(inputs),
      (error: unknown) => {
        assert.ok(error instanceof NodeError);
        assert.equal(error.code, 'bad-config');
        assert.match(error.message, words);
        return true;
      },
    );
  };
  const file = (content: unknown) => ({ file: { path: 'f.json', content } });
  refuses(file({ prot: 1, hots: 2 }), /f\.json: no such key: prot, hots/);
  refuses(file([]), /f\.json: expected one JSON object/);
  refuses(file({ port: '4711' }), /f\.json: port: .*number/);
  refuses({ environment: { BASALT_PORT: 'x' } }, /BASALT_PORT: port/);
  refuses({ flags: { port: 70_000 } }, /command line: port: .*65535/);
  refuses({ flags: { origin: 'a b' } }, /origin: expected 1 to 200 characters/);
  refuses({ flags: { roles: ['oracle'] } }, /roles/);
  refuses({ flags: { roles: ['relay', 'relay'] } }, /roles: expected every role once/);
  refuses({ flags: { roles: ['origin', 'cache'] } }, /roles: a cache has no other role/);
  for (const origin of ['https://remix.ethereum.org/', 'remix.ethereum.org', 'null']) {
    refuses({ flags: { rpcOrigins: [origin] } }, /rpcOrigins: expected origins like https/);
  }
  refuses({ flags: { rpcHosts: ['a.example:8545'] } }, /rpcHosts: expected names without a port/);
  refuses({ flags: { upstreams: ['ftp://a.example'] } }, /upstreams: expected http/);
});

test('a variable that is no setting is a warning, not silence', () => {
  const { warnings } = resolveConfig({ environment: { BASALT_PROT: '1', BASALT_HOME: '/x' } });
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /BASALT_PROT/);
});

test('every key is listed with its source; none holds a secret', () => {
  const rows = configRows(resolveConfig({ flags: { port: 0 } }));
  assert.deepEqual(
    rows.map(({ key }) => key),
    CONFIG_KEYS,
  );
  assert.equal(rows.find(({ key }) => key === 'port')?.source, 'flag');
  assert.ok(!CONFIG_KEYS.some((key) => /passphrase|secret|token$/i.test(key)));
});
