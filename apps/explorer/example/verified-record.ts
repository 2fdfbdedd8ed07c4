/**
 * `<verified-record url="…" namespace="…" index="…">policy</verified-record>`: shows one record of
 * a Basalt node on any page, checked here against the keys in its text (C2SP tlog-policy), down
 * from a checkpoint that the quorum of witnesses has cosigned. What does not hold is not shown, nor
 * is a record without its payload. It says when the witnesses signed; with `max-age="SECONDS"` what
 * they signed longer ago is not shown.
 */
import {
  ClientError,
  createWebProvider,
  createWebStorage,
  readWitnessedRecord,
  reasonOf,
  type WitnessedRecord,
} from '@basalt/client';
import { fromUtf8, parseNamespaceId, parsePolicy, toHex } from '@basalt/protocol';

const provider = createWebProvider({
  subtle: globalThis.crypto?.subtle,
  // For browsers without Ed25519 and other algorithms; a file of its own, seldom loaded.
  load: async () => (await import('./all-suites.ts')).nobleProvider,
});

class VerifiedRecord extends HTMLElement {
  connectedCallback(): void {
    const policy = this.textContent ?? '';
    this.textContent = 'Checking …';
    this.#read(policy).then(
      (record) => this.#show(record),
      (error: unknown) => this.#refuse(error),
    );
  }

  async #read(policy: string): Promise<WitnessedRecord> {
    const maxAge = this.getAttribute('max-age');
    const wanted = {
      namespace: parseNamespaceId(this.getAttribute('namespace') ?? ''),
      index: Number(this.getAttribute('index')),
    };
    return await readWitnessedRecord(
      {
        url: this.getAttribute('url') ?? '',
        policy: parsePolicy(policy.replaceAll(/^\s+/gm, '')),
        provider,
        ...(maxAge === null ? {} : { staleAfterSeconds: Number(maxAge) }),
        // The checkpoint seen last stays in the browser: a log may not go back behind it.
        storage: createWebStorage(localStorage),
      },
      wanted,
    );
  }

  #show({ block, checkpoint, payload, size }: WitnessedRecord): void {
    if (payload.status === 'absent') {
      this.#refuse(`block ${block.index} came without its record: pruned there, or left out`);
      return;
    }
    const { witnesses, witnessedMs = 0 } = checkpoint;
    const record = document.createElement('pre');
    record.textContent = fromUtf8(payload.bytes);
    const facts = document.createElement('small');
    facts.textContent =
      `Block ${block.index} of ${size}, ${toHex(block.hash)}. Verified here; the checkpoint was ` +
      `cosigned by ${witnesses.length} witnesses: ${witnesses.join(', ')}, the quorum by ` +
      `${new Date(witnessedMs).toISOString()}.`;
    this.replaceChildren(record, facts);
    this.dataset['state'] = 'verified';
  }

  #refuse(error: unknown): void {
    const why = error instanceof ClientError ? reasonOf(error) : String(error);
    this.textContent = `Not shown: ${why}`;
    this.dataset['state'] = 'refused';
  }
}

customElements.define('verified-record', VerifiedRecord);
