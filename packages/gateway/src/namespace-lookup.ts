import type { Ledger, NamespaceInfo } from '@basalt/ledger';
import { type Clock, type NamespaceId, ProtocolError, parseNamespaceId } from '@basalt/protocol';
import { GatewayError } from './errors.ts';
import { LABEL_AGE_MS_MAX, NAMESPACE_SCAN_MAX } from './limits.ts';
import { ScanGate } from './scan-gate.ts';

const UUID_FORM = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;

/** Finds namespaces by UUID, or by label where exactly one has it. */
export class NamespaceLookup {
  readonly #ledger: Ledger;
  readonly #gate: ScanGate<void>;
  /** What the last scan saw, at most NAMESPACE_SCAN_MAX; forgotten and made anew by each scan. */
  #labels: ReadonlyMap<string, NamespaceId | 'several'> = new Map();

  constructor(ledger: Ledger, clock: Clock) {
    this.#ledger = ledger;
    this.#gate = new ScanGate(clock, () => this.#scan());
  }

  /**
   * The namespace that a path segment means.
   *
   * @throws GatewayError `bad-request`; ProtocolError `unknown-namespace`
   */
  async find(text: string): Promise<NamespaceInfo> {
    const info = await this.#ledger.info(await this.findId(text));
    if (info === undefined) throw unknown(text);
    return info;
  }

  /** The id alone: where the text is a UUID, the ledger is not asked whether it is there. */
  async findId(text: string): Promise<NamespaceId> {
    if (UUID_FORM.test(text)) return parseId(text);
    const known = this.#labels.get(text);
    // A label that is known may have got a second bearer since; one that is not may be new.
    if (known === undefined || this.#gate.ageMs > LABEL_AGE_MS_MAX) await this.#gate.run();
    const found = this.#labels.get(text);
    if (found === undefined) throw unknown(text);
    if (found === 'several') {
      throw new GatewayError('bad-request', 'several namespaces have this label, use the UUID', {
        label: text,
      });
    }
    return found;
  }

  async #scan(): Promise<void> {
    const labels = new Map<string, NamespaceId | 'several'>();
    let seen = 0;
    for await (const { label, namespace } of this.#ledger.namespaces()) {
      if (label !== '') labels.set(label, labels.has(label) ? 'several' : namespace);
      if (++seen >= NAMESPACE_SCAN_MAX) break;
    }
    this.#labels = labels;
  }
}

function parseId(text: string): NamespaceId {
  try {
    return parseNamespaceId(text);
  } catch {
    throw new GatewayError('bad-request', 'expected a namespace UUID in lower case');
  }
}

function unknown(text: string): ProtocolError {
  return new ProtocolError('unknown-namespace', `no namespace has the id or label ${text}`);
}
