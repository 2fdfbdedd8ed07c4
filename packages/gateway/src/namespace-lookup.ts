import type { Ledger, NamespaceInfo } from '@basalt/ledger';
import { type NamespaceId, ProtocolError, parseNamespaceId } from '@basalt/protocol';
import { GatewayError } from './errors.ts';
import { LABEL_SCAN_MAX } from './limits.ts';

const UUID_FORM = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;

/**
 * The namespace that a path segment means: a UUID in its one spelling, or a label where exactly one
 * namespace has it.
 *
 * @throws GatewayError `not-found`, `bad-request`; ProtocolError `unknown-namespace`
 */
export async function findNamespace(ledger: Ledger, text: string): Promise<NamespaceInfo> {
  if (UUID_FORM.test(text)) {
    const info = await ledger.info(parseId(text));
    if (info === undefined) throw unknown(text);
    return info;
  }
  let found: NamespaceInfo | undefined;
  let looked = 0;
  for await (const info of ledger.namespaces()) {
    if (info.label === text) {
      if (found !== undefined) {
        throw new GatewayError('bad-request', 'several namespaces have this label, use the UUID', {
          label: text,
        });
      }
      found = info;
    }
    if (++looked >= LABEL_SCAN_MAX) break;
  }
  if (found === undefined) throw unknown(text);
  return found;
}

/** The id alone, without asking the ledger where the text is a UUID. */
export async function findNamespaceId(ledger: Ledger, text: string): Promise<NamespaceId> {
  if (UUID_FORM.test(text)) return parseId(text);
  return (await findNamespace(ledger, text)).namespace;
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
