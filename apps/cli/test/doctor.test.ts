/** What the doctor thinks of machines: each judgement on the good, doubtful and bad side. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ClockFacts, judgeClock, synchronizedIn } from '../src/doctor/clock.ts';
import { type DiskFacts, judgeDisk } from '../src/doctor/disk.ts';
import type { Finding } from '../src/doctor/finding.ts';
import { holderOf, judgeFolder, nearestFolder } from '../src/doctor/folder.ts';
import { judgeMachine, type MachineFacts } from '../src/doctor/machine.ts';
import { judgePort } from '../src/doctor/ports.ts';
import { openFilesIn, readDisk, readMachine, swapIn } from '../src/doctor/read-machine.ts';
import { type Address, isThisMachine } from '../src/doctor/this-machine.ts';

const GIB = 1024 ** 3;

const MACHINE: MachineFacts = {
  nodeVersion: '26.10.0',
  openFilesMax: 20_000,
  connectionsMax: 16_384,
  cores: 4,
  memoryTotalBytes: 8 * GIB,
  memoryAvailableBytes: 6 * GIB,
  memoryLimitBytes: undefined,
  swap: { totalBytes: GIB, freeBytes: GIB },
};

const DISK: DiskFacts = {
  freeBytes: 50 * GIB,
  freeInodes: 1e6,
  totalInodes: 2e6,
  type: 0xef53,
  syncSeconds: Array.from({ length: 100 }, () => 0.002),
};

const CLOCK: ClockFacts = {
  nowMs: Date.UTC(2026, 10, 20),
  jumpMs: 0.4,
  aheadMs: 120,
  isSynchronized: undefined,
};

/** Name and state of everything that is not good. */
function troubles(findings: readonly Finding[]): string[] {
  for (const { state, advice, name } of findings) {
    assert.equal(advice === undefined, state === 'good', `${name} says what to do`);
  }
  return findings
    .filter(({ state }) => state !== 'good')
    .map(({ name, state }) => `${name} ${state}`);
}

const machine = (change: Partial<MachineFacts>): string[] =>
  troubles(judgeMachine({ ...MACHINE, ...change }));
const disk = (change: Partial<DiskFacts>): string[] => troubles(judgeDisk({ ...DISK, ...change }));
const clock = (change: Partial<ClockFacts>): string[] =>
  troubles([judgeClock({ ...CLOCK, ...change })]);

test('a good machine has no troubles', () => {
  assert.deepEqual([machine({}), disk({}), clock({})], [[], [], []]);
});

test('versions and limits', () => {
  assert.deepEqual(machine({ nodeVersion: '24.21.0' }), []);
  assert.deepEqual(machine({ nodeVersion: '22.3.0' }), ['node bad']);
  assert.deepEqual(machine({ openFilesMax: 1_024 }), ['open files bad']);
  assert.deepEqual(machine({ openFilesMax: 8_192 }), ['open files warn']);
  assert.deepEqual(machine({ openFilesMax: undefined }), []);
  assert.deepEqual(machine({ cores: 1 }), ['cores warn']);
  assert.deepEqual(machine({ memoryAvailableBytes: GIB / 2 }), ['memory warn']);
  assert.deepEqual(machine({ memoryAvailableBytes: GIB / 8 }), ['memory bad']);
  assert.deepEqual(machine({ swap: { totalBytes: GIB, freeBytes: GIB / 4 } }), ['swap warn']);
  assert.deepEqual(machine({ swap: undefined }), []);
  const [, , , memory] = judgeMachine({ ...MACHINE, memoryLimitBytes: 2 * GIB });
  assert.match(memory?.words ?? '', /of 2\.0 GiB that its control group allows/);
});

test('disks', () => {
  assert.deepEqual(disk({ freeBytes: GIB }), ['disk warn']);
  assert.deepEqual(disk({ freeBytes: GIB / 8 }), ['disk bad']);
  assert.deepEqual(disk({ freeInodes: 5_000 }), ['inodes warn']);
  assert.deepEqual(disk({ freeInodes: 5 }), ['inodes bad']);
  assert.deepEqual(disk({ freeInodes: 0, totalInodes: 0 }), []);
  assert.deepEqual(disk({ type: 0x0102_1994, syncSeconds: [1e-6] }), ['file system warn']);
  assert.deepEqual(disk({ type: 0x6969 }), ['file system bad']);
  assert.deepEqual(disk({ type: 0x1234 }), []);
  assert.deepEqual(disk({ syncSeconds: [1e-6, 1e-6] }), ['sync warn']);
  assert.deepEqual(disk({ syncSeconds: [0.01, 0.01, 0.2] }), ['sync warn']);
  assert.deepEqual(disk({ syncSeconds: [0.6, 0.7, 0.8] }), ['sync bad']);
  assert.deepEqual(disk({ syncSeconds: [] }), ['sync bad']);
});

