import { type NamespaceId, ProtocolError, parseNamespaceId } from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import { jsonObject, textMember } from '../peer/json-body.ts';
import { type PeerCaller, requireOk } from '../peer/peer-caller.ts';

/** What is needed of a node's capability document to read its logs. */
export interface NodeCard {
  readonly superNamespace: NamespaceId;
  /** Verifier key line of its super-log; the node's key under another name. */
  readonly superVerifierKey: string;
  readonly isOrigin: boolean;
}

/** @throws PeerError `unreachable`, `not-found`, `refused`, `bad-answer` */
export async function readNodeCard(caller: PeerCaller, url: string): Promise<NodeCard> {
  const target = '/.well-known/basalt';
  const object = jsonObject(requireOk(await caller.read({ url, target }), url).body, 'bad-answer');
  const roles = object['roles'];
  try {
    return {
      superNamespace: parseNamespaceId(textMember(object, 'superNamespace', 36, 'bad-answer')),
      superVerifierKey: textMember(object, 'superVerifierKey', 1_024, 'bad-answer'),
      isOrigin: Array.isArray(roles) && roles.includes('origin'),
    };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new PeerError('bad-answer', `${url}: ${error.message}`, {}, { cause: error });
  }
}
