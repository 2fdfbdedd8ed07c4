import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { conformanceFile, skipReason } from '../../../tools/testing/conformance.ts';
import { lastJson, Sandbox } from './helpers/run-cli.ts';

const sandbox = new Sandbox();
after(() => sandbox[Symbol.dispose]());

test('evm run shows result, gas, logs and changes', async () => {
  // PUSH1 7, PUSH0, SSTORE; a log with one topic; return 32 bytes of memory with 5 in it.
  const code = '0x60075f5560095f5fa1600560005260205ff3';
  const { out } = await sandbox.ok(['evm', 'run', '--code', code, '--json']);
  const result = lastJson<{
    success: boolean;
    output: string;
    gasUsed: string;
    logs: { topics: string[] }[];
    changes: { storage: Record<string, string> }[];
  }>(out);
  assert.equal(result.success, true);
  assert.equal(BigInt(result.output), 5n);
  // 3+2+22,100 for the store; 3+2+2+750 for the log; 3+3+6 and 3+2 for the rest.
  assert.equal(result.gasUsed, String(22_105 + 757 + 12 + 5));
  assert.equal(result.logs[0]?.topics.length, 1);
  assert.deepEqual(Object.values(result.changes[0]?.storage ?? {}).map(BigInt), [7n]);
});

test('evm run traces by EIP-3155 and ends with 1 on a halt', async () => {
  const { code, out } = await sandbox.run(['evm', 'run', '--code', '0x6001fe', '--trace']);
  assert.equal(code, 1);
  const lines = out.split('\n').filter((line) => line.startsWith('{'));
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { op?: number }).op),
    [0x60, 0xfe, undefined],
  );
  assert.match(out, /result {3}invalid-opcode/);
});

test('evm refuses what is no bytecode and no test, and says what was expected', async () => {
  const odd = await sandbox.run(['evm', 'run', '--code', '0x123']);
  assert.equal(odd.code, 2);
  assert.match(odd.err, /even number of hex digits/);
  writeFileSync(sandbox.path('no-test.json'), '{"a": 1}');
  for (const path of [sandbox.path('no-test.json'), sandbox.path('absent.json')]) {
    const refused = await sandbox.run(['evm', 'test', path]);
    assert.equal(refused.code, 2, refused.err);
  }
});

const core = conformanceFile('state-tests', 'core.ndjson.gz');

test('evm test counts on its last line', {
  skip: skipReason('state-tests', 'core.ndjson.gz'),
}, async () => {
  for (const engine of ['interpreter', 'tiered']) {
    const { out } = await sandbox.ok(['evm', 'test', core ?? '', '--engine', engine, '--json']);
    assert.deepEqual(lastJson(out), { passed: 752, failed: 0, skipped: 0 });
  }
});
