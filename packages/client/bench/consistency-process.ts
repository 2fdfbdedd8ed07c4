/**
 * `measureConsistency` as a process of its own, so that a bench of the whole program needs no code
 * of this package: addresses of a node and of a cache in front of it, JSON lines out.
 */
import { measureConsistency } from './consistency.ts';

const [url = '', cacheUrl = ''] = process.argv.slice(2);
for (const latency of await measureConsistency({ url, cacheUrl })) {
  console.log(JSON.stringify(latency));
}
