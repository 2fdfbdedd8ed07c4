import {
  ALGORITHM,
  algorithmName,
  createSigner,
  encodeRotation,
  fromHex,
  type KeyId,
  PAYLOAD_TYPE,
  type PlainAlgorithmId,
  toBase64,
} from '@basalt/protocol';
import { Command, Option } from 'commander';
import { connect } from '../connection.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { RecordSource } from '../input/source.ts';
import { appendSource } from '../journal/append-source.ts';
import type { KeySummary } from '../keys/key-store.ts';
import { type ChainView, fetchJson } from '../node-api.ts';
import { openJournal } from '../open-journal.ts';
import { keyNameOf, requireNamespace } from '../open-namespace.ts';
import {
  addExamples,
  addNodeOptions,
  jsonOption,
  type NodeOptions,
  namespaceOption,
} from '../options.ts';
import { formatTable } from '../view/table.ts';

const ALGORITHMS: Readonly<Record<string, PlainAlgorithmId>> = {
  ed25519: ALGORITHM.ed25519,
  'ecdsa-p256': ALGORITHM.ecdsaP256,
  'ml-dsa-44': ALGORITHM.mlDsa44,
  'ed25519+ml-dsa-44': ALGORITHM.ed25519MlDsa44,
  'ml-dsa-65': ALGORITHM.mlDsa65,
  secp256k1: ALGORITHM.secp256k1,
};

export function keysCommand(context: Context): Command {
  const command = new Command('keys').description(
    'The keys that sign blocks. Each is one file, mode 0600, in ~/.config/basalt/keys (or ' +
      'BASALT_HOME). A passphrase comes from BASALT_PASSPHRASE or is asked for on a terminal.',
  );
  command.addCommand(newCommand(context));
  command.addCommand(listCommand(context));
  command.addCommand(showCommand(context));
  command.addCommand(protectCommand(context));
  command.addCommand(rotateCommand(context));
  return addExamples(command, [
    'basalt keys new audit',
    'basalt keys list',
    'basalt keys protect audit',
    'basalt keys rotate --namespace audit',
  ]);
}

function newCommand(context: Context): Command {
  const command = new Command('new')
    .description('Make a key, encrypted with a passphrase where somebody can be asked for one.')
    .argument('<name>', 'name of the key; `basalt append` takes the one named like the namespace')
    .addOption(
      new Option('-a, --algorithm <name>').choices(Object.keys(ALGORITHMS)).default('ed25519'),
    )
    .addOption(jsonOption())
    .action(async (name: string, options: { algorithm: string; json?: boolean }) => {
      const keys = context.keys();
      const algorithm = ALGORITHMS[options.algorithm] ?? ALGORITHM.ed25519;
      show(context, await keys.create(name, algorithm), options.json === true);
    });
  return addExamples(command, [
    'basalt keys new audit',
    'BASALT_PASSPHRASE=… basalt keys new audit --algorithm ed25519+ml-dsa-44',
  ]);
}

function listCommand(context: Context): Command {
  const command = new Command('list')
    .description('List the keys on this computer.')
    .addOption(jsonOption())
    .action((options: { json?: boolean }) => {
      const keys = context.keys({ unattended: true });
      const all = keys.names().map((name) => keys.summary(name));
      if (options.json === true) {
        for (const key of all) context.screen.line(JSON.stringify(keyJson(key)));
        return;
      }
      if (all.length === 0) {
        context.screen.line(
          `no keys in ${context.home.keys}; \`basalt keys new <name>\` makes one`,
        );
        return;
      }
      const columns = ['name', 'algorithm', 'encrypted', 'key id'].map((title) => ({ title }));
      const rows = all.map((key) => [
        key.name,
        algorithmName(key.algorithm),
        key.isEncrypted ? 'yes' : 'no',
        key.keyId,
      ]);
      for (const line of formatTable(columns, rows)) context.screen.line(line);
    });
  return addExamples(command, ['basalt keys list', 'basalt keys list --json']);
}

function showCommand(context: Context): Command {
  const command = new Command('show')
    .description('Show the public half of a key.')
    .argument('<name>', 'name or file of the key')
    .addOption(jsonOption())
    .action((name: string, options: { json?: boolean }) => {
      show(context, context.keys({ unattended: true }).summary(name), options.json === true);
    });
  return addExamples(command, ['basalt keys show audit', 'basalt keys show ./backup/audit.key']);
}

