/** What a crash report tells, and what it must not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashReport, framesOf } from '../src/crash/crash-report.ts';
import { LogTail } from '../src/crash/log-tail.ts';
import { redactFields, redactHome, redactText } from '../src/crash/redact.ts';

const HOME = '/srv/people/alice';
const KEY = 'ab'.repeat(32);
const BASE64 = 'wJ5Yk3v0Qm8Zt1Xr7Lp2Nd6Hs4Gf9Kc1Va3Be5Tu8Oi=';

const SECRETS: readonly string[] = [
  `key ${KEY}`,
  `0x${KEY}${KEY}`,
  `Authorization: Bearer abcdef.123456`,
  `admin token=${BASE64.slice(0, 24)}`,
  `"passphrase":"correct horse"`,
  `mnemonic: battery staple correct horse`,
  `seed: 0123456789abcdef0123456789abcdef`,
  `fetch https://alice:pw12345@log.example.org/x failed`,
  `PRIVATE+KEY+log.example.org+12345678+${BASE64}`,
  `-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----`,
  `signature ${BASE64}`,
  'GET /control?access_token=hunter2&x=1',
  'client_secret=hunter2',
  'api_key=hunter2, apikey: hunter2, x-api-key: hunter2',
  'BASALT_ADMIN_TOKEN=hunter2',
  'adminToken: hunter2',
  '{"adminToken":"hunter2"}',
  '{"line":"{\\"adminToken\\":\\"hunter2\\"}"}',
  '{"adminToken":"say \\"hunter2\\" twice hunter2"}',
  '{"tokens":["hunter2","hunter2"]}',
  'redirect=%3Ftoken%3Dhunter2',
  'Authorization: Token hunter2',
  'http://user:p@hunter2@host/x',
  "http://user:p'hunter2@host",
  'cut in the middle: "token":"hunter2 hunter2',
  `${HOME}/basalt/data`,
  `/home/alice/data and /Users/alice/data`,
];

const FORBIDDEN =
  /hunter2|abab|alice|abcdef\.|pw12345|wJ5Yk|horse|0123456789abcdef0|MIGHAg|PRIVATE\+KEY\+log/;

test('keys, tokens, passwords and homes are taken out of texts; the rest stays', () => {
  for (const text of SECRETS) assert.doesNotMatch(redactText(text, HOME), FORBIDDEN, text);
  for (const text of SECRETS) assert.match(text, FORBIDDEN, 'the pattern would see it');
  const harmless = [
    'ENOSPC: no space left on device, write',
    'expected 32 bytes, found 31 at packages/ledger/src/pipeline.ts:308',
    'http://127.0.0.1:4711/chains/0123456789abcdef/blocks/12',
    'the queue is full: 65536 blocks wait',
  ];
  for (const text of harmless) assert.equal(redactText(text, HOME), text);
  assert.equal(redactHome('/root/x /rooted', '/root'), '~/x ~ed');
});

test('of a stack frames stay; a message with lines like frames does not', () => {
  const error = new Error('first\nat token=hunter2\n    at f (token=hunter2:1:2)\nat hunter2:3:4');
  const frames = framesOf(error, HOME);
  assert.match(frames[0] ?? '', /^at .*crash-report\.test\.ts:\d+:\d+\)?$/);
  assert.doesNotMatch(frames.join(' '), FORBIDDEN);
  // Then it cannot be found in the stack: the shape of a frame and its words remain.
  error.message = 'another one';
  const changed = framesOf(error, HOME);
  assert.ok(!changed.some((frame) => /token=hunter2/.test(frame)), changed.join(' '));
  const report = crashReport({ ...REST, error: Object.assign(error, { code: 'token=hunter2' }) });
  assert.doesNotMatch(JSON.stringify(report['errors']), /token=hunter2/);
});

test('settings whose name smells of a secret keep their value; files of keys are named', () => {
  const fields = { chainSeed: 'x1', port: 4_711, logKeyFile: `${HOME}/log.key`, upstreams: [KEY] };
  const clean = redactFields({ ...fields, absent: undefined, adminTokenFile: 'a.token' }, HOME);
  assert.equal(clean['chainSeed'], '<withheld>');
  assert.equal(clean['port'], 4_711);
  assert.equal(clean['logKeyFile'], '~/log.key');
  assert.equal(clean['adminTokenFile'], 'a.token');
  assert.deepEqual(clean['upstreams'], ['<64 hex digits withheld>']);
  assert.ok(!('absent' in clean));
  const nested = redactFields({ peers: [{ apiKey: 'hunter2', url: 'http://a' }] }, HOME);
  assert.deepEqual(nested, { peers: [{ apiKey: '<withheld>', url: 'http://a' }] });
});

test('a report has the error with its causes and frames, bounded; a cycle ends', () => {
  const first = new Error(`no ${KEY}`);
  const error = new TypeError('x'.repeat(100_000), { cause: first });
  first.cause = error;
  const report = crashReport({
    kind: 'uncaughtException',
    error,
    atMs: 0,
    version: '1.2.3',
    config: { port: 1 },
    lines: [`{"message":"key ${KEY}"}`],
    machine: { cores: 2 },
    home: HOME,
  });
  const errors = report['errors'] as { name: string; message: string; stack: string[] }[];
  assert.equal(errors.length, 5);
  assert.equal(errors[0]?.name, 'TypeError');
  assert.match(errors[1]?.stack[0] ?? '', /^at .*crash-report\.test\.ts/);
  const text = JSON.stringify(report);
  assert.doesNotMatch(text, FORBIDDEN);
  assert.ok(text.length < 60_000, String(text.length));
  assert.match(JSON.stringify(crashReport({ ...REST, error: 'thrown text' })), /thrown text/);
});

const REST = {
  kind: 'unhandledRejection',
  atMs: 0,
  version: '',
  config: {},
  lines: [],
  machine: {},
  home: HOME,
} as const;

test('of a log the last lines are kept, long ones cut', () => {
  const tail = new LogTail();
  for (let i = 0; i < 1_000; i++) tail.push(`${i} ${'y'.repeat(5_000)}`);
  assert.equal(tail.lines.length, 200);
  assert.match(tail.lines[0] ?? '', /^800 /);
  assert.ok(tail.lines.every((line) => line.length <= 2_048));
});
