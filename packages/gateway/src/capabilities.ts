import { toHex, utf8 } from '@basalt/protocol';
import type { Services } from './services.ts';
import { nodePreferences } from './session/preferences.ts';

/** In front of the signed bytes, so that this signature can mean nothing else. */
export const CAPABILITIES_TAG = 'basalt/capabilities/v1\n';

/**
 * The capability document, made from what is running. With a signer, `signature` covers the tag and
 * the UTF-8 of `JSON.stringify` of the document without its member `signature`: a reader parses,
 * removes that member and writes it again, which keeps the order of members.
 */
export function capabilities(services: Services): Record<string, unknown> {
  const { ledger, settings } = services;
  const { node } = settings;
  const { limits, ...can } = nodePreferences(settings);
  const document = {
    name: 'basalt',
    version: node?.version ?? '0.0.0',
    roles: node?.roles ?? [],
    origin: ledger.origin,
    superNamespace: ledger.superNamespace(),
    superVerifierKey: ledger.verifierKey('super'),
    ...can,
    limits: {
      ...limits,
      eventStreamsMax: settings.eventStreamsMax,
      requestsPerSecond: settings.rateRemote.perSecond,
    },
    ...(services.handshakes.isOffered
      ? { handshake: { path: '/handshake', sessionMs: settings.sessionMs } }
      : {}),
    openNamespaces: services.namespacesAreOpen(),
    startedMs: services.startedMs,
  };
  if (node?.signer === undefined) return document;
  const { signer } = node;
  const message = utf8(CAPABILITIES_TAG + JSON.stringify(document));
  const value = Buffer.from(signer.sign(message)).toString('base64');
  const signature = { algorithm: signer.algorithm, publicKey: toHex(signer.publicKey), value };
  return { ...document, signature };
}
