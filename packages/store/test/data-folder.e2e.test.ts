import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDataFolder } from '../src/index.ts';
import { testFolder } from './support/folder.ts';

const INDEX = join(import.meta.dirname, '..', 'src', 'index.ts');

/** Source of a child that opens the folder and tells how that went. */
function openingChild(path: string, then: string): string[] {
  const source = `
    import { openDataFolder } from ${JSON.stringify(INDEX)};
    try {
      const folder = await openDataFolder(${JSON.stringify(path)});
      console.log('open');
      ${then}
    } catch (error) {
      console.log(error.code, error.message);
    }`;
  return ['--input-type=module-typescript', '--eval', source];
}

test('of two processes on one folder the second refuses and names the first', async () => {
  await using parent = await testFolder('two');
  const folder = await openDataFolder(parent.path);
  const second = spawnSync(process.execPath, openingChild(parent.path, 'await folder.close();'), {
    encoding: 'utf8',
  });
  assert.match(
    second.stdout,
    new RegExp(`^locked .*in use by process ${process.pid}`),
    second.stderr,
  );
  await folder.close();
  const third = spawnSync(process.execPath, openingChild(parent.path, 'await folder.close();'), {
    encoding: 'utf8',
  });
  assert.equal(third.stdout, 'open\n', third.stderr);
});

test('the lock dies with its process, however it dies', async () => {
  await using parent = await testFolder('dead');
  const then = 'setInterval(() => undefined, 1000);';
  const child = spawn(process.execPath, openingChild(parent.path, then), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.on('exit', resolve));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await assert.rejects(openDataFolder(parent.path), new RegExp(`process ${child.pid}`));
  child.kill('SIGKILL');
  await exited;
  await (await openDataFolder(parent.path)).close();
});
