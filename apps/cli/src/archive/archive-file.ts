import { type FileHandle, open } from 'node:fs/promises';
import { type NamespaceId, NOTE_BYTES_MAX, parseNamespaceId } from '@basalt/protocol';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { READ_BYTES } from '../limits.ts';
import { BlockStream, type StreamedBlock } from './block-stream.ts';

/**
 * A namespace as one file:
 *
 *     basalt-export 1\n
 *     {"namespace":"...","size":4712,"verifierKey":"...","checkpointBytes":312}\n
 *     the signed checkpoint of that size (a C2SP note)
 *     the blocks 0 to size - 1 in wire form, one after the other; where a payload was pruned, the
 *     byte 00 and the entry alone
 *
 * The same namespace at the same size with the same payloads gives the same bytes.
 */
export interface ArchiveHead {
  readonly namespace: NamespaceId;
  readonly size: number;
  /** Key line of the log as the exporting node named it. */
  readonly verifierKey: string;
  /** Signed note. */
  readonly checkpoint: string;
}

const FIRST_LINE = 'basalt-export 1\n';
const HEAD_BYTES_MAX: number = NOTE_BYTES_MAX + 4096;

export function encodeArchiveHead(head: ArchiveHead): Uint8Array {
  const checkpoint = Buffer.from(head.checkpoint);
  const line = JSON.stringify({
    namespace: head.namespace,
    size: head.size,
    verifierKey: head.verifierKey,
    checkpointBytes: checkpoint.length,
  });
  return Buffer.concat([Buffer.from(`${FIRST_LINE}${line}\n`), checkpoint]);
}

/** A file that is read block by block. */
export interface OpenArchive {
  readonly head: ArchiveHead;
  /** Where the blocks begin. */
  readonly headBytes: number;
  readonly sizeBytes: number;
  /** From the first block on; each call starts anew. Ends with what is whole. */
  blocks(): AsyncGenerator<readonly StreamedBlock[], void, undefined>;
  close(): Promise<void>;
}

/** @throws CliError `bad-archive` */
export async function openArchive(path: string): Promise<OpenArchive> {
  const file = await open(path);
  try {
    const { head, headBytes } = await readHead(file, path);
    const { size: sizeBytes } = await file.stat();
    return {
      head,
      headBytes,
      sizeBytes,
      blocks: () => readBlocks(file, headBytes),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHead(
  file: FileHandle,
  path: string,
): Promise<{ head: ArchiveHead; headBytes: number }> {
  const buffer = Buffer.alloc(HEAD_BYTES_MAX);
  const { bytesRead } = await file.read(buffer, 0, HEAD_BYTES_MAX, 0);
  const start = buffer.subarray(0, bytesRead);
  const lineEnd = start.indexOf(0x0a, FIRST_LINE.length);
  if (start.subarray(0, FIRST_LINE.length).toString() !== FIRST_LINE || lineEnd === -1) {
    throw badArchive(path, 'its first line is not "basalt-export 1"');
  }
  try {
    const line = JSON.parse(start.subarray(FIRST_LINE.length, lineEnd).toString());
    const { namespace, size, verifierKey, checkpointBytes } = line;
    const headBytes = lineEnd + 1 + checkpointBytes;
    const sound =
      Number.isSafeInteger(size) && Number.isSafeInteger(headBytes) && headBytes <= bytesRead;
    if (!sound || typeof verifierKey !== 'string') throw badArchive(path, 'its head is cut off');
    const checkpoint = start.subarray(lineEnd + 1, headBytes).toString();
    const head = { namespace: parseNamespaceId(namespace), size, verifierKey, checkpoint };
    return { head, headBytes };
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw badArchive(path, 'its head cannot be read');
  }
}

async function* readBlocks(
  file: FileHandle,
  start: number,
): AsyncGenerator<readonly StreamedBlock[], void, undefined> {
  const stream = new BlockStream();
  let position = start;
  for (;;) {
    const buffer = new Uint8Array(READ_BYTES);
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    const blocks = stream.push(buffer.subarray(0, bytesRead));
    if (blocks.length > 0) yield blocks;
  }
}

export function badArchive(path: string, why: string): CliError {
  return new CliError(
    EXIT.damaged,
    'bad-archive',
    `${path} is no whole export of a namespace: ${why}`,
    '`basalt export` writes one, and goes on with one that was cut off',
  );
}
