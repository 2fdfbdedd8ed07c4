/**
 * What each level of consistency costs a client: a node and a cache in front of it, each a process
 * of its own on loopback, one request at a time. See `measureConsistency` for what is in a figure.
 */
import { measureConsistency } from '../../../packages/client/bench/consistency.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import { Sandbox, startTestNode } from '../test/helpers/run-cli.ts';

const sandbox = new Sandbox();
try {
  const origin = await startTestNode(sandbox);
  const cache = await startTestNode(sandbox, ['--role', 'cache', '--upstream', origin.url]);
  const levels = await measureConsistency({ url: origin.url, cacheUrl: cache.url });
  for (const { level, p50, p99 } of levels) {
    for (const [name, value] of Object.entries({ p50, p99 })) {
      const unit = `ms ${name}`;
      printResult(compare({ name: `consistency: ${level}`, unit, value, better: 'lower' }));
    }
  }
  await cache.stop();
  await origin.stop();
} finally {
  sandbox[Symbol.dispose]();
}
