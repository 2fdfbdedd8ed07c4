import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import {
  formatAmount,
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
} from '../src/view/numbers.ts';
import { previewPayload } from '../src/view/payload-preview.ts';
import { Progress } from '../src/view/progress.ts';
import { type StartFacts, startScreen } from '../src/view/start-screen.ts';
import { formatTable } from '../src/view/table.ts';
import { cutToWidth, printable, Terminal } from '../src/view/terminal.ts';

class Paper {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 60;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }
}

test('numbers for people', () => {
  assert.equal(formatCount(1_234_567), '1,234,567');
  assert.equal(formatBytes(999), '999 B');
  assert.equal(formatBytes(1_536), '1.5 KiB');
  assert.equal(formatBytes(20 * 1024 ** 3), '20 GiB');
  assert.equal(formatRate(3.14), '3.1');
  assert.equal(formatDuration(3_725), '1 h 2 min');
  assert.equal(formatDuration(62), '1 min 2 s');
  assert.equal(formatAmount(1, 'block'), '1 block');
  assert.equal(formatAmount(0, 'block'), '0 blocks');
});

test('colours and the live line are for terminals', () => {
  const plain = new Paper(false);
  const terminal = new Terminal(plain, {});
  terminal.live('moving');
  terminal.line(terminal.style('red', 'still'));
  assert.equal(plain.text, 'still\n');
  assert.ok(new Terminal(new Paper(true), {}).style('red', 'x').includes('\u001b[31m'));
  assert.equal(new Terminal(new Paper(true), { NO_COLOR: '1' }).style('red', 'x'), 'x');
  const forced = new Terminal(new Paper(false), { FORCE_COLOR: '1' });
  assert.ok(forced.style('red', 'x').includes('\u001b'));
  assert.equal(new Terminal(new Paper(true), { TERM: 'dumb' }).isLive, false);
});

test('lines are printed above the live line, which is drawn again', () => {
  const paper = new Paper(true);
  const terminal = new Terminal(paper, { NO_COLOR: '1' });
  terminal.live('12 blocks');
  terminal.line('a warning');
  assert.equal(paper.text, '12 blocks\r\u001b[2Ka warning\n12 blocks');
  terminal.clearLive();
  assert.ok(paper.text.endsWith('\r\u001b[2K'));
});

test('text is cut to the width, colours do not count', () => {
  assert.equal(cutToWidth('abcdef', 6), 'abcdef');
  assert.equal(cutToWidth('abcdefg', 6), 'abcde…');
  const coloured = cutToWidth('\u001b[31mabc\u001b[39mdefgh', 5);
  assert.equal(stripVTControlCharacters(coloured), 'abcd…');
  assert.ok(coloured.includes('\u001b[39m'));
});

test('text from outside cannot move the cursor', () => {
  assert.equal(printable('a\u001b[2Jb\r\nc\u202ed'), 'a [2Jb  c d');
});

test('tables align, the last column is not padded', () => {
  const lines = formatTable(
    [{ title: 'name' }, { title: 'n', align: 'right' }, { title: '' }],
    [
      ['a', '1', 'x'],
      ['long name', '1,000', ''],
    ],
  );
  assert.deepEqual(lines, ['name           n', 'a              1  x', 'long name  1,000']);
});

test('previews: text, bytes, files, other payload types', () => {
  const bytes = (text: string): Uint8Array => Buffer.from(text);
  assert.equal(previewPayload(1, bytes('hello\n')), 'hello');
  assert.equal(previewPayload(1, Uint8Array.from([0, 1, 255])), '0x0001ff');
  assert.equal(previewPayload(1, undefined), '(pruned)');
  assert.match(previewPayload(3, bytes('x')), /^\(.+\)$/);
  const file = bytes('{"name":"a/b.txt","type":"text/plain","size":2}\nhi');
  assert.equal(previewPayload(1, file), 'file a/b.txt (text/plain, 2 B)');
});

test('progress: bar, rate and time left on a terminal, a line now and then elsewhere', () => {
  let nowMs = 0;
  const run = (isTTY: boolean): string => {
    nowMs = 0;
    const paper = new Paper(isTTY);
    const terminal = new Terminal(paper, { NO_COLOR: '1' });
    const clock = { nowMs: () => nowMs };
    const progress = new Progress({ terminal, clock, label: 'trips.csv', noun: 'block' });
    for (nowMs = 1_000; nowMs <= 10_000; nowMs += 1_000) {
      progress.update({ count: nowMs / 10, bytes: nowMs, done: nowMs, total: 20_000 });
    }
    progress.end();
    return paper.text;
  };
  const live = run(true);
  assert.match(live, /█+░+ trips\.csv {2}1,000 blocks/);
  const plain = run(false).trim().split('\n');
  assert.equal(plain.length, 2); // each five seconds
  assert.match(
    plain[1] ?? '',
    /^trips\.csv: 1,000 blocks, 9\.8 KiB, 100 blocks\/s, 50 %, 10 s left$/,
  );
});

test('the first screen names explorer and dashboard, one under the other', () => {
  const terminal = new Terminal(new Paper(false), {});
  const url = 'http://127.0.0.1:8080';
  const info = { url, origin: 'log.example.org', explorer: true, dashboard: true };
  const facts = { version: '1', program: 'basalt', urlOption: '', dataDir: '.basalt' };
  const lines = startScreen(terminal, { ...facts, info } as unknown as StartFacts);
  const found = lines.filter((line) => line.includes(url));
  assert.equal(found.length, 2);
  assert.match(
    found[1] ?? '',
    /^ {2}dashboard {2}http:\/\/127\.0\.0\.1:8080\/dashboard\/ {2}health/,
  );
  assert.equal(found[0]?.indexOf('open it'), found[1]?.indexOf('health'));
  const without = { ...facts, info: { ...info, dashboard: false } } as unknown as StartFacts;
  assert.equal(startScreen(terminal, without).join().includes('dashboard'), false);
});