function protectCommand(context: Context): Command {
  const command = new Command('protect')
    .description(
      'Encrypt a key with a new passphrase (an empty one takes the encryption away). The next ' +
        'key, which waits for a rotation, gets the same one.',
    )
    .argument('<name>', 'name or file of the key')
    .action((name: string) => protect(context, name));
  return addExamples(command, ['basalt keys protect audit']);
}

async function protect(context: Context, name: string): Promise<void> {
  const keys = context.keys();
  keys.summary(name); // says so before anybody types where there is no such key
  const passphrase = await keys.askNew(name);
  if (passphrase === undefined) {
    throw new CliError(
      EXIT.usage,
      'no-passphrase',
      'there is nobody to ask for a passphrase',
      'run it on a terminal',
    );
  }
  const names = [name, keys.nextName(name)].filter((key) => keys.has(key));
  for (const key of names) await keys.protect(key, passphrase);
  show(context, keys.summary(name), false);
}

interface RotateOptions extends NodeOptions {
  readonly namespace: string;
  readonly key?: string;
}

function rotateCommand(context: Context): Command {
  const command = addNodeOptions(new Command('rotate'))
    .description(
      'Hand a namespace over to its next key: a block signed by the present key reveals the next ' +
        'one, which was promised before, and promises one more. The old file is kept beside.',
    )
    .addOption(namespaceOption())
    .option('--key <name>', 'name or file of the present key; default the namespace’s name')
    .action((options: RotateOptions) => rotate(context, options));
  return addExamples(command, ['basalt keys rotate --namespace audit']);
}

async function rotate(context: Context, options: RotateOptions): Promise<void> {
  const { url } = options;
  const client = await connect(context, { url });
  const found = await requireNamespace(client, options.namespace);
  const name = options.key ?? keyNameOf(found.label);
  const keys = context.keys();
  const present = keys.summary(name);
  const next = await keys.ensureBeside(name, keys.nextName(name));
  const second = await keys.ensureBeside(name, keys.secondNextName(name));
  const writer = (await fetchJson<ChainView>(url, `/chains/${found.namespace}`)).keys.at(-1)?.keyId;
  // An interrupted rotation may be in the chain already: then only the files have to follow.
  if (writer !== next.keyId) {
    const signer = createSigner(await keys.open(name), context.provider());
    const own = { namespace: found.namespace, label: found.label, signer, key: present };
    await using journal = await openJournal(context, client, url, own);
    const payload = encodeRotation({
      newKey: { algorithm: next.algorithm, publicKey: next.publicKey },
      nextKeyHash: fromHex(second.keyId) as KeyId,
    });
    const source = rotationSource(payload, next);
    const settings = { payloadType: PAYLOAD_TYPE.keyRotation };
    const { refusal } = await appendSource(source, journal.target, journal.tip, settings);
    if (refusal !== undefined) {
      const message = `the node refused the rotation: ${refusal.message}`;
      throw new CliError(EXIT.refused, refusal.code, message, 'the present key stays in use');
    }
  }
  keys.promote(name);
  context.screen.line(`${found.label}: from now on written by`);
  show(context, keys.summary(name), options.json === true);
}

function rotationSource(payload: Uint8Array, next: KeySummary): RecordSource {
  return {
    identity: `rotation:${next.keyId}`,
    order: 'content',
    once: false,
    format: 'binary',
    label: 'key rotation',
    sizeBytes: undefined,
    async *read() {
      yield [payload];
    },
  };
}

function keyJson(key: KeySummary): Record<string, unknown> {
  const { name, path, algorithm, keyId, isEncrypted } = key;
  return { name, path, algorithm, publicKey: toBase64(key.publicKey), keyId, isEncrypted };
}

function show({ screen }: Context, key: KeySummary, json: boolean): void {
  if (json) {
    screen.line(JSON.stringify(keyJson(key)));
    return;
  }
  const row = (title: string, value: string): void =>
    screen.line(`  ${screen.style('dim', title.padEnd(12))}${value}`);
  row('key', key.name);
  row('algorithm', algorithmName(key.algorithm));
  row('key id', key.keyId);
  row('public key', toBase64(key.publicKey));
  row('file', `${key.path} (${key.isEncrypted ? 'encrypted' : 'not encrypted'}, mode 0600)`);
}
