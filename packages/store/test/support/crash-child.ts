/**
 * Writes for ever and tells what was acknowledged, one JSON line each: `[chain, size]` for an
 * append, `["published", chain, size]` for a checkpoint. Ended by SIGKILL from outside.
 */
import { writeSync } from 'node:fs';
import { openDataFolder } from '../../src/index.ts';
import { sha256 } from './chain.ts';
import { CRASH_CHAINS, CrashChain } from './crash-chain.ts';

const [path = '', seed = '0'] = process.argv.slice(2);

function say(line: unknown): void {
  // Synchronous: a line that was written is in the pipe even if the process dies right after.
  writeSync(1, `${JSON.stringify(line)}\n`);
}

let state = Number(seed) + 1;
/** xorshift32: repeatable sizes and pauses. */
function random(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

const folder = await openDataFolder(path, { reserveBytes: 0 });
const chains = Array.from({ length: CRASH_CHAINS }, (_, i) => new CrashChain(i + 1));
for (const chain of chains) {
  const head = await folder.store.head(chain.namespace);
  if (head !== undefined) chain.advance(head.size);
}
say('ready');

async function writer(number: number): Promise<void> {
  const chain = chains[number] as CrashChain;
  for (;;) {
    const count = random(8) === 0 ? 1 + random(600) : 1 + random(5);
    await folder.store.append(chain.advance(count));
    say([number, chain.size]);
    if (random(10) === 0) {
      const size = chain.size;
      const root = sha256(Uint8Array.of(number));
      folder.recordPublished([
        { log: `log ${number}/${size}`, namespace: chain.namespace, size, root },
      ]);
      say(['published', number, size]);
    }
    if (random(40) === 0)
      await folder.store.prunePayloads(chain.namespace, Math.max(0, chain.size - 300));
  }
}

await Promise.all(chains.map((_, i) => writer(i)));
