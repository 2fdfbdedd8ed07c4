import {
  fromUtf8,
  type NamespaceId,
  ProtocolError,
  parseNamespaceId,
  toHex,
} from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import { asObject, countMember, textMember } from '../peer/json-body.ts';
import type { PeerCaller } from '../peer/peer-caller.ts';
import type { HeldTree } from './held-tree.ts';
import { LIST_BYTES_MAX, LIST_PAGES_MAX } from './limits.ts';
import { whole } from './log-reader.ts';

/**
 * For nodes that speak no federation, only the HTTP contract: their logs that are longer than here,
 * out of the whole list. What the list says is a hint.
 *
 * @throws PeerError; Lie `endless-body`
 */
export async function compareLists(
  held: HeldTree,
  caller: PeerCaller,
  url: string,
): Promise<NamespaceId[]> {
  const longer: NamespaceId[] = [];
  let target: string | undefined = '/chains';
  for (let pages = 0; target !== undefined && pages < LIST_PAGES_MAX; pages++) {
    const asked: string = target;
    const answer = await caller.read({ url, target: asked, bytesMax: LIST_BYTES_MAX });
    const reply = whole(answer, url, asked);
    for (const item of readList(reply.body)) {
      const object = asObject(item, 'bad-answer');
      const namespace = readNamespace(textMember(object, 'namespace', 36, 'bad-answer'));
      const ours = held.value(namespace);
      const size = countMember(object, 'size', 'bad-answer');
      const isOther = object['headHash'] !== toHex(ours?.headHash ?? new Uint8Array(0));
      if (size > (ours?.size ?? 0) || (size === ours?.size && isOther)) longer.push(namespace);
    }
    target = nextPage(reply.header('link'));
  }
  return longer;
}

function readList(body: Uint8Array): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(body));
  } catch (error) {
    throw new PeerError('bad-answer', 'expected a list in JSON', {}, { cause: error });
  }
  const list = Array.isArray(value) ? value : asObject(value, 'bad-answer')['namespaces'];
  if (Array.isArray(list)) return list;
  throw new PeerError('bad-answer', 'expected a list of namespaces');
}

/** The path behind `rel="next"` (RFC 8288) on the same node. */
function nextPage(link: string | undefined): string | undefined {
  return /<(\/chains\?[^>]*)>\s*;\s*rel="?next"?/.exec(link ?? '')?.[1];
}

function readNamespace(text: string): NamespaceId {
  try {
    return parseNamespaceId(text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new PeerError('bad-answer', error.message, {}, { cause: error });
  }
}
