import type { NamespaceId } from '@basalt/protocol';
import type { LogStore } from '@basalt/store';
import { readChainFacts } from './chain-facts.ts';

/** The namespaces of a store that nobody runs, with their labels; the super-log is left out. */
export async function* storedNamespaces(
  store: LogStore,
): AsyncGenerator<{ readonly namespace: NamespaceId; readonly label: string }> {
  for await (const head of store.namespaces()) {
    const facts = await readChainFacts(store, head, 0);
    if (facts !== undefined) yield { namespace: head.namespace, label: facts.label };
  }
}
