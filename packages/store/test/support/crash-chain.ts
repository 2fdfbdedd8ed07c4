import type { NamespaceAppend } from '../../src/index.ts';
import { seededBytes, TestChain } from './chain.ts';

/**
 * A chain whose blocks follow from their index alone, so that the parent, the child and the child
 * after the next kill all mean the same blocks. Every 97th payload is large.
 */
export class CrashChain extends TestChain {
  advance(count: number): NamespaceAppend {
    const first = this.size;
    return this.append(
      Array.from({ length: count }, (_, i) => {
        const index = first + i;
        const length = index % 97 === 96 ? 20_000 : 20 + (index % 60);
        return seededBytes(`${this.namespace}/${index}`, length);
      }),
    );
  }
}

export const CRASH_CHAINS = 3;
