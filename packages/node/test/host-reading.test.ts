import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import {
  createHostReading,
  type HostCounters,
  parseMemoryAvailable,
  parseNetworkDevices,
} from '../src/host-reading.ts';
import { readHostCounters } from '../src/host-readings-shell.ts';

const NETWORK = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
    lo:  100       2    0    0    0     0          0         0      100       2    0
  eth0: 5000      10    0    0    0     0          0         0     7000      11    0
wlan0:12345678901 1 0 0 0 0 0 0 42 1 0
`;

function counters(overrides: Partial<HostCounters> = {}): HostCounters {
  return {
    timeMs: 1_000,
    uptimeSeconds: 12.6,
    load: [0.123, 1, 2],
    cores: 2,
    cpuBusyTicks: 100,
    cpuTotalTicks: 1_000,
    memoryTotalBytes: 8,
    memoryAvailableBytes: 4,
    disk: { totalBytes: 10, availableBytes: 5 },
    network: [{ name: 'eth0', receivedBytes: 100, sentBytes: 50 }],
    ...overrides,
  };
}

test('network devices: bytes received and sent, loopback left out', () => {
  assert.deepEqual(parseNetworkDevices(NETWORK), [
    { name: 'eth0', receivedBytes: 5_000, sentBytes: 7_000 },
    { name: 'wlan0', receivedBytes: 12_345_678_901, sentBytes: 42 },
  ]);
  assert.deepEqual(parseNetworkDevices(''), []);
});

test('available memory comes from meminfo where there is one', () => {
  assert.equal(parseMemoryAvailable('MemFree: 1 kB\nMemAvailable:   2048 kB\n'), 2_097_152);
  assert.equal(parseMemoryAvailable(''), undefined);
});

test('the first reading has levels, later ones have changes too', () => {
  const first = createHostReading(counters(), undefined) as Record<string, unknown>;
  assert.deepEqual(first['load'], [0.12, 1, 2]);
  assert.equal(first['intervalMs'], null);
  assert.deepEqual(first['network'], [{ name: 'eth0', receivedBytes: null, sentBytes: null }]);
  const later = createHostReading(
    counters({
      timeMs: 2_000,
      cpuBusyTicks: 150,
      cpuTotalTicks: 1_200,
      network: [{ name: 'eth0', receivedBytes: 160, sentBytes: 20 }],
    }),
    counters(),
  ) as Record<string, unknown>;
  assert.equal(later['intervalMs'], 1_000);
  assert.deepEqual(later['cpu'], { cores: 2, busy: 0.25 });
  // The counter of sent bytes went back: it began anew, and the change is unknown.
  assert.deepEqual(later['network'], [{ name: 'eth0', receivedBytes: 60, sentBytes: null }]);
});

test('this machine can be read', async () => {
  const now = await readHostCounters(tmpdir());
  assert.ok(now.memoryTotalBytes >= now.memoryAvailableBytes);
  assert.ok((now.disk?.totalBytes ?? 0) > 0);
  assert.ok(now.cpuTotalTicks >= now.cpuBusyTicks);
  JSON.stringify(createHostReading(now, undefined));
});
