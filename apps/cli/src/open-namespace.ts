import { type Client, ClientError, type NamespaceDetail } from '@basalt/client';
import {
  ALGORITHM,
  createSigner,
  fromHex,
  type KeyId,
  type NamespaceId,
  type Signer,
} from '@basalt/protocol';
import type { Context } from './context.ts';
import { CliError } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import type { KeyStore, KeySummary } from './keys/key-store.ts';
import { type ChainView, fetchJson } from './node-api.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A namespace that this person may write to. */
export interface OwnNamespace {
  readonly namespace: NamespaceId;
  readonly label: string;
  readonly signer: Signer;
  readonly key: KeySummary;
}

export interface OpenNamespaceOptions {
  readonly client: Client;
  readonly url: string;
  /** Label or id. */
  readonly name: string;
  /** Key name or path; the label by default. */
  readonly keyName: string | undefined;
}

/**
 * Finds the namespace and its key. On first use makes both: a key named like the namespace (and the
 * next one, promised in the genesis block so that a thief of the first cannot rotate it away).
 *
 * @throws CliError `no-key`, `not-the-writer`; codes of the node
 */
export async function openOwnNamespace(
  context: Context,
  options: OpenNamespaceOptions,
): Promise<OwnNamespace> {
  const { client, name, url } = options;
  // Nobody is asked for a passphrase for a key that is made by the way.
  const keys = context.keys();
  const found = await findNamespace(client, name);
  const keyName = options.keyName ?? keyNameOf(found?.label ?? name);
  if (found === undefined) return await foundNamespace(context, options, keyName);
  if (!keys.has(keyName)) throw noKeyFor(found, keyName, keys);
  const key = keys.summary(keyName);
  const { keys: periods } = await fetchJson<ChainView>(url, `/chains/${found.namespace}`);
  if (periods.length > 0 && periods.at(-1)?.keyId !== key.keyId) {
    throw notTheWriter(found, key, periods.at(-1)?.keyId ?? '');
  }
  const signer = createSigner(await keys.open(keyName), context.provider());
  return { namespace: found.namespace, label: found.label, signer, key };
}

/** A label may hold any character, the name of a file may not. */
export function keyNameOf(label: string): string {
  const plain = label.replace(/[^\p{L}\p{N}._ -]+/gu, '-').replace(/^[^\p{L}\p{N}]+/u, '');
  return plain.slice(0, 100) || 'key';
}

/**
 * The namespace on the node by label or id; undefined where there is none.
 *
 * @throws CliError `ambiguous-name`; codes of the node
 */
export async function findNamespace(
  client: Client,
  name: string,
): Promise<NamespaceDetail | undefined> {
  try {
    // A label with a slash is no segment of a path, also not an encoded one.
    const id = name.includes('/') ? await idOfLabel(client, name) : name;
    return id === undefined ? undefined : await client.namespace(id);
  } catch (error) {
    const isAbsent =
      error instanceof ClientError &&
      (error.code === 'unknown-namespace' || error.code === 'not-found');
    if (isAbsent) return undefined;
    throw error;
  }
}

async function idOfLabel(client: Client, label: string): Promise<NamespaceId | undefined> {
  let found = await bearersOf(client.search({ prefix: label }), label);
  // The index of labels may be a second old: what is not in it may be new.
  if (found.length === 0) found = await bearersOf(client.namespaces(), label);
  if (found.length <= 1) return found[0];
  throw new CliError(
    EXIT.refused,
    'ambiguous-name',
    `${found.length} namespaces have the name "${label}": ${found.join(', ')}`,
    'use the id of the one you mean',
  );
}

async function bearersOf(
  list: AsyncIterable<{ readonly namespace: NamespaceId; readonly label: string }>,
  wanted: string,
): Promise<NamespaceId[]> {
  const found: NamespaceId[] = [];
  for await (const { namespace, label } of list) if (label === wanted) found.push(namespace);
  return found;
}

/** As `findNamespace`. @throws CliError `unknown-namespace` */
export async function requireNamespace(client: Client, name: string): Promise<NamespaceDetail> {
  const found = await findNamespace(client, name);
  if (found !== undefined) return found;
  throw new CliError(
    EXIT.refused,
    'unknown-namespace',
    `the node has no namespace "${name}"`,
    '`basalt namespaces` lists what is there; `basalt append` makes a new one',
  );
}

async function foundNamespace(
  context: Context,
  { client, name }: OpenNamespaceOptions,
  keyName: string,
): Promise<OwnNamespace> {
  if (UUID.test(name)) {
    throw new CliError(
      EXIT.refused,
      'unknown-namespace',
      `the node has no namespace ${name}`,
      'ids are made by the node; give a name like "audit" to make a new namespace',
    );
  }
  const { terminal } = context;
  const quiet = context.keys({ unattended: true });
  const isNewKey = !quiet.has(keyName);
  if (isNewKey) await quiet.create(keyName, ALGORITHM.ed25519);
  const keys = isNewKey ? quiet : context.keys();
  const key = keys.summary(keyName);
  const signer = createSigner(await keys.open(keyName), context.provider());
  const next = await keys.ensureBeside(keyName, keys.nextName(keyName));
  const nextKeyHash = fromHex(next.keyId) as KeyId;
  const { namespace } = await client.createNamespace({ label: name, signer, nextKeyHash });
  terminal.line(`new namespace "${name}", ${namespace}`);
  const path = shortenHome(key.path, context.environment);
  const how = key.isEncrypted ? '' : `, not encrypted (basalt keys protect ${keyName})`;
  terminal.line(`written by the ${isNewKey ? 'new ' : ''}key ${path}${how}`);
  return { namespace, label: name, signer, key };
}

function noKeyFor(found: NamespaceDetail, keyName: string, keys: KeyStore): CliError {
  return new CliError(
    EXIT.usage,
    'no-key',
    `the namespace "${found.label}" exists, and its key is not on this computer ` +
      `(${keys.pathOf(keyName)})`,
    'choose another name, bring the key file here, or name it with --key',
  );
}

function notTheWriter(found: NamespaceDetail, key: KeySummary, writer: string): CliError {
  return new CliError(
    EXIT.refused,
    'not-the-writer',
    `the namespace "${found.label}" is written by the key ${writer.slice(0, 16)}…, and ` +
      `${key.path} is ${key.keyId.slice(0, 16)}…`,
    'name the right key with --key, or choose another namespace',
  );
}

/** "~/x" for what is in the person's own folder. */
function shortenHome(path: string, environment: Context['environment']): string {
  const home = environment['HOME'] ?? '';
  return home !== '' && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
