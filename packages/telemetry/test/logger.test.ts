import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createJsonLogger, type LogLevel, LogLevels, noopLogger } from '../src/index.ts';

function collect(level?: LogLevel) {
  const lines: string[] = [];
  const logger = createJsonLogger({
    write: (line) => lines.push(line),
    clock: { nowMs: () => 1_700_000_000_000 },
    ...(level === undefined ? {} : { level }),
  });
  return { lines, logger, last: () => JSON.parse(lines.at(-1) ?? 'null') as unknown };
}

suite('JSON logger', () => {
  test('a line has time, level, message and fields', () => {
    const { lines, logger } = collect();
    logger.info('started', { port: 8080 });
    assert.deepEqual(lines, [
      '{"time":1700000000000,"level":"info","message":"started","port":8080}\n',
    ]);
  });

  test('lines below the level are dropped', () => {
    const { lines, logger } = collect('warn');
    logger.trace('a');
    logger.debug('b');
    logger.info('c');
    logger.warn('d');
    logger.error('e');
    assert.equal(lines.length, 2);
    assert.equal(logger.isEnabled('info'), false);
    assert.equal(logger.isEnabled('warn'), true);
  });

  test('parts have levels of their own, also while the program runs', () => {
    const lines: string[] = [];
    const levels = new LogLevels('warn');
    const write = (line: string): number => lines.push(line);
    const logger = createJsonLogger({ write, clock: { nowMs: () => 0 }, level: levels });
    const gateway = logger.child({ part: 'gateway' });
    gateway.debug('a');
    levels.set('gateway', 'debug');
    gateway.child({ request: '1' }).debug('b');
    logger.child({ part: 'ledger' }).info('c');
    levels.set(undefined, 'info');
    logger.child({ part: 'ledger' }).info('d');
    levels.set('gateway', undefined);
    gateway.debug('e');
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { message: string }).message),
      ['b', 'd'],
    );
    assert.deepEqual(levels.list(), { all: 'info', parts: {}, known: ['gateway', 'ledger'] });
    assert.equal(levels.set('gatewey', 'debug'), false, 'nobody writes under that name');
    for (let i = 0; i < 100; i++) logger.child({ part: `part ${i}` });
    assert.equal(levels.list().known.length, 64);
  });

  test('texts that are private keys by their form never reach a log', () => {
    const { logger, lines } = collect();
    logger.warn('-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw');
    logger.warn('x', { inner: ['PRIVATE+KEY+example.org/log+c0ffee+AbCd'] });
    logger.error('y', { error: new Error('cannot parse -----BEGIN EC PRIVATE KEY-----abc') });
    assert.equal(/MC4C|AbCd|abc/.test(lines.join('')), false);
    assert.equal(lines.join('').match(/\[withheld\]/g)?.length, 4);
  });

  test('a child adds its fields', () => {
    const { logger, last } = collect();
    logger.child({ part: 'gateway' }).child({ port: 1 }).warn('x', { port: 2 });
    assert.deepEqual(last(), {
      time: 1_700_000_000_000,
      level: 'warn',
      message: 'x',
      part: 'gateway',
      port: 2,
    });
  });

  test('secrets, bytes, errors, cycles, long texts and odd numbers are tamed', () => {
    const { logger, last } = collect();
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const error = Object.assign(new Error('broken', { cause: new Error('deep') }), { code: 'io' });
    logger.info('x', {
      adminToken: 'abc',
      inner: { passphrase: 'p', Authorization: 'Bearer t' },
      bytes: new Uint8Array(3),
      error,
      cycle,
      long: 'a'.repeat(10_000),
      big: 12n,
      nan: Number.NaN,
      many: Array.from({ length: 1_000 }, (_, i) => i),
      level: 'mine',
    });
    const line = last() as Record<string, unknown>;
    const { time, error: logged, many, long, ...rest } = line;
    assert.equal(time, 1_700_000_000_000);
    assert.equal((logged as { code: string }).code, 'io');
    assert.equal((logged as { cause: Error }).cause.message, 'deep');
    assert.equal((many as number[]).length, 64);
    assert.ok((long as string).endsWith('(10000 characters)'));
    assert.deepEqual(rest, {
      level: 'info',
      message: 'x',
      adminToken: '[withheld]',
      inner: { passphrase: '[withheld]', Authorization: '[withheld]' },
      bytes: '[3 bytes]',
      cycle: { self: { self: { self: { self: '[deeper]' } } } },
      big: '12',
      nan: 'NaN',
      field_level: 'mine',
    });
  });

  test('a line feed in the message stays inside the line', () => {
    const { lines, logger } = collect();
    logger.info('a\nb', { c: 'd\r\ne' });
    assert.equal(lines.length, 1);
    assert.equal(lines[0]?.indexOf('\n'), lines[0]!.length - 1);
  });

  test('the no-op logger writes nothing and is not enabled', () => {
    noopLogger.child({ a: 1 }).error('x');
    assert.equal(noopLogger.isEnabled('error'), false);
  });
});
