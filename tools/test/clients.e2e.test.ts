/** What becomes of the tests with Ethereum clients where there is no registry. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';

const folder = mkdtempSync(join(tmpdir(), 'basalt-clients-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The loader, moved to a folder where nothing is installed and no registry answers. */
function ask(environment: Readonly<Record<string, string>> = {}): {
  readonly status: number | null;
  readonly text: string;
} {
  const loader = pathToFileURL(join(folder, 'clients.ts')).href;
  const code = `const { clientsSkipReason } = await import(${JSON.stringify(loader)});
    console.log(clientsSkipReason());`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', code],
    {
      encoding: 'utf8',
      env: {
        ...process.env,
        BASALT_REQUIRE_CLIENTS: '',
        // Nothing listens on this port.
        npm_config_registry: 'http://127.0.0.1:1/',
        npm_config_cache: join(folder, 'cache'),
        ...environment,
      },
      timeout: 120_000,
    },
  );
  return { status, text: stdout + stderr };
}

test('without a registry there is a reason, told again without another try', () => {
  cpSync(join(import.meta.dirname, '..', 'testing', 'clients.ts'), join(folder, 'clients.ts'));
  const own = join(folder, 'clients');
  mkdirSync(own);
  const manifest = { name: 'clients', version: '1.0.0', dependencies: { viem: '2.57.1' } };
  writeFileSync(join(own, 'package.json'), JSON.stringify(manifest));
  const packages = { '': manifest, 'node_modules/viem': { version: '2.57.1' } };
  const lock = { name: 'clients', version: '1.0.0', lockfileVersion: 3, requires: true, packages };
  writeFileSync(join(own, 'package-lock.json'), JSON.stringify(lock));

  const first = ask();
  assert.equal(first.status, 0, first.text);
  assert.match(first.text, /could not be installed: .+/);
  assert(!existsSync(join(own, 'build', 'install.lock')), 'the lock was let go');
  const second = ask();
  assert.match(second.text, /could not be installed: .+/);
  assert(!second.text.includes('installing'), 'it did not try again');
});

test('where clients are required their absence is a failure', () => {
  const { status, text } = ask({ BASALT_REQUIRE_CLIENTS: '1' });
  assert.notEqual(status, 0);
  assert.match(text, /BASALT_REQUIRE_CLIENTS is set, and .+could not be installed/);
});
