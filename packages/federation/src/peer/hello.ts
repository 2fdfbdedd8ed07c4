import {
  createNoteKey,
  createNoteSigner,
  formatNote,
  fromBase64,
  NOTE_KEY_TYPE,
  type NoteSuites,
  parseNote,
  type Signer,
  signNoteText,
  toBase64,
  verifyNote,
} from '@basalt/protocol';
import { PeerError } from './errors.ts';
import { type NodeId, nodeId } from './node-id.ts';
import { normalPeerUrl } from './peer-url.ts';

const FIRST_LINE = 'basalt-hello/v1';
const ROLES_MAX = 8;

/** What a node says about itself, signed with its peer key at the asker's nonce. */
export interface Hello {
  readonly id: NodeId;
  readonly publicKey: Uint8Array;
  readonly url: string;
  readonly roles: readonly string[];
  /** Origin of its own log. */
  readonly origin: string;
  /** By its own clock: the nonce shows that it is fresh, so this may be any time. */
  readonly createdSeconds: number;
}

/**
 * A hello as a signed note (c2sp.org/signed-note). Lines: `basalt-hello/v1`, public key in base64,
 * address, roles with commas, origin, time in seconds, the nonce of the asker. The key's name is
 * the node id.
 */
export function formatHello(
  hello: Omit<Hello, 'id' | 'publicKey'>,
  nonce: string,
  signer: Signer,
): string {
  const { url, roles, origin, createdSeconds } = hello;
  const key = toBase64(signer.publicKey);
  const lines = [FIRST_LINE, key, url, roles.join(','), origin, createdSeconds, nonce];
  const text = `${lines.join('\n')}\n`;
  const by = createNoteSigner(nodeId(signer.publicKey), signer);
  return formatNote({ text, signatures: [signNoteText(text, by)] });
}

/**
 * Reads an answer to our nonce: fresh by that, whatever the clocks say, signed by the key that it
 * names, and about the address that was asked. A configured address may be another one than the
 * node tells of itself (behind a proxy, in the same house): who configured it has said that this is
 * the node.
 *
 * @throws PeerError `hello-invalid`
 */
export function readHello(
  note: string,
  asked: {
    readonly url: string;
    readonly nonce: string;
    readonly isConfigured: boolean;
  },
  suites: NoteSuites,
): Hello {
  const hello = parseHello(note, asked.nonce, suites);
  if (hello.url !== asked.url && !asked.isConfigured) {
    refuse(`expected a hello for ${asked.url}`);
  }
  return { ...hello, url: asked.url };
}

function parseHello(note: string, nonce: string, suites: NoteSuites): Hello {
  try {
    const { text } = parseNote(note);
    const [first, key, url, roles, origin, created, answered, ...rest] = text
      .slice(0, -1)
      .split('\n');
    if (first !== FIRST_LINE || answered === undefined || rest.length > 0) refuse('seven lines');
    if (answered !== nonce) refuse('expected our nonce in the answer');
    const publicKey = fromBase64(key ?? '');
    const id = nodeId(publicKey);
    verifyNote(note, [createNoteKey(id, NOTE_KEY_TYPE.ed25519, publicKey)], suites);
    const createdSeconds = Number(created);
    if (!Number.isSafeInteger(createdSeconds)) refuse('expected a time in seconds');
    return {
      id,
      publicKey,
      url: normalPeerUrl(url ?? ''),
      roles: (roles ?? '').split(',', ROLES_MAX).filter((role) => /^[a-z]{1,20}$/.test(role)),
      origin: (origin ?? '').slice(0, 256),
      createdSeconds,
    };
  } catch (error) {
    if (error instanceof PeerError && error.code === 'hello-invalid') throw error;
    throw new PeerError('hello-invalid', 'expected a signed hello', {}, { cause: error });
  }
}

function refuse(message: string): never {
  throw new PeerError('hello-invalid', message);
}