test('clocks', () => {
  assert.deepEqual(clock({ nowMs: 0 }), ['clock bad']);
  assert.deepEqual(clock({ jumpMs: -400 }), ['clock warn']);
  assert.deepEqual(clock({ aheadMs: -5_000 }), ['clock warn']);
  assert.deepEqual(clock({ aheadMs: 120_000 }), ['clock bad']);
  assert.match(judgeClock({ ...CLOCK, aheadMs: -5_000 }).words, /5\.0 s behind the node/);
  assert.deepEqual(clock({ isSynchronized: false }), ['clock warn']);
  // Nothing to compare with: who would notice that it is an hour off?
  assert.deepEqual(clock({ aheadMs: undefined }), ['clock warn']);
  assert.deepEqual(clock({ aheadMs: undefined, isSynchronized: false }), ['clock warn']);
  assert.deepEqual(clock({ aheadMs: undefined, isSynchronized: true }), []);
  assert.deepEqual(['yes\n', 'no\n', '', 'NTPSynchronized=yes'].map(synchronizedIn), [
    true,
    false,
    undefined,
    undefined,
  ]);
});

test('a node of this machine is known by every name and address that leads here', async () => {
  const names: Readonly<Record<string, readonly Address[]>> = {
    localhost: [{ address: '127.0.0.1', family: 4 }],
    'localhost.': [{ address: '::1', family: 6 }],
    'here.example': [
      { address: 'fe80::5%eth0', family: 6 },
      { address: '203.0.113.7', family: 4 },
    ],
    'box.lan': [{ address: '127.0.1.1', family: 4 }],
    '127.example.org': [{ address: '203.0.113.8', family: 4 }],
  };
  const resolver = {
    resolve: (host: string): Promise<readonly Address[]> =>
      Promise.resolve(names[host] ?? [{ address: host, family: host.includes(':') ? 6 : 4 }]),
    own: (): readonly Address[] => [
      { address: '192.168.1.5', family: 4 },
      { address: 'fe80::5', family: 6 },
    ],
  };
  const here = ['127.0.0.1', '127.9.9.9', '0.0.0.0', '192.168.1.5', '[::1]', '[::]', '[fe80::5]'];
  const mapped = ['[::ffff:127.0.0.1]', '[::ffff:192.168.1.5]'];
  for (const host of [...here, ...mapped, 'localhost', 'localhost.', 'here.example', 'box.lan']) {
    assert.equal(await isThisMachine(`http://${host}:4711`, resolver), true, host);
  }
  for (const host of ['127.example.org', '192.168.1.6', '[fe80::6]', '[::ffff:8.8.8.8]']) {
    assert.equal(await isThisMachine(`https://${host}`, resolver), false, host);
  }
  assert.equal(await isThisMachine('http://localhost'), true);
  for (const address of Object.values(networkInterfaces()).flatMap((all) => all ?? [])) {
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    assert.equal(await isThisMachine(`http://${host}:80/`), true, host);
  }
});

test('readings of this machine, and the texts that they come from', () => {
  assert.equal(openFilesIn('Max open files            1024      4096      files'), 1_024);
  assert.equal(openFilesIn('nothing'), undefined);
  const swap = swapIn('SwapTotal:  2048 kB\nSwapFree:  1024 kB\n');
  assert.deepEqual(swap, { totalBytes: 2_097_152, freeBytes: 1_048_576 });
  assert.equal(swapIn(''), undefined);
  assert.ok(readMachine(10).memoryTotalBytes > 0);
  const read = readDisk(tmpdir());
  assert.ok(read.freeBytes > 0 && read.syncSeconds.length > 0);
});

test('the data folder: open to others, keys that others can read, who runs on it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basalt doctor '));
  const dataDir = join(folder, 'data');
  try {
    assert.equal(nearestFolder(join(dataDir, 'deeper')), folder);
    assert.deepEqual(troubles(judgeFolder(dataDir, 1)), []);
    mkdirSync(dataDir, { mode: 0o700 });
    writeFileSync(join(dataDir, 'log.key'), 'x', { mode: 0o600 });
    assert.deepEqual(troubles(judgeFolder(dataDir, process.getuid?.())), []);
    assert.deepEqual(troubles(judgeFolder(dataDir, 4_294_967_294)), ['data folder bad']);
    chmodSync(dataDir, 0o755);
    chmodSync(join(dataDir, 'log.key'), 0o644);
    const found = troubles(judgeFolder(dataDir, process.getuid?.()));
    assert.deepEqual(found, ['data folder warn', 'key files bad']);
    assert.equal(holderOf(dataDir), undefined);
    writeFileSync(join(dataDir, 'lock.pid'), `${process.pid}\n`);
    assert.equal(holderOf(dataDir), process.pid);
    writeFileSync(join(folder, 'file'), '');
    assert.deepEqual(troubles(judgeFolder(join(folder, 'file'), undefined)), ['data folder bad']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('ports: free, in use by others or by the node itself, not of this machine', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const asked = { what: 'port', host: '127.0.0.1', port };
  try {
    assert.equal((await judgePort(asked, false)).state, 'bad');
    assert.equal((await judgePort(asked, true)).state, 'good');
    assert.equal((await judgePort({ ...asked, port: 0 }, false)).state, 'good');
    assert.equal((await judgePort({ ...asked, host: '192.0.2.1' }, false)).state, 'bad');
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
  assert.equal((await judgePort(asked, false)).state, 'good');
});
