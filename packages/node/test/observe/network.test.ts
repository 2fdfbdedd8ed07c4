import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Federation, FederationStatus } from '@basalt/federation';
import { networkStatus } from '../../src/observe/network.ts';

const SELF = { url: 'http://self.test', origin: 'self', roles: ['origin'] };

function peer(url: string, more: Partial<FederationStatus['peers'][number]>) {
  const well = { id: undefined, roles: [], isStatic: true, failures: 0, pausedUntilMs: 0 };
  return { url, ...well, problem: undefined, lies: 0, rttSeconds: undefined, ...more };
}

test('peers are shown with their round trips and with what is thought of them', () => {
  const peers = [
    peer('http://near.test', { rttSeconds: 0.02 }),
    peer('http://far.test', { rttSeconds: 1.4 }),
    peer('http://new.test', {}),
    peer('http://away.test', { rttSeconds: 1.4, failures: 1 }),
    peer('http://liar.test', { rttSeconds: 0.01, lies: 1, failures: 1 }),
  ];
  const federation = { status: () => ({ peers }) } as unknown as Federation;
  const { nodes, links } = networkStatus(SELF, federation, 1_000);
  assert.deepEqual(
    nodes.map(({ state, rttSeconds }) => [state, rttSeconds]),
    [
      ['good', null],
      ['good', 0.02],
      ['slow', 1.4],
      ['good', null],
      ['away', 1.4],
      ['lying', 0.01],
    ],
  );
  assert.equal(links.length, 5);
});

test('what is wrong with a peer, or with the exchange itself, is said in words', () => {
  const peers = [
    peer('http://good.test', {}),
    peer('http://off.test', { problem: 'its clock is 600 s behind' }),
    peer('http://away.test', { problem: 'connection refused', failures: 2 }),
  ];
  const status = { peers, problem: 'disk full' };
  const { nodes } = networkStatus(SELF, { status: () => status } as unknown as Federation, 1_000);
  assert.deepEqual(
    nodes.map(({ state, problem }) => [state, problem]),
    [
      ['good', 'disk full'],
      ['good', undefined],
      ['good', 'its clock is 600 s behind'],
      ['away', 'connection refused'],
    ],
  );
  assert.ok(!('problem' in (nodes[1] ?? {})));
});
