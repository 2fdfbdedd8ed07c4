import type { Ledger, NamespaceInfo } from '@basalt/ledger';
import type { Clock } from '@basalt/protocol';
import { LABEL_AGE_MS_MAX, NAMESPACE_SCAN_MAX } from './limits.ts';
import { type NamespaceHits, NamespaceIndex, type NamespaceQuery } from './namespace-index.ts';
import { ScanGate } from './scan-gate.ts';

/**
 * Searches over the namespaces of a ledger. The index is made when somebody searches and is a
 * second old at most, or as old as the share of time for such walks makes it.
 */
export class NamespaceSearch {
  readonly #gate: ScanGate<void>;
  #index: NamespaceIndex = new NamespaceIndex([]);
  #areWordsWanted = false;

  constructor(ledger: Ledger, clock: Clock) {
    this.#gate = new ScanGate(clock, async () => {
      const infos: NamespaceInfo[] = [];
      for await (const info of ledger.namespaces()) {
        infos.push(info);
        if (infos.length >= NAMESPACE_SCAN_MAX) break;
      }
      const index = new NamespaceIndex(infos);
      // Within the gate, whose share of time bounds all that an index costs.
      if (this.#areWordsWanted) index.prepareWords();
      this.#index = index;
    });
  }

  async search(query: NamespaceQuery): Promise<NamespaceHits> {
    if (query.words.length > 0) this.#areWordsWanted = true;
    if (this.#gate.ageMs > LABEL_AGE_MS_MAX) await this.#gate.run();
    return this.#index.search(query);
  }
}
