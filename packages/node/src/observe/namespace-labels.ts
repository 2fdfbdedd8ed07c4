import type { Ledger } from '@basalt/ledger';
import type { NamespaceId } from '@basalt/protocol';

/** Labels that are kept; a label never changes. */
const LABELS_MAX = 4_096;

/** Labels of namespaces, asked for once each; the first answer has to wait for the next look. */
export class NamespaceLabels {
  readonly #ledger: Pick<Ledger, 'info'>;
  /** Bounded by LABELS_MAX. */
  readonly #known = new Map<string, string>();

  constructor(ledger: Pick<Ledger, 'info'>) {
    this.#ledger = ledger;
  }

  /** In the order of the question; empty where a label is not known yet. */
  of(namespaces: readonly string[]): string[] {
    return namespaces.map((namespace) => {
      const label = this.#known.get(namespace);
      if (label === undefined) void this.#ask(namespace);
      return label ?? '';
    });
  }

  async #ask(namespace: string): Promise<void> {
    if (this.#known.size >= LABELS_MAX) this.#known.clear();
    this.#known.set(namespace, '');
    const info = await this.#ledger.info(namespace as NamespaceId).catch(() => undefined);
    this.#known.set(namespace, info?.label ?? '');
  }
}
