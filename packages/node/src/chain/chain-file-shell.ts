import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { NodeError } from '../errors.ts';

/** What a chain was founded with; kept beside its state, so that it is opened as what it is. */
export type ChainFile = FoundedDevnet | ImportedChain;

export interface FoundedDevnet {
  readonly kind: 'devnet';
  /** Document in the form of geth. */
  readonly genesis: unknown;
  /** Root of its state in hex. */
  readonly stateRoot: string;
  readonly mnemonic: string;
  readonly accounts: number;
  readonly seed?: string | undefined;
}

/** Of a chain whose blocks others made: it can be read, and nothing is built on it. */
export interface ImportedChain {
  readonly kind: 'imported';
  readonly genesis: unknown;
  readonly stateRoot: string;
}

const stateRoot = z.string().regex(/^[0-9a-f]{64}$/);
const SCHEMA = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('devnet'),
    genesis: z.unknown(),
    stateRoot,
    mnemonic: z.string(),
    accounts: z.int().min(1),
    seed: z.string().optional(),
  }),
  z.object({ kind: z.literal('imported'), genesis: z.unknown(), stateRoot }),
]);

/**
 * undefined: nothing was founded here.
 *
 * @throws NodeError `data-damaged`
 */
export async function readChainFile(path: string): Promise<ChainFile | undefined> {
  if (!existsSync(path)) return undefined;
  const text = await readFile(path, 'utf8');
  const parsed = SCHEMA.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  throw new NodeError('data-damaged', `${path} does not say how the chain was founded`);
}

/** Whole and synced, mode 0600: whoever has the mnemonic has the accounts. */
export async function writeChainFile(path: string, content: ChainFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(content, null, 1)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  // Without its name in the folder the file is not there after a power cut, and nobody could say
  // what the chain in the log was founded with.
  if (process.platform === 'win32') return;
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
